// The programs of `examples/`, each in its runtime, with a sandbox tenant on loopback.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { buildFunction } from "../examples/lambda/build.mjs";
import { root } from "../xtask/steps.mjs";
import { installed } from "./lib/installed.mjs";
import { program } from "./lib/runtimes.mjs";
import { startSandbox } from "./lib/sandbox.mjs";
import { tenantAt } from "./lib/tenant.mjs";
import { startWorker } from "./lib/worker.mjs";

const examples = join(root, "examples");
const scratch = mkdtempSync(join(installed(), "examples-"));
const ROTATE = { operation: "connector.rotateCredential" };

let sandbox;
let tenant;
before(async () => {
  sandbox = await startSandbox(installed());
  tenant = await tenantAt(sandbox.url);
});
after(async () => {
  await sandbox.stop();
  rmSync(scratch, { recursive: true });
});

/** Returns the tenant's variables for an example. */
const variables = () => ({
  CONDUCTORONE_SERVER_URL: tenant.url,
  CONDUCTORONE_CLIENT_ID: tenant.clientId,
  CONDUCTORONE_CLIENT_SECRET: tenant.clientSecret,
  CONDUCTORONE_APP_ID: tenant.appId,
  CONDUCTORONE_CONNECTOR_ID: tenant.connectorId,
});

/** Copies an example's files into a separate folder, and returns its path. */
function copied(name) {
  const folder = mkdtempSync(join(scratch, `${name}-`));
  cpSync(join(examples, name), folder, { recursive: true });
  return folder;
}

/** Runs a program to its end, while this process serves its requests. */
async function run(program, args, { cwd, env = {} }) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...variables(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [said, complained, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  assert.equal(code, 0, complained);
  return said.trim();
}

async function issued() {
  return (await tenant.requests(ROTATE)).length;
}

/** Asserts that an app has connectors, each with a name and a status. */
function assertConnectors(connectors) {
  assert.ok(connectors.length > 0);
  for (const { name, status } of connectors) assert.match(`${name} ${status}`, /^\S.* SYNC_STATUS_\w+$/);
}

test("the index names exactly the examples", () => {
  const index = readFileSync(join(examples, "README.md"), "utf8");
  const named = [...index.matchAll(/\]\(([\w-]+)\/([^)]+)\)/g)].map(([, folder, file]) => {
    assert.ok(existsSync(join(examples, folder, file)), file);
    return folder;
  });
  const folders = readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(
    [...new Set(named)].sort(),
    folders
      .map(({ name }) => name)
      .filter((name) => name !== "node_modules")
      .sort(),
  );
});

test("Node: starts a rotation, and another run ends it", async () => {
  const cwd = copied("node");
  const env = { JOURNAL: join(cwd, "journal"), ENV_FILE: join(cwd, ".env"), GRACE_MS: "0" };
  const before = await issued();
  assert.equal(await run(process.execPath, ["rotate.mjs", "rotate"], { cwd, env }), "rotation 1: idle");
  const first = readFileSync(env.ENV_FILE, "utf8");
  assert.match(first, /^BATON_CLIENT_SECRET=.*secret-token:/m);
  const slow = { ...env, GRACE_MS: "3600000" };
  assert.match(
    await run(process.execPath, ["rotate.mjs", "rotate"], { cwd, env: slow }),
    /^rotation 2: waiting, until /,
  );
  assert.notEqual(readFileSync(env.ENV_FILE, "utf8"), first);
  assert.match(await run(process.execPath, ["rotate.mjs"], { cwd, env: slow }), /^rotation 2: waiting/);
  assert.equal(await issued(), before + 2);
});

