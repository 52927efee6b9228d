// Behaviour of sending that only shows with a real network, a separate process or the garbage collector. The rest is in
// `conformance/sending.mjs`.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createPlainServer } from "node:http";
import { createServer, request as requestByHttps } from "node:https";
import { createServer as createSocketServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { installed } from "./lib/installed.mjs";

const folder = installed();
const { keyturn, commercelayer } = await import(pathToFileURL(join(folder, "load.mjs")).href);
const { ConductorOne } = keyturn;
const IDS = { appId: "a", connectorId: "b" };
const failure = (call) =>
  call.then(
    () => assert.fail("it should fail"),
    (error) => error,
  );
const client = (serverURL, options) =>
  new ConductorOne({ security: { bearerAuth: "a-token-for-tests" }, serverURL, ...options });

/** Starts a server for one test, and returns its port. */
async function listening(t, server) {
  const sockets = new Set();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: server.address().port, sockets };
}

/**
 * Runs a program beside the installed package. If it is still running after `ms`, it is killed and counts as failed.
 */
async function run(source, { args = [], env = {}, ms = 10_000 } = {}) {
  const file = join(folder, `${process.pid}-${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(file, source);
  try {
    return await new Promise((resolve) => {
      execFile(
        process.execPath,
        [...args, file],
        { cwd: folder, encoding: "utf8", env: { ...process.env, ...env }, timeout: ms },
        (error, stdout, stderr) => resolve({ status: error ? (error.code ?? error.signal) : 0, stdout, stderr }),
      );
    });
  } finally {
    rmSync(file);
  }
}

/** Creates a certificate that nobody has reason to trust, with its key. */
function made(place, name) {
  const [key, cert] = ["key", "cert"].map((what) => join(place, `${name}-${what}.pem`));
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", ...subject];
  execFileSync("openssl", ["req", ...options], { stdio: "ignore" });
  return { key: readFileSync(key), cert: readFileSync(cert), file: cert };
}

describe("before a request is written", () => {
  let place;
  let certificate;

  before(() => {
    place = mkdtempSync(join(tmpdir(), "keyturn-certificate-"));
    certificate = made(place, "localhost");
  });
  after(() => rmSync(place, { recursive: true, force: true }));

  test("an untrusted certificate: nothing is sent, only one connection is made, and the hint works", async (t) => {
    let requests = 0;
    const server = createServer(certificate, (_, response) => {
      requests++;
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    const { port, sockets } = await listening(t, server);
    const c1 = client(`https://localhost:${port}`);
    for (const call of [() => c1.apps.list(), () => c1.connector.rotateCredential(IDS)]) {
      sockets.clear();
      const error = await failure(call());
      assert.deepEqual([error.code, error.reason, error.outcome], ["connection_failed", "certificate", "none"]);
      assert.match(error.message, /certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
      assert.match(error.hint, /NODE_EXTRA_CA_CERTS/);
      assert.deepEqual([sockets.size, requests], [1, 0]);
    }
    const program = `import { ConductorOne } from "keyturn";
      const c1 = new ConductorOne({ security: { bearerAuth: "t" }, serverURL: "https://localhost:${port}" });
      console.log((await c1.apps.list()).statusCode);`;
    const told = await run(program, { env: { NODE_EXTRA_CA_CERTS: certificate.file } });
    assert.equal(told.stdout, "200\n", told.stderr);
  });

  test("a certificate for another host is reported as such", async (t) => {
    const other = made(place, "elsewhere.example");
    const { port } = await listening(
      t,
      createServer(other, (_, response) => response.end("{}")),
    );
    const program = `import { ConductorOne } from "keyturn";
      const c1 = new ConductorOne({ security: { bearerAuth: "t" }, serverURL: "https://localhost:${port}" });
      await c1.connector.rotateCredential({ appId: "a", connectorId: "b" })
        .catch(({ reason, outcome, message }) => console.log(reason, outcome, message));`;
    const { stdout, stderr } = await run(program, { env: { NODE_EXTRA_CA_CERTS: other.file } });
    assert.match(stdout, /^certificate none .*ERR_TLS_CERT_ALTNAME_INVALID/, stderr);
  });

  test("handshakes that fail", async (t) => {
    const plain = await listening(
      t,
      createPlainServer((_, response) => response.end("{}")),
    );
    const closes = await listening(
      t,
      createSocketServer((socket) => socket.once("data", () => socket.end())),
    );
    const strict = await listening(
      t,
      createServer({ ...certificate, minVersion: "TLSv1.3", ciphers: "TLS_AES_128_GCM_SHA256" }, (_, response) =>
        response.end("{}"),
      ),
    );
    for (const { port } of [plain, closes]) {
      const error = await failure(
        client(`https://localhost:${port}`, { retryConfig: { strategy: "none" } }).connector.rotateCredential(IDS),
      );
      assert.deepEqual([error.code, error.reason, error.outcome], ["connection_failed", "unreachable", "none"]);
    }
    const program = `import { ConductorOne } from "keyturn";
      const c1 = new ConductorOne({ security: { bearerAuth: "t" }, serverURL: "https://localhost:${strict.port}", retryConfig: { strategy: "none" } });
      await c1.connector.rotateCredential({ appId: "a", connectorId: "b" }).catch(({ code, reason, outcome }) => console.log(code, reason, outcome));`;
    const { stdout } = await run(program, { args: ["--tls-max-v1.2"], env: { NODE_EXTRA_CA_CERTS: certificate.file } });
    assert.equal(stdout, "connection_failed unreachable none\n");
  });

  test("text instead of TLS, in place of the handshake and after the request", async (t) => {
    const raw = new Map();
    const text = "HTTP/1.1 408 Request Time-out\r\nconnection: close\r\n\r\n";
    const server = createServer(certificate, ({ socket }) => raw.get(socket.remotePort).write(text));
    server.on("connection", (socket) => raw.set(socket.remotePort, socket));
    const later = await listening(t, server);
    const plain = await listening(
      t,
      createPlainServer((_, response) => response.end("{}")),
    );
    const fetch = (url, { method, headers }) =>
      new Promise((_, reject) => {
        const sent = requestByHttps(url, { method, headers, ca: certificate.cert, agent: false });
        sent.once("error", reject).end();
      });
    for (const [port, code, outcome] of [
      [later.port, "outcome_unknown", "unknown"],
      [plain.port, "connection_failed", "none"],
    ]) {
      const c1 = client(`https://localhost:${port}`, { fetch, retryConfig: { strategy: "none" } });
      const error = await failure(c1.connector.rotateCredential(IDS));
      assert.deepEqual([error.code, error.outcome], [code, outcome], String(error.cause));
    }
  });

  test("a port that no browser connects to", async () => {
    const error = await failure(
      client("http://localhost:6000", { retryConfig: { strategy: "none" } }).connector.rotateCredential(IDS),
    );
    assert.deepEqual([error.code, error.outcome], ["connection_failed", "none"]);
  });

  test("the platform's errors, seen from another realm", async () => {
    const program = `import { createRequire } from "node:module";
      import { readFileSync } from "node:fs";
      import { createContext, runInContext } from "node:vm";
      // As test runners do it: the package runs in a context of its own, with the platform's functions.
      const { fetch, Headers, Request, Response, AbortController, AbortSignal, TextEncoder, TextDecoder, URL, URLSearchParams, crypto, performance, setTimeout, clearTimeout, console } = globalThis;
      const context = createContext({ fetch, Headers, Request, Response, AbortController, AbortSignal, TextEncoder, TextDecoder, URL, URLSearchParams, crypto, performance, setTimeout, clearTimeout, console, WebAssembly });
      const modules = new Map();
      const load = (from, specifier) => {
        const file = createRequire(from).resolve(specifier);
        if (!modules.has(file)) {
          const module = { exports: {} };
          modules.set(file, module);
          const wrapper = runInContext("(function (module, exports, require) {" + readFileSync(file, "utf8") + "\\n})", context, { filename: file });
          wrapper(module, module.exports, (next) => load(file, next));
        }
        return modules.get(file).exports;
      };
      const { ConductorOne } = load(import.meta.filename ?? process.argv[1], "keyturn");
      const c1 = new ConductorOne({ security: { bearerAuth: "t" }, serverURL: "http://127.0.0.1:9" , retryConfig: { strategy: "none" } });
      await c1.connector.rotateCredential({ appId: "a", connectorId: "b" }).catch(({ code, outcome, cause }) => console.log(code, outcome, runInContext("Error", context) !== Error && cause instanceof Error));`;
    const { stdout, stderr } = await run(program);
    assert.equal(stdout, "connection_failed none true\n", stderr);
  });
});

