// The sandbox as a program: `npx keyturn sandbox`, its server, and the file in which it keeps its rows.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { installed } from "./lib/installed.mjs";
import { PATIENCE } from "./lib/patience.mjs";
import { startSandbox } from "./lib/sandbox.mjs";

const folder = installed();
const { keyturn, sandbox } = await import(pathToFileURL(join(folder, "load.mjs")).href);
const { ConductorOne } = keyturn;
const scratch = mkdtempSync(join(folder, "sandbox-"));
after(() => rmSync(scratch, { recursive: true }));

function cli(...args) {
  const program = join(folder, "node_modules/keyturn/pkg/dist/esm/cli.js");
  return spawnSync(process.execPath, [program, ...args], { cwd: scratch, encoding: "utf8", timeout: PATIENCE });
}

/** Creates a client of a sandbox from what the sandbox printed. */
const client = ({ url, clientId, clientSecret }) =>
  new ConductorOne({ serverURL: url, clientID: clientId, clientSecret });

async function rotate(c1, { appId, connectorId }) {
  const answer = await c1.connector.rotateCredential({ appId, connectorId });
  return answer.connectorServiceRotateCredentialResponse.credential;
}

describe("the command", () => {
  test("--json prints what a client needs as the first line", async () => {
    const ready = await startSandbox(folder);
    try {
      assert.deepEqual(Object.keys(ready), [
        "url",
        "clientId",
        "clientSecret",
        "appId",
        "connectorId",
        "commercelayer",
        "stop",
      ]);
      assert.match(ready.url, /^http:\/\/127\.0\.0\.1:\d+$/);
      assert.equal(ready.clientId.split("@")[1], `${new URL(ready.url).host}/spc`);
      const c1 = client(ready);
      const credential = await rotate(c1, ready);
      const fresh = new ConductorOne({
        serverURL: ready.url,
        clientID: credential.clientId,
        clientSecret: credential.clientSecret,
      });
      assert.equal((await fresh.auth.introspect()).statusCode, 200);
    } finally {
      await ready.stop();
    }
  });

  test("--exec runs a command as a client, and exits with its exit code", () => {
    const script =
      "for (const name of ['SERVER_URL', 'CLIENT_ID', 'CLIENT_SECRET']) console.log(process.env['CONDUCTORONE_' + name]); console.log(process.env.COMMERCELAYER_CLIENT_ID); process.exit(7)";
    writeFileSync(join(scratch, "script.mjs"), script);
    const { stdout, status } = cli("sandbox", "--exec", `"${process.execPath}" script.mjs`);
    const [url, id, secret, provisioning] = stdout.split("\n");
    assert.equal(status, 7);
    assert.ok(id.endsWith(`@${new URL(url).host}/spc`));
    assert.ok(secret.startsWith("secret-token:conductorone.com:v1:"));
    assert.match(provisioning, /^sandbox-provisioning/);
    assert.equal(cli("sandbox", "--exec", "exit 0").status, 0);
  });

  test("reports invalid usage in one line", () => {
    for (const [status, text, ...args] of [
      [2, "no command was given"],
      [2, "there is no command dance", "dance"],
      [2, "Unknown option", "sandbox", "--nonsense"],
      [2, "--port", "sandbox", "--port", "many"],
      [2, '--old-after-rotate: one of "keep", "revoke", "expire"', "sandbox", "--old-after-rotate", "burn"],
      [2, '--system-log: one of "full", "sparse", "off"', "sandbox", "--system-log", "some"],
      [2, '--bridge-after-rotate: one of "revoke", "keep"', "sandbox", "--bridge-after-rotate", "some"],
      [2, "--seed:", "sandbox", "--seed", "tiny"],
      [2, "--clock:", "sandbox", "--clock", "noon"],
      [2, "--host: the sandbox listens on 127.0.0.1 only", "sandbox", "--host", "0.0.0.0"],
      [2, "--host: the sandbox listens on 127.0.0.1 only", "sandbox", "--host", "::"],
      [2, "--port:", "sandbox", "--port", "65536"],
      [2, "--revoked:", "sandbox", "--revoked", "maybe"],
      [2, '--rate-limits: "on", "off" or requests per minute', "sandbox", "--rate-limits", "maybe"],
    ]) {
      const told = cli(...args);
      assert.equal(told.status, status, args.join(" "));
      assert.equal(told.stdout, "");
      assert.ok(told.stderr.split("\n")[0].includes(text), told.stderr);
    }
  });

  test("--help and --version", () => {
    assert.match(cli("--help").stdout, /--token-ttl/);
    assert.match(cli("--version").stdout, /^\d+\.\d+\.\d+\n$/);
  });
});