test("GitHub Actions: logs in with an identity token, and pushes the journal before it acts", async () => {
  const cwd = copied("github-actions");
  const git = (at, ...args) => execFileSync("git", ["-C", at, ...args], { encoding: "utf8" }).trim();
  const remote = join(cwd, "remote.git");
  execFileSync("git", ["init", "--quiet", "--bare", remote]);
  execFileSync("git", ["clone", "--quiet", remote, join(cwd, "journal")], { stdio: "ignore" });
  git(join(cwd, "journal"), "checkout", "--quiet", "-b", "keyturn-journal");
  git(join(cwd, "journal"), "config", "push.autoSetupRemote", "true");
  const told = await (await fetch(`${tenant.url}/_sandbox/tenant`)).json();
  const stored = {};
  const pushed = [];
  const github = createServer(async (request, response) => {
    const answer = (status, body) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body ?? {}));
    const body = await text(request);
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/identity-token") {
      const init = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
      const { token } = await (await fetch(`${tenant.url}/_sandbox/identity-token`, init)).json();
      return answer(200, { value: token });
    }
    assert.equal(request.headers.authorization, "Bearer a-token-for-secrets");
    const place = pathname.replace("/repos/acme/app/actions/", "");
    if (place === "secrets/public-key")
      return answer(200, { key: Buffer.alloc(32, 9).toString("base64"), key_id: "1" });
    if (request.method === "GET") return stored[place] ? answer(200, stored[place]) : answer(404);
    if (request.method === "PATCH" && !stored[place]) return answer(404);
    const given = JSON.parse(body);
    stored[place === "variables" ? `variables/${given.name}` : place] = given;
    pushed.push(git(remote, "rev-list", "--count", "keyturn-journal"));
    answer(request.method === "PUT" ? 201 : request.method === "POST" ? 201 : 204);
  });
  await new Promise((resolve) => github.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${github.address().port}`;
  const env = {
    CONDUCTORONE_CLIENT_ID: told.trustId,
    CONDUCTORONE_CLIENT_SECRET: "",
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/identity-token`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "the-job",
    GITHUB_API_URL: url,
    GITHUB_REPOSITORY: "acme/app",
    GITHUB_SECRETS_TOKEN: "a-token-for-secrets",
    ROTATE: "true",
  };
  try {
    const before = await issued();
    assert.equal(await run(process.execPath, ["rotate.mjs"], { cwd, env }), "rotation 1: idle");
    assert.equal(await issued(), before + 1);
    assert.ok(stored["secrets/BATON_CLIENT_SECRET"].encrypted_value);
    assert.match(stored["variables/BATON_CLIENT_ID"].value, /@/);
    // At least planned, issuing and issued were in the branch when the secret was written.
    assert.ok(pushed.length > 0 && pushed.every((events) => Number(events) >= 3), pushed.join());
    const history = git(remote, "log", "--format=%s", "--reverse", "keyturn-journal").split("\n");
    assert.equal(history[0], "connector 1");
    assert.ok(!git(remote, "grep", "-h", "", "keyturn-journal").includes("secret-token"));

    // If nothing can be pushed, nothing is done.
    git(join(cwd, "journal"), "remote", "set-url", "origin", join(cwd, "nowhere.git"));
    await assert.rejects(run(process.execPath, ["rotate.mjs"], { cwd, env }), /could not be pushed/);
    assert.equal(await issued(), before + 1);
  } finally {
    github.close();
    github.closeAllConnections();
  }
});

test("Deno: a rotation, with the permissions that the example names", async () => {
  const cwd = copied("deno");
  // Deno looks for packages next to the program.
  mkdirSync(join(cwd, "node_modules"));
  cpSync(join(installed(), "node_modules/keyturn"), join(cwd, "node_modules/keyturn"), { recursive: true });
  const { host } = new URL(tenant.url);
  const rights = [`--allow-net=${host}`, "--allow-env", "--allow-read=.", "--allow-write=.", "--allow-sys=hostname"];
  const before = await issued();
  const said = await run(program("deno"), ["run", "--check", "--no-remote", "--no-prompt", ...rights, "rotate.ts"], {
    cwd,
  });
  assert.equal(said, "rotation 1: idle");
  assert.match(readFileSync(join(cwd, ".env"), "utf8"), /secret-token:/);
  assert.equal(await issued(), before + 1);
});

/**
 * Simulates Electron's part of the main process, since Electron itself cannot be installed from npm. `folder` is where
 * the program keeps its data, `file` what a person chooses. The result records what the program does with the window.
 */
function electronIn(cwd, { folder, file }) {
  const key = 0x5a;
  const turned = (bytes) => Buffer.from(bytes.map((byte) => byte ^ key));
  const seen = { handlers: new Map(), opened: [], sent: [], events: new Map(), backend: "gnome_libsecret" };
  let tell;
  seen.told = new Promise((resolve) => {
    tell = resolve;
  });
  globalThis.electronOfTheTest = {
    app: {
      whenReady: async () => undefined,
      getPath: () => folder,
      on: (name, listener) => seen.events.set(name, listener),
      quit: () => seen.events.get("will-quit")(),
    },
    BrowserWindow: class {
      webContents = {
        send: (...sent) => tell(seen.sent.push(sent)),
        on: (name, listener) => seen.events.set(name, listener),
        setWindowOpenHandler: (decide) => seen.events.set("window-open", decide),
      };
      constructor(options) {
        seen.options = options;
      }
      async loadURL(url) {
        seen.page = url;
      }
    },
    dialog: { showSaveDialog: async () => ({ filePath: file }) },
    ipcMain: { handle: (name, listener) => seen.handlers.set(name, listener) },
    safeStorage: {
      isAsyncEncryptionAvailable: async () => true,
      getSelectedStorageBackend: () => seen.backend,
      encryptStringAsync: async (plain) => turned(Buffer.from(plain)),
      decryptStringAsync: async (bytes) => ({ result: turned(bytes).toString(), shouldReEncrypt: false }),
    },
    shell: { openExternal: async (url) => seen.opened.push(url) },
  };
  const names = Object.keys(globalThis.electronOfTheTest).join(", ");
  mkdirSync(join(cwd, "node_modules/electron"), { recursive: true });
  writeFileSync(join(cwd, "node_modules/electron/package.json"), '{ "type": "module", "exports": "./index.js" }');
  writeFileSync(
    join(cwd, "node_modules/electron/index.js"),
    `export const { ${names} } = globalThis.electronOfTheTest;\n`,
  );
  seen.ask = async (name, ...args) =>
    seen.handlers.get(`keyturn:${name}`)({ senderFrame: { url: seen.page } }, ...args);
  return seen;
}