describe("surroundings", () => {
  for (const [missing, option] of [
    ["crypto", "runtime"],
    ["fetch", "fetch"],
  ]) {
    test(`without ${missing}`, async () => {
      const { stdout, stderr } = await run(`
        delete globalThis.${missing};
        if (globalThis.${missing} !== undefined) Object.defineProperty(globalThis, "${missing}", { value: undefined });
        const { ConductorOne } = await import("keyturn");
        const { default: CommerceLayer } = await import("keyturn/commercelayer");
        const told = async (call) => { try { await call(); } catch (error) { const { code, option, outcome } = error.cause ?? error; console.log(code, option, outcome); } };
        await told(() => new ConductorOne({ security: { bearerAuth: "t" }, serverURL: "http://127.0.0.1:9" }).connector.rotateCredential({ appId: "a", connectorId: "b" }));
        await told(() => CommerceLayer({ accessToken: "a.b.c", serverURL: "http://127.0.0.1:9" }).api_credentials.delete("x"));`);
      assert.equal(stdout, `invalid_configuration ${option} none\n`.repeat(2), stderr);
    });
  }
});

describe("nothing remains after calls", () => {
  const json =
    "const json = (value, status = 200) => new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });";
  for (const [what, program] of [
    [
      "a token endpoint that hangs",
      `const c1 = new ConductorOne({ credentials: tokenExchange({ clientID: "quick-fox-1@acme.conductor.one/wfe", subjectToken: () => "eyJhbGciOiJSUzI1NiJ9.e30.c2ln" }), fetch: () => new Promise(() => {}), timeoutMs: 100 });`,
    ],
    [
      "one that asks for patience",
      `const c1 = new ConductorOne({ credentials: tokenExchange({ clientID: "quick-fox-1@acme.conductor.one/wfe", subjectToken: () => "eyJhbGciOiJSUzI1NiJ9.e30.c2ln" }), fetch: async () => json({}, 503), timeoutMs: 100, retryConfig: { strategy: "backoff", backoff: { initialInterval: 60_000, maxInterval: 60_000, exponent: 1, maxElapsedTime: 600_000 } } });`,
    ],
    [
      "a person who does not confirm",
      `const fetch = async (url) => /device/.test(url) ? json({ device_code: "dc", user_code: "A", verification_uri: "https://acme.conductor.one/d", expires_in: 600, interval: 1 }) : json({ error: "authorization_pending" }, 400);
       const c1 = new ConductorOne({ tenantDomain: "acme", timeoutMs: 100, fetch, credentials: deviceLogin({ clientID: "p", onCode() {} }) });`,
    ],
    [
      "a function of the caller's that renews",
      `const c1 = { apps: CommerceLayer({ accessToken: "a.b.c", serverURL: "http://127.0.0.1:9", refreshToken: () => new Promise(() => {}), fetch: async () => json({}, 401), timeoutMs: 100 }).roles };`,
    ],
  ]) {
    test(what, async () => {
      const begun = performance.now();
      const { status, stdout, stderr } = await run(
        `import { ConductorOne, deviceLogin, tokenExchange } from "keyturn"; import CommerceLayer from "keyturn/commercelayer"; ${json}
         ${program}
         await c1.apps.list().catch((error) => console.log(error.code ?? error.type));`,
      );
      // The program is killed after ten seconds; anything left over would keep it alive for at least twenty.
      assert.equal(status, 0, `${stderr} after ${performance.now() - begun} ms`);
      assert.match(stdout, /^(timeout|authentication_failed)\n$/);
    });
  }
});

