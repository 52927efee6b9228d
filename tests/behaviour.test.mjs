// Behaviour that needs a real network, real time, or a separate process; in Node only. The rest is in `conformance`.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { installed } from "./lib/installed.mjs";
import { startSandbox } from "./lib/sandbox.mjs";
import { answer, stub, stubClient } from "./lib/stub.mjs";
import { tenantIn } from "./lib/tenant.mjs";

const folder = installed();
const { keyturn, sandbox } = await import(pathToFileURL(join(folder, "load.mjs")).href);
const { ConductorOne } = keyturn;

/** Starts a server for one test; `script` is called for each request with the request's number. */
async function serve(t, script) {
  const received = [];
  const connections = new Set();
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    received.push({ method: request.method, url: request.url, headers: request.headers, body });
    script(response, received.length, request);
  });
  server.on("connection", (socket) => connections.add(socket));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  t.after(close);
  return {
    url,
    received,
    connections,
    close,
    client: (options) =>
      new ConductorOne({ security: { bearerAuth: "a-token-for-tests" }, serverURL: url, ...options }),
  };
}

const json = { "content-type": "application/json" };
const rotate = (c1, options) => c1.connector.rotateCredential({ appId: "a", connectorId: "b" }, options);
const failure = (call) =>
  call.then(
    (value) => assert.fail(`resolved: ${inspect(value)}`),
    (error) => error,
  );

/** Runs a program next to the installed package, and returns its output. Does not block other tests. */
async function run(source, { name = "program.mjs", args = [], env = {} } = {}) {
  const file = join(folder, `${process.pid}-${Math.random().toString(36).slice(2)}-${name}`);
  writeFileSync(file, source);
  const options = { cwd: folder, encoding: "utf8", env: { ...process.env, ...env }, timeout: 60_000 };
  const result = await new Promise((resolve) => {
    execFile(process.execPath, [...args, file], options, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, stdout, stderr }),
    );
  });
  rmSync(file);
  return result;
}