describe("the server", () => {
  test("a fault breaks the connection before or after the operation", async () => {
    const server = await sandbox.serveSandbox();
    try {
      for (const [action, made] of [
        ["drop", 0],
        ["drop-answer", 1],
      ]) {
        const count = () => server.sandbox.snapshot().connectorCredentials.length;
        const before = count();
        server.sandbox.fault({ operation: "connector.rotateCredential", action });
        await assert.rejects(rotate(client(server), server), { code: "outcome_unknown" });
        assert.equal(count() - before, made, action);
      }
    } finally {
      await server.close();
    }
  });

  test("does not wait for a slow response after the client disconnects", async () => {
    const server = await sandbox.serveSandbox();
    server.sandbox.fault({ operation: "*", times: "always", action: { delayMs: 600_000 } });
    const left = fetch(`${server.url}/api/v1/apps`, { signal: AbortSignal.timeout(50) });
    await assert.rejects(left, { name: "TimeoutError" });
    await server.close();
  });

  test("refuses other host names, and other origins unless they are named", async () => {
    const server = await sandbox.serveSandbox({ cors: "https://console.example" });
    const ask = (headers) =>
      new Promise((resolve, reject) => {
        const asked = request(`${server.url}/_sandbox/health`, { headers }, (answer) => resolve(answer.resume()));
        asked.on("error", reject).end();
      });
    try {
      assert.equal((await ask({})).statusCode, 200);
      assert.equal((await ask({ host: "localhost:1" })).statusCode, 200);
      assert.equal((await ask({ host: "LocalHost:1" })).statusCode, 200);
      assert.equal((await ask({ host: "evil.example" })).statusCode, 421);
      assert.equal(
        (await ask({ origin: "https://console.example" })).headers["access-control-allow-origin"],
        "https://console.example",
      );
      assert.equal((await ask({ origin: "https://evil.example" })).headers["access-control-allow-origin"], undefined);
    } finally {
      await server.close();
    }
  });
});

/** Sends bytes on a connection, and returns what the server sends back. */
async function exchange(port, text) {
  const socket = connect(port, "127.0.0.1").end(text);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  return answer;
}

describe("a request line in absolute form", () => {
  test("names its host and its path", async () => {
    const server = await sandbox.serveSandbox();
    const ask = (target, host) =>
      exchange(server.port, `GET ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    const own = `127.0.0.1:${server.port}`;
    try {
      for (const [status, target, host] of [
        [200, `http://${own}/_sandbox/health`, own],
        [200, `HTTP://LOCALHOST:${server.port}/_sandbox/health`, "evil.example"],
        [404, `http://${own}?page_size=1`, own],
        [421, "http://evil.example/_sandbox/health", own],
        [421, `http://127.0.0.1@evil.example/_sandbox/health`, own],
      ]) {
        assert.ok((await ask(target, host)).startsWith(`HTTP/1.1 ${status} `), target);
      }
    } finally {
      await server.close();
    }
  });
});