test("a failing list that is read later or never does not crash the process", async () => {
  const { status, stdout, stderr } = await run(`
    import { ConductorOne } from "keyturn";
    import CommerceLayer from "keyturn/commercelayer";
    const fetch = async () => new Response("{}", { status: 403 });
    const c1 = new ConductorOne({ security: { bearerAuth: "t" }, tenantDomain: "acme", fetch });
    const cl = CommerceLayer({ accessToken: "a.b.c", fetch });
    const lists = [c1.apps.list(), c1.apps.list().pages(), c1.apps.list()[Symbol.asyncIterator](), cl.roles.list(), cl.roles.list().pages()];
    await new Promise((later) => setTimeout(later, 50));
    for (const list of lists) {
      try { for await (const item of list) console.log(item); } catch (error) { console.log(error.status); }
    }
    c1.apps.list(); // and this one is not read at all
    await new Promise((later) => setTimeout(later, 50));`);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "403\n".repeat(5));
});

test("clients that are never closed are freed with their last reference, together with their secrets", async () => {
  const { status, stdout, stderr } = await run(
    `
    import { ConductorOne } from "keyturn";
    import CommerceLayer, { clientCredentials } from "keyturn/commercelayer";
    import { createSandbox } from "keyturn/sandbox";
    const box = await createSandbox();
    const { memory } = await (async () => {
      // The core's memory is known once it has been made.
      const made = [];
      const { Instance } = WebAssembly;
      WebAssembly.Instance = function (...given) { const instance = new Instance(...given); made.push(instance.exports); return instance; };
      new ConductorOne({ security: { bearerAuth: "t" }, tenantDomain: "acme" }).close();
      WebAssembly.Instance = Instance;
      return made[0];
    })();
    const held = (text) => Buffer.from(memory.buffer).includes(text);
    const refs = [];
    const signal = new AbortController().signal; // outlives them
    async function use() {
      for (let at = 0; at < 200; at++) {
        const c1 = new ConductorOne({ clientID: box.clientId, clientSecret: box.clientSecret, serverURL: box.url, fetch: box.fetch });
        if (at % 20 === 0) await c1.apps.list({}, { signal });
        const cl = CommerceLayer({ credentials: clientCredentials({ clientId: "id", clientSecret: "canary-of-commercelayer" }), fetch: box.fetch });
        refs.push(new WeakRef(c1), new WeakRef(cl));
      }
    }
    await use();
    const before = held("canary-of-commercelayer");
    const size = memory.buffer.byteLength;
    for (let round = 0; round < 20 && (refs.some((ref) => ref.deref()) || held("canary-of-commercelayer")); round++) {
      await new Promise((later) => setTimeout(later, 20));
      globalThis.gc();
    }
    const left = refs.filter((ref) => ref.deref()).length;
    const after = held("canary-of-commercelayer");
    await use();
    console.log(before, after, left, memory.buffer.byteLength <= 2 * size);`,
    { args: ["--expose-gc"], ms: 60_000 },
  );
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "true false 0 true\n", "held before, held after, clients left, memory that is used again");
});