test("Electron's main process, with the test in Electron's place: a log-in, a rotation, and another start", async () => {
  const cwd = copied("electron");
  const folder = join(cwd, "data");
  const file = join(cwd, "connector.env");
  Object.assign(process.env, { CONDUCTORONE_SERVER_URL: tenant.url, CONDUCTORONE_PROGRAM: "desktop", GRACE: "0s" });
  const start = async (run) => {
    // Each start loads a new copy of the modules, as another process would.
    const seen = electronIn(join(cwd, run), { folder, file });
    cpSync(join(cwd, "src"), join(cwd, run), { recursive: true });
    const main = await import(pathToFileURL(join(cwd, run, "main.js")).href);
    assert.ok(main);
    return seen;
  };

  const first = await start("first");
  assert.equal(first.options.webPreferences.sandbox && first.options.webPreferences.contextIsolation, true);
  assert.deepEqual(first.events.get("window-open")({ url: "https://evil.example" }), { action: "deny" });
  assert.equal(await first.ask("ready"), false);
  const foreign = first.handlers.get("keyturn:list");
  assert.throws(() => foreign({ senderFrame: { url: "https://evil.example/" } }), /may not ask/);
  first.backend = "basic_text";
  await assert.rejects(first.ask("logIn"), /keychain/);
  first.backend = "gnome_libsecret";
  const loggedIn = first.ask("logIn");
  await Promise.race([loggedIn, first.told]);
  const [[channel, userCode]] = first.sent;
  assert.equal(channel, "keyturn:code");
  await fetch(`${tenant.url}/_sandbox/device`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ userCode, approve: true }),
  });
  await loggedIn;
  assert.equal(await first.ask("ready"), true);
  assert.deepEqual(first.opened, [], "only https is opened");
  const kept = readFileSync(join(folder, "login"));
  assert.ok(!kept.includes("secret-token") && !kept.includes("clientSecret"));

  const listed = await first.ask("list");
  const { name } = listed.find(({ name }) => name === `${tenant.appId}/${tenant.connectorId}`);
  await assert.rejects(first.ask("rotate", "no/such"), /no such connector/);
  const before = await issued();
  assert.deepEqual(await first.ask("rotate", name), { state: "idle", file });
  assert.equal(await issued(), before + 1);
  const [, secret] = /^BATON_CLIENT_SECRET=(\S+)$/m.exec(readFileSync(file, "utf8"));
  assert.match(secret, /secret-token:/);
  first.events.get("window-all-closed")();

  const second = await start("second");
  assert.equal(await second.ask("ready"), true);
  assert.equal((await second.ask("list")).find((one) => one.name === name).state, "idle");
  assert.deepEqual(await second.ask("rotate", name), { state: "idle", file });
  assert.ok(!readFileSync(file, "utf8").includes(secret));
  const everything = JSON.stringify([await second.ask("list"), first.sent, second.sent]);
  assert.ok(!everything.includes("secret-token"), "the page gets no secret");
  second.events.get("window-all-closed")();
});

test("a Worker: the state of an app's connectors", async () => {
  // In workerd, a binding is a value of the configuration; here, the surrounding module provides the variables.
  const env = JSON.stringify({ ...variables() });
  const source = `import app from "app";\nexport default { fetch: (request) => app.fetch(request, ${env}) };`;
  const worker = await startWorker(
    installed(),
    { source },
    { app: readFileSync(join(examples, "worker/index.mjs"), "utf8") },
  );
  try {
    assertConnectors(await (await fetch(`${worker.url}/?app=${tenant.appId}`)).json());
    assert.equal((await fetch(worker.url)).status, 400);
  } finally {
    await worker.stop();
  }
});

test("Lambda: the bundle alone, called twice with one log-in", async () => {
  const outfile = join(mkdtempSync(join(scratch, "lambda-")), "handler.mjs");
  await buildFunction({ outfile, packages: [join(installed(), "node_modules")] });
  Object.assign(process.env, variables());
  const { handler } = await import(pathToFileURL(outfile).href);
  const logins = async () => (await tenant.requests({ operation: "token" })).length;
  const before = await logins();
  for (let call = 0; call < 2; call++) {
    const { statusCode, body } = await handler({ queryStringParameters: { app: tenant.appId } });
    assert.equal(statusCode, 200);
    assertConnectors(JSON.parse(body));
  }
  assert.equal(await logins(), before + 1);
  assert.equal((await handler({})).statusCode, 400);
  const refused = await handler({ queryStringParameters: { app: "no-such-app" } });
  assert.ok([200, 502].includes(refused.statusCode));
});