describe("behaviour", { concurrency: true }, () => {
  test("tokens with a lifetime of two seconds cause no 401 in thirty seconds of calls", async () => {
    const at = await startSandbox(folder, ["--token-ttl", "2"]);
    try {
      const c1 = new ConductorOne({ clientID: at.clientId, clientSecret: at.clientSecret, serverURL: at.url });
      const begun = Date.now();
      const end = begun + 30_000;
      let calls = 0;
      const traffic = async (pause) => {
        for (; Date.now() < end; calls++) {
          await c1.auth.introspect();
          await sleep(pause);
        }
      };
      await Promise.all([10, 10, 35, 50, 900, 2500].map(traffic));
      assert.ok(calls > 100, `${calls} calls`);
      const tenant = (path) => fetch(`${at.url}/_sandbox/${path}`).then((response) => response.json());
      // A token that expires in transit causes one retry; these are rare.
      const refused = (await tenant("requests?status=401")).length;
      assert.ok(refused < calls / 20, `${refused} of ${calls} calls were refused at first`);
      const tokens = (await tenant("requests?operation=token")).length;
      const seconds = (Date.now() - begun) / 1000;
      assert.ok(tokens >= 10 && tokens <= 1.5 * seconds, `${tokens} token requests in ${seconds} s`);
      c1.close();
    } finally {
      await at.stop();
    }
  });

  test("after a truncated response, reads are retried, but changes and secrets are not", async (t) => {
    const broken = [
      [
        "in its body",
        (response) =>
          response
            .writeHead(200, { ...json, "content-length": 100 })
            .write('{"list":[', () => setTimeout(() => response.destroy(), 20)),
      ],
      [
        "in its chunks",
        (response) => response.writeHead(200, json).write('{"list":[', () => setTimeout(() => response.destroy(), 20)),
      ],
      ["before its headers", (response) => response.destroy()],
      ["in its headers", (response) => response.socket.end("HTTP/1.1 200 OK\r\ncontent-ty")],
      ["in its first line", (response) => response.socket.end("HTTP/1.1 2")],
      ["with something that is not HTTP", (response) => response.socket.end("hello\r\n\r\n")],
    ];
    for (const [where, breakOff] of broken) {
      const server = await serve(t, (response, n) =>
        n === 1 ? breakOff(response) : response.writeHead(200, json).end('{"list":[{"id":"x"}]}'),
      );
      const c1 = server.client();
      const { listAppsResponse } = await c1.apps.list();
      assert.equal(listAppsResponse.list[0].id, "x", where);
      assert.equal(server.received.length, 2);

      const always = await serve(t, (response) => breakOff(response));
      const change = await failure(always.client().apps.delete({ id: "a" }));
      assert.equal(change.code, "connection_failed", where);
      assert.equal(change.outcome, "unknown", where);
      assert.equal(always.received.length, 1, where);
      const secret = await failure(rotate(always.client()));
      assert.equal(secret.code, "outcome_unknown", where);
      assert.equal(secret.cause.code, "connection_failed");
      assert.equal(always.received.length, 2, where);
    }
  });

  test("the deadline applies while the response trickles in", async (t) => {
    const server = await serve(t, (response) => {
      response.writeHead(200, json);
      const drip = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(drip));
    });
    const error = await failure(server.client().apps.list({}, { timeoutMs: 150 }));
    assert.equal(error.code, "timeout");
    const secret = await failure(rotate(server.client(), { timeoutMs: 150 }));
    assert.equal(secret.code, "outcome_unknown");
    assert.equal(secret.cause.code, "timeout");
  });

  test("a refused connection is retried even for a rotation, and reports that nothing was done", async (t) => {
    const server = await serve(t, () => {});
    await server.close();
    const error = await failure(rotate(server.client()));
    assert.equal(error.code, "connection_failed");
    assert.equal(error.outcome, "none");
    assert.match(error.message, /could not connect/);
    const unknown = new ConductorOne({
      security: { bearerAuth: "a-token-for-tests" },
      serverURL: "https://no-such-host.invalid",
    });
    assert.equal((await failure(rotate(unknown, { retries: { strategy: "none" } }))).outcome, "none");
  });

  test("does not follow redirects, and does not send them the token", async (t) => {
    const elsewhere = await serve(t, (response) => response.writeHead(200, json).end("{}"));
    for (const status of [301, 302, 303, 307, 308]) {
      const server = await serve(t, (response) =>
        response.writeHead(status, { location: `${elsewhere.url}/stolen` }).end(),
      );
      const error = await failure(server.client().apps.list());
      assert.equal(error.code, "unexpected_status");
      assert.equal(error.status, status);
      assert.equal((await failure(rotate(server.client()))).status, status);
    }
    assert.equal(elsewhere.received.length, 0);
  });

  test("drains the responses of failed attempts, so that their connections are reused", async (t) => {
    const server = await serve(t, (response, n) =>
      n % 3 === 0
        ? response.writeHead(200, json).end("{}")
        : response.writeHead(503, { ...json, "retry-after": "0" }).end("x".repeat(300_000)),
    );
    const c1 = server.client();
    for (let i = 0; i < 5; i++) await c1.apps.list();
    assert.equal(server.received.length, 15);
    assert.ok(server.connections.size <= 2, `${server.connections.size} connections`);
  });

  test("sends the headers and body that HTTP requires, and nothing else", async (t) => {
    const server = await serve(t, (response) => response.writeHead(200, json).end("{}"));
    const c1 = server.client({ userAgent: "my-app/1.0" });
    await c1.apps.list();
    await c1.apps.create({ displayName: "Zürich" });
    const [list, create] = server.received;
    assert.equal(list.headers.cookie, undefined);
    assert.equal(list.headers["content-type"], undefined);
    assert.equal(list.headers.accept, "application/json");
    assert.match(list.headers["user-agent"], /^my-app\/1\.0 keyturn\/\d/);
    assert.equal(create.headers["content-type"], "application/json");
    assert.equal(create.headers["content-length"], String(Buffer.byteLength('{"displayName":"Zürich"}')));
  });

  test("reads compressed and large responses", async (t) => {
    const { gzipSync, brotliCompressSync } = await import("node:zlib");
    const list = Array.from({ length: 20_000 }, (_, n) => ({
      id: `app ${n}`,
      displayName: "日本 🚀",
      createdAt: "2026-01-31T10:20:30Z",
    }));
    const text = JSON.stringify({ list, nextPageToken: "" });
    for (const [encoding, body] of [
      ["gzip", gzipSync(text)],
      ["br", brotliCompressSync(text)],
      [undefined, text],
    ]) {
      const server = await serve(t, (response) =>
        response.writeHead(200, { ...json, ...(encoding && { "content-encoding": encoding }) }).end(body),
      );
      const { listAppsResponse } = await server.client().apps.list();
      assert.equal(listAppsResponse.list.length, 20_000);
      assert.deepEqual(listAppsResponse.list[19_999], { ...list[19_999], createdAt: new Date("2026-01-31T10:20:30Z") });
    }
  });

  test("util.inspect and similar functions show no secret", async () => {
    const at = await tenantIn(sandbox);
    const c1 = new ConductorOne(at.options);
    await c1.auth.introspect();
    const canary = "canary4f9a1c77e2";
    const errors = [
      await failure(
        stubClient(
          keyturn,
          stub(
            answer(
              403,
              { message: "no", details: [{ clientSecret: canary }] },
              { "set-cookie": canary, "x-token": canary },
            ),
          ),
        ).apps.list(),
      ),
      await failure(
        rotate(
          stubClient(keyturn, stub(answer(200, `{"credential":{"clientSecret":"${canary}`, { "set-cookie": canary }))),
        ),
      ),
      await failure(
        new ConductorOne({
          ...at.options,
          fetch: async () => answer(401, { error: "x", error_description: `Bearer ${canary}` })(),
        }).apps.list(),
      ),
    ];
    for (const value of [c1, c1.connector, ConductorOne, keyturn, ...errors]) {
      for (const options of [
        {},
        { depth: Infinity, getters: true },
        { depth: Infinity, showProxy: true, compact: false, maxStringLength: Infinity },
      ]) {
        const text = inspect(value, options);
        for (const secret of [at.clientSecret, at.clientSecret.slice(-24), canary])
          assert.ok(!text.includes(secret), text.slice(0, 2000));
      }
    }
    c1.close();
  });

  test("caught failures cause no unhandled rejections", async () => {
    const { stdout, stderr, status } = await run(
      `
      import { ConductorOne } from "keyturn";
      import { createSandbox } from "keyturn/sandbox";
      process.on("unhandledRejection", (error) => { console.log("unhandled", error); process.exit(3); });
      process.on("uncaughtException", (error) => { console.log("uncaught", error); process.exit(4); });
      const sandbox = await createSandbox();
      const login = { clientID: sandbox.clientId, clientSecret: sandbox.clientSecret, serverURL: sandbox.url };
      const reply = (body, status = 200) => async () => new Response(body, { status, headers: { "content-type": "application/json" } });
      const slow = (ms) => (_, { signal }) => new Promise((_, reject) => { setTimeout(reject, ms, new Error("late")); signal.addEventListener("abort", () => reject(signal.reason)); });
      const deaf = (ms) => () => new Promise((_, reject) => setTimeout(reject, ms, new Error("late and deaf")));
      const token = { security: { bearerAuth: "a-token-for-tests" }, serverURL: "https://x.conductor.one" };
      const clients = [
        { ...token, fetch: reply('{"list":[') }, { ...token, fetch: reply("") }, { ...token, fetch: reply("[]", 500) }, { ...token, fetch: slow(100) }, { ...token, fetch: deaf(100) },
        { ...token, fetch: () => { throw new Error("sync"); } }, { ...token, fetch: async () => undefined },
        { ...token, security: () => { throw new Error("no"); }, fetch: reply("{}") }, { ...token, security: async () => { throw new Error("no"); }, fetch: reply("{}") },
        { ...token, security: () => new Promise((_, reject) => setTimeout(reject, 100, new Error("late"))), fetch: reply("{}") },
        { ...login, fetch: reply("{}", 500) }, { ...login, fetch: slow(100) }, { ...login, fetch: deaf(100) },
        { ...token, debugLogger: { group() {}, groupEnd() {}, log() { throw new Error("logger"); } }, fetch: reply("{}", 400) },
      ];
      let caught = 0;
      for (const options of clients) {
        const c1 = new ConductorOne({ ...options, retryConfig: { strategy: "none" }, timeoutMs: 50 });
        const controller = new AbortController();
        const calls = [
          c1.apps.list(), c1.connector.rotateCredential({ appId: "a", connectorId: "b" }), c1.apps.get({ id: ".." }), c1.apps.get({ id: null }),
          c1.apps.list({}, { headers: { "bad name": "x" } }), c1.auth.introspect(controller),
          (async () => { for await (const _ of c1.apps.list()); })(), (async () => { for await (const _ of c1.apps.list().pages()); })(),
        ];
        controller.abort();
        await Promise.all(calls.map((call) => call.catch(() => caught++)));
        c1.close();
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
      console.log("alive", caught);
      `,
      { args: ["--unhandled-rejections=strict"] },
    );
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^alive 1\d\d$/m);
  });

  test("a logger that throws does not lose a response", async (t) => {
    const log = () => {
      throw new Error("the disk is full");
    };
    const server = await serve(t, (response) =>
      response.writeHead(200, json).end('{"credential":{"clientSecret":"x"}}'),
    );
    const { connectorServiceRotateCredentialResponse: rotated } = await rotate(
      server.client({ debugLogger: { group: log, groupEnd: log, log } }),
    );
    assert.equal(rotated.credential.clientSecret, "x");
  });

  // A leftover timer would keep the process alive longer than `run` allows.
  test("the process exits when its calls have ended", async () => {
    const { status, stdout, stderr } = await run(`
      import { ConductorOne } from "keyturn";
      import { createSandbox } from "keyturn/sandbox";
      const sandbox = await createSandbox();
      const c1 = new ConductorOne({ clientID: sandbox.clientId, clientSecret: sandbox.clientSecret, serverURL: sandbox.url, fetch: sandbox.fetch });
      await c1.auth.introspect({ timeoutMs: 600_000, signal: AbortSignal.timeout(600_000) });
      console.log("done");
    `);
    assert.equal(status, 0, stderr);
    assert.equal(stdout, "done\n");
  });

  test("recognizes errors of another copy of the package", async () => {
    const { status, stderr } = await run(
      `
      const assert = require("node:assert");
      import("keyturn").then(async (imported) => {
        const required = require("keyturn");
        assert.notEqual(imported.KeyturnError, required.KeyturnError);
        const errors = await Promise.all([imported, required].map(async ({ ConductorOne }) => {
          const c1 = new ConductorOne({ security: { bearerAuth: "a-token-for-tests" }, serverURL: "https://x.conductor.one", fetch: async () => new Response("{}", { status: 404 }) });
          return c1.apps.get({ id: "a" }).catch((error) => error);
        }));
        for (const error of errors) for (const { KeyturnError } of [imported, required]) assert.ok(KeyturnError.is(error));
        assert.ok(!(errors[0] instanceof required.KeyturnError));
        for (const other of [new Error("x"), null, undefined, "keyturn", { code: "not_found" }]) assert.ok(!required.KeyturnError.is(other));
      });
      `,
      { name: "program.cjs" },
    );
    assert.equal(status, 0, stderr);
  });
});