test("a dispatcher is used for the log-in as well as for the call", async (t) => {
  const paths = [];
  const server = createPlainServer((request, response) => {
    paths.push(request.url);
    const body = request.url.endsWith("/token") ? { access_token: "an-issued-token", expires_in: 600 } : {};
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  const { port } = await listening(t, server);
  await fetch(`http://localhost:${port}/first`); // creates the global dispatcher
  const global = globalThis[Symbol.for("undici.globalDispatcher.1")];
  const through = [];
  const dispatcher = {
    dispatch(options, handler) {
      through.push(options.path);
      return global.dispatch(options, handler);
    },
  };
  const subjectToken = () => "eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
  const credentials = keyturn.tokenExchange({ clientID: "quick-fox-1@tenant.conductor.one/wfe", subjectToken });
  const serverURL = `http://localhost:${port}`;
  for (const [options, call] of [
    [{ fetchOptions: { dispatcher } }, {}],
    [{}, { fetchOptions: { dispatcher } }],
    [{ fetchOptions: { dispatcher }, httpClient: { request: (request) => fetch(request) } }, {}],
  ]) {
    through.length = 0;
    await new ConductorOne({ credentials, serverURL, ...options }).apps.list({}, call);
    assert.deepEqual(through, ["/auth/v1/token", "/api/v1/apps"]);
  }
  through.length = 0;
  const { CommerceLayerProvisioning, clientCredentials } = commercelayer;
  const both = clientCredentials({ clientId: "id", clientSecret: "secret" });
  await failure(CommerceLayerProvisioning({ credentials: both, serverURL, fetchOptions: { dispatcher } }).roles.list());
  assert.deepEqual(through, ["/oauth/token", "/api/roles"]);
});