describe("over CORS", () => {
  test("a page may read the headers that a client reads", async () => {
    const origin = "http://localhost:5173";
    const server = await sandbox.serveSandbox({ cors: origin });
    try {
      server.sandbox.fault({ operation: "apps.list", action: { status: 429, headers: { "retry-after": "7" } } });
      const { headers } = await fetch(`${server.url}/api/v1/apps`, { headers: { origin } });
      assert.equal(headers.get("access-control-allow-origin"), origin);
      const exposed = headers.get("access-control-expose-headers").split(", ");
      for (const name of ["date", "dpop-nonce", "retry-after", "www-authenticate", "x-request-id"])
        assert.ok(exposed.includes(name), name);
    } finally {
      await server.close();
    }
  });

  test("* allows any origin, and an invalid origin is refused", async () => {
    const server = await sandbox.serveSandbox({ cors: "*" });
    try {
      const { headers } = await fetch(`${server.url}/api/v1/apps`, { headers: { origin: "https://any.example" } });
      assert.equal(headers.get("access-control-allow-origin"), "*");
    } finally {
      await server.close();
    }
    await assert.rejects(sandbox.serveSandbox({ cors: "http://localhost:5173/" }), {
      code: "invalid_configuration",
      option: "cors",
    });
  });
});

/** The Provisioning API without a client: a token, and requests with it. */
class Provisioning {
  constructor({ serverURL, clientId, clientSecret }, fetch = globalThis.fetch) {
    Object.assign(this, { serverURL, clientId, clientSecret, fetch });
  }

  async token(credential = this, more = {}) {
    const body = {
      grant_type: "client_credentials",
      client_id: credential.clientId,
      client_secret: credential.clientSecret,
      ...more,
    };
    const headers = { "content-type": "application/json" };
    return this.fetch(`${this.serverURL}/oauth/token`, { method: "POST", headers, body: JSON.stringify(body) });
  }

  async ask(method, path, data) {
    this.access ??= (await (await this.token()).json()).access_token;
    const headers = { authorization: `Bearer ${this.access}`, accept: "application/vnd.api+json" };
    if (data !== undefined) headers["content-type"] = headers.accept;
    const body = data === undefined ? undefined : JSON.stringify({ data });
    return this.fetch(`${this.serverURL}/api/${path}`, { method, headers, body });
  }

  async read(path) {
    const answer = await this.ask("GET", path);
    assert.equal(answer.status, 200, path);
    return answer.json();
  }

  async webapp(name) {
    const { id } = (await this.read("organizations")).data[0];
    const relationships = { organization: { data: { type: "organizations", id } } };
    return this.ask("POST", "api_credentials", {
      type: "api_credentials",
      attributes: { name, kind: "webapp", redirect_uri: "https://app.example/back" },
      relationships,
    });
  }
}