describe("the slim entry", { concurrency: true }, () => {
  const wasm = readFileSync(join(folder, "node_modules/keyturn/pkg/dist/core.wasm"));
  let server;
  before(async () => {
    server = createServer((request, response) => {
      const found = request.url === "/core.wasm" || request.url === "/plain";
      response
        .writeHead(found ? 200 : 404, { "content-type": request.url === "/plain" ? "text/plain" : "application/wasm" })
        .end(found ? wasm : "");
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  const CALL = `
    const c1 = new ConductorOne({ security: { bearerAuth: "a-token-for-tests" }, serverURL: "https://x.conductor.one", fetch: async () => new Response('{"app":{"createdAt":"2026-01-31T00:00:00Z"}}', { headers: { "content-type": "application/json" } }) });
    const { getAppResponse } = await c1.apps.get({ id: "a" });
    console.log(getAppResponse.app.createdAt.toISOString());
  `;
  const HEAD = `
    import { readFile } from "node:fs/promises";
    import { load, ConductorOne, KeyturnError } from "keyturn/slim";
    const file = new URL(import.meta.resolve("keyturn/core.wasm"));
    const origin = process.env.ORIGIN;
  `;
  const program = (source) => run(HEAD + source, { env: { ORIGIN: `http://127.0.0.1:${server.address().port}` } });

  for (const [what, from] of [
    ["a module", "new WebAssembly.Module(await readFile(file))"],
    ["bytes", "await readFile(file)"],
    ["a buffer", "(await readFile(file)).buffer.slice(0)"],
    ["a response", 'await fetch(origin + "/core.wasm")'],
    ["a response to come", 'fetch(origin + "/core.wasm")'],
    ["a response of another type", 'await fetch(origin + "/plain")'],
    ["a URL", 'new URL(origin + "/core.wasm")'],
    ["a URL as text", 'origin + "/core.wasm"'],
  ]) {
    test(`takes ${what}`, async () => {
      const { stdout, stderr } = await program(`await load(${from}); ${CALL}`);
      assert.equal(stdout, "2026-01-31T00:00:00.000Z\n", stderr);
    });
  }

  test("says what to do if it is not loaded, and allows another attempt after a failed load", async () => {
    const { stdout, stderr } = await program(
      `
      try { new ConductorOne({ security: { bearerAuth: "a-token-for-tests" }, serverURL: "https://x.conductor.one" }); } catch (error) { console.log(error.reason, /call .load. of/.test(error.message)); }
      await load(origin + "/missing").catch((error) => console.log(error.reason, /404/.test(error.message)));
      await Promise.all([load(origin + "/core.wasm"), load(origin + "/core.wasm")]);
      ${CALL}
      `,
    );
    assert.equal(stdout, "not_loaded true\nnot_found true\n2026-01-31T00:00:00.000Z\n", stderr);
  });
});