describe("Commerce Layer's side", () => {
  test("is served next to C1's, on the same origin", async () => {
    const server = await sandbox.serveSandbox();
    try {
      const api = new Provisioning(server.commercelayer);
      assert.equal(api.serverURL, server.url);
      const made = (await (await api.webapp("Back office 2")).json()).data;
      const pair = { clientId: made.attributes.client_id, clientSecret: made.attributes.client_secret };
      assert.equal((await api.token(pair)).status, 200);
      assert.equal((await api.ask("DELETE", `api_credentials/${made.id}`)).status, 204);
      assert.equal((await api.token(pair)).status, 401);
      const { keys } = await (await fetch(`${server.url}/.well-known/jwks.json`)).json();
      const [head, claims, signature] = api.access.split(".");
      const key = await crypto.subtle.importKey("jwk", keys[0], { name: "ECDSA", namedCurve: "P-256" }, false, [
        "verify",
      ]);
      const signed = new TextEncoder().encode(`${head}.${claims}`);
      assert.ok(
        await crypto.subtle.verify(
          { name: "ECDSA", hash: "SHA-256" },
          key,
          Buffer.from(signature, "base64url"),
          signed,
        ),
      );
      assert.equal((await client(server).auth.introspect()).statusCode, 200);
    } finally {
      await server.close();
    }
  });

  test("supports lost requests and responses, delays and switches", async () => {
    const tenant = await sandbox.createSandbox({ seed: "empty", commercelayer: { tokenTtl: 60 } });
    const { commercelayer } = tenant;
    const api = new Provisioning(commercelayer, tenant.fetch);
    const count = async () => (await api.read("api_credentials")).meta.record_count;
    for (const [action, left] of [
      ["drop", 0],
      ["drop-answer", 1],
    ]) {
      tenant.fault({ operation: "commercelayer.api_credentials.create", action });
      await assert.rejects(api.webapp(action), { name: "TypeError" });
      assert.equal(await count(), left, action);
    }
    assert.deepEqual(
      tenant
        .requests({ operation: "api_credentials.create" })
        .map(({ operation, status, answered }) => [operation, status, answered]),
      [
        ["commercelayer.api_credentials.create", null, false],
        ["commercelayer.api_credentials.create", 201, false],
      ],
    );

    const [{ id, attributes }] = (await api.read("api_credentials")).data;
    commercelayer.lock(id);
    assert.equal((await api.ask("DELETE", `api_credentials/${id}`)).status, 423);
    commercelayer.lock(id, false);
    const page = new URL("/oauth/authorize", commercelayer.serverURL);
    page.search = new URLSearchParams({
      client_id: attributes.client_id,
      redirect_uri: attributes.redirect_uri,
      response_type: "code",
      state: "s",
    });
    const back = new URL(commercelayer.authorize(page));
    assert.equal(back.searchParams.get("state"), "s");
    const pair = { clientId: attributes.client_id, clientSecret: attributes.client_secret };
    const grant = {
      grant_type: "authorization_code",
      code: back.searchParams.get("code"),
      redirect_uri: attributes.redirect_uri,
    };
    assert.equal((await (await api.token(pair, grant)).json()).expires_in, 60);

    commercelayer.configure({ rateLimits: { read: 1 } });
    assert.equal((await api.ask("GET", "user")).headers.get("x-ratelimit-remaining"), "0");
    const limited = await api.ask("GET", "user");
    assert.deepEqual([limited.status, limited.headers.get("retry-after")], [429, "60"]);
    commercelayer.configure({ rateLimits: "off" });
    tenant.clock.advance(60_000);
    const old = await api.ask("GET", "user");
    assert.deepEqual([old.status, (await old.json()).errors[0].code], [401, "INVALID_TOKEN"]);
    assert.throws(() => commercelayer.configure({ rateLimits: "some" }), { name: "ConfigurationError" });
    tenant.close();
  });

  test("keeps its data in the state file, without secrets", async () => {
    const file = join(scratch, "provisioning.json");
    const first = await sandbox.serveSandbox({ state: file, seed: "empty" });
    const made = (await (await new Provisioning(first.commercelayer).webapp("Kept")).json()).data;
    await first.close();
    const text = readFileSync(file, "utf8");
    assert.ok(text.includes(made.attributes.client_id) && !text.includes(made.attributes.client_secret));
    const second = await sandbox.serveSandbox({ state: file });
    try {
      const { data } = await new Provisioning(second.commercelayer).read(`api_credentials/${made.id}`);
      assert.equal(data.attributes.client_id, made.attributes.client_id);
      assert.notEqual(data.attributes.client_secret, made.attributes.client_secret);
    } finally {
      await second.close();
    }
  });
});

describe("the state file", () => {
  const state = join(scratch, "state.json");

  test("keeps the data without secrets", async () => {
    const first = await sandbox.serveSandbox({ state, seed: "demo" });
    const credential = await rotate(client(first), first);
    const path = { appId: first.appId, connectorId: first.connectorId, id: credential.id };
    await first.close();
    const text = readFileSync(state, "utf8");
    for (const secret of [first.clientSecret, credential.clientSecret]) {
      const jwk = JSON.parse(Buffer.from(secret.split(":")[3], "base64url").toString());
      assert.ok(!text.includes(secret) && !text.includes(jwk.d));
    }
    assert.ok(text.includes(credential.id));
    if (process.platform !== "win32") assert.equal(statSync(state).mode & 0o777, 0o600);

    // On another port with the same rows, the credential logs in with the secret that only its owner has kept.
    const second = await sandbox.serveSandbox({ state, seed: "empty" });
    try {
      assert.equal(second.appId, first.appId);
      assert.notEqual(second.clientSecret, first.clientSecret);
      const read = await client(second).connector.getCredentials(path);
      assert.equal(read.connectorServiceGetCredentialsResponse.credential.clientSecret, "");
      const owner = new ConductorOne({
        serverURL: second.url,
        clientID: credential.clientId,
        clientSecret: credential.clientSecret,
      });
      assert.equal((await owner.auth.introspect()).statusCode, 200);
    } finally {
      await second.close();
    }
  });

  test("keeps the system log, bridges and their owners' credentials", async () => {
    const file = join(scratch, "bridges.json");
    const first = await sandbox.serveSandbox({ state: file });
    const issue = async (c1) => {
      const made = await c1.tunnelCredentials.createBridge({ displayName: "Kept" });
      const { id: bridgeId } = made.tunnelCredentialsServiceCreateBridgeResponse.bridge;
      const { tunnelCredentialsServiceCreateBridgeCredentialResponse: issued } =
        await c1.tunnelCredentials.createBridgeCredential({ bridgeId });
      return issued.credential;
    };
    const { clientId, clientSecret } = await issue(client(first));
    await first.close();
    assert.ok(!readFileSync(file, "utf8").includes(clientSecret));
    const second = await sandbox.serveSandbox({ state: file });
    try {
      const pair = { clientId: clientId.replace(/@[^/]+/, `@${new URL(second.url).host}`), clientSecret };
      assert.deepEqual(second.sandbox.consume(pair), { accepted: true });
      const names = [];
      for await (const event of client(second).systemLog.listEvents())
        names.push(event.api?.operation.split(".").at(-1));
      assert.deepEqual(names.slice(0, 3), [undefined, "CreateBridge", "CreateBridgeCredential"]);
    } finally {
      await second.close();
    }
  });

  test("is written while the sandbox runs", async () => {
    const file = join(scratch, "running.json");
    const server = await sandbox.serveSandbox({ state: file, seed: "empty" });
    try {
      const { app } = (await client(server).apps.create({ displayName: "Neu" })).createAppResponse;
      for (let tries = 0; tries < 100 && !readFileSync(file, "utf8").includes(app.id); tries++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      assert.ok(readFileSync(file, "utf8").includes(app.id));
    } finally {
      await server.close();
    }
  });

  test("may be of any size", async () => {
    const file = join(scratch, "large.json");
    const first = await sandbox.serveSandbox({ state: file, seed: "demo" });
    const rows = first.sandbox.snapshot();
    rows.apps[0].description = "x".repeat(3 << 20);
    first.sandbox.restore(rows);
    await first.close();
    const second = await sandbox.serveSandbox({ state: file });
    assert.deepEqual(second.sandbox.snapshot().apps, rows.apps);
    await second.close();
  });

  test("is refused and left unchanged if it has another format", async () => {
    const file = join(scratch, "other.json");
    for (const [text, reason] of [
      ["{", /not JSON/],
      ["{}", /not a sandbox state/],
      ['{"schema":99}', /schema 99/],
    ]) {
      writeFileSync(file, text);
      await assert.rejects(sandbox.serveSandbox({ state: file }), reason);
      assert.equal(readFileSync(file, "utf8"), text);
    }
  });

  test("cannot be in a folder that does not exist, or be a folder", async () => {
    for (const [file, reason] of [
      [join(scratch, "nowhere/state.json"), /state: .*state\.json cannot be created: there is no such folder/],
      [scratch, /state: .* cannot be read: EISDIR/],
    ])
      await assert.rejects(sandbox.serveSandbox({ state: file }), { code: "invalid_configuration", message: reason });
  });
});
