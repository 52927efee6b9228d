// The code of docs/proxy.md, each block in its runtime, in front of a sandbox behind HTTP.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { serve } from "@hono/node-server";
import { root } from "../../xtask/steps.mjs";
import { installed } from "../lib/installed.mjs";
import { program } from "../lib/runtimes.mjs";
import { startSandbox } from "../lib/sandbox.mjs";
import { startWorker } from "../lib/worker.mjs";

const folder = installed();
const place = mkdtempSync(join(folder, "proxy-docs-"));
const page = readFileSync(join(root, "docs/proxy.md"), "utf8");

/** The code blocks, by the file that the first line of each names. */
const blocks = new Map(
  [...page.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```/gm)].map(([, name, code]) => [name, code]),
);
/** The names of the blocks that have been run. */
const run = new Set(["keyturn.js"]);

const SESSION = `export const userOf = (request) =>
  request.headers.get("cookie") === "session=good" ? { apps: [globalThis.process?.env.CONDUCTORONE_APP_ID] } : undefined;
`;

let sandbox;
let variables;
let ConductorOne;

before(async () => {
  sandbox = await startSandbox(folder);
  variables = {
    CONDUCTORONE_SERVER_URL: sandbox.url,
    CONDUCTORONE_CLIENT_ID: sandbox.clientId,
    CONDUCTORONE_CLIENT_SECRET: sandbox.clientSecret,
    CONDUCTORONE_APP_ID: sandbox.appId,
  };
  // For the blocks that run in this process.
  Object.assign(process.env, variables);
  for (const [name, code] of [
    ...blocks,
    ["session.js", SESSION],
    ["app/keyturn/session.js", SESSION],
    ["app/keyturn/keyturn.js", blocks.get("keyturn.js")],
  ]) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), code);
  }
  writeFileSync(join(place, "package.json"), '{ "private": true, "type": "module" }\n');
  mkdirSync(join(place, "node_modules"));
  for (const name of ["hono", "express"])
    symlinkSync(join(root, "node_modules", name), join(place, "node_modules", name));
  ({ ConductorOne } = await import(pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm/index.js")).href));
});
after(() => sandbox.stop());

/** Loads one of the page's modules here. */
function load(name) {
  run.add(name);
  return import(pathToFileURL(join(place, name)).href);
}

/** Uses the server at an origin as a page of that origin does. */
async function use(origin, { rotates = true } = {}) {
  const client = (cookie) =>
    new ConductorOne({
      proxy: `${origin}/keyturn`,
      fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, origin, cookie } }),
    });
  const c1 = client("session=good");
  const { list } = (await c1.apps.list()).listAppsResponse;
  assert.ok(list.length > 1);
  const { appId, connectorId } = sandbox;
  if (rotates) {
    const answer = await c1.connector.rotateCredential({ appId, connectorId });
    assert.match(answer.connectorServiceRotateCredentialResponse.credential.clientSecret, /^secret-token:/);
    const other = list.find(({ id }) => id !== appId);
    await assert.rejects(c1.connector.rotateCredential({ appId: other.id, connectorId }), { reason: "not_permitted" });
    await assert.rejects(c1.apps.get({ id: other.id }), { reason: "not_permitted" });
  }
  await assert.rejects(c1.apps.delete({ id: appId }), { reason: "not_allowed" });
  await assert.rejects(client("session=bad").apps.list(), { code: "proxy_refused", status: 401 });
  const evil = await fetch(`${origin}/keyturn`, {
    method: "POST",
    headers: {
      origin: "http://evil.example",
      "keyturn-proxy": "1",
      "content-type": "application/json",
      cookie: "session=good",
    },
    body: "{}",
  });
  assert.equal(evil.status, 403);
}

/** Runs `work` with a server in this process. */
async function listening(server, work) {
  if (!server.listening) server.listen(0, "127.0.0.1");
  if (!server.listening) await once(server, "listening");
  try {
    await work(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Runs `work` with a server in a process of another runtime, which prints its address. */
async function started(command, args, env, work) {
  const child = spawn(command, args, {
    cwd: place,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  try {
    const said = [];
    const port = await new Promise((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr])
        createInterface(stream).on("line", (line) => {
          said.push(line);
          const [, found] = /https?:\/\/[\w.[\]:]*?:(\d+)/.exec(line) ?? [];
          if (found) resolve(found);
        });
      ended.then(() => reject(new Error(`it ended: ${said.join("\n")}`)));
    });
    await work(`http://127.0.0.1:${port}`);
  } finally {
    child.kill();
    await ended;
  }
}

test("Hono", async () => {
  const { default: app } = await load("hono.js");
  await listening(serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }), use);
});

test("Next, as far as a route handler is a function", async () => {
  const { POST } = await load("app/keyturn/route.js");
  const { nodeHandler } = await import(
    pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm/proxy-node.js")).href
  );
  await listening(createServer(nodeHandler(POST)), use);
});

test("Node's http", async () => {
  const { server } = await load("http.js");
  await listening(server, use);
});

test("Express", async () => {
  const { app } = await load("express.js");
  await listening(createServer(app), use);
});

test("Deno", async () => {
  run.add("serve.js");
  const leaves = ["--allow-env", "--allow-net=127.0.0.1", `--allow-read=${folder}`];
  await started(
    program("deno"),
    ["serve", "--no-lock", "--host", "127.0.0.1", "--port", "0", ...leaves, "serve.js"],
    {},
    use,
  );
});

test("Bun", async () => {
  run.add("serve.js");
  await started(program("bun"), ["run", "serve.js"], { PORT: "0", BUN_PORT: "0" }, use);
});

test("Workers", async () => {
  run.add("worker.js");
  const worker = await startWorker(folder, { source: blocks.get("worker.js") }, { "./session.js": SESSION }, variables);
  try {
    await use(worker.url, { rotates: false });
  } finally {
    await worker.stop();
  }
});

test("the page, with a session that ends", async () => {
  const { server } = await load("http.js");
  run.add("page.js");
  await listening(createServer(server.listeners("request")[0]), async (origin) => {
    const left = [];
    const global = globalThis.fetch;
    let cookie = "session=good";
    globalThis.location = { href: `${origin}/`, assign: (to) => left.push(to) };
    globalThis.fetch = (url, init) => global(url, { ...init, headers: { ...init.headers, origin, cookie } });
    try {
      const { rotate } = await load("page.js");
      const { appId, connectorId } = sandbox;
      assert.match((await rotate(appId, connectorId)).clientSecret, /^secret-token:/);
      cookie = "session=over";
      await assert.rejects(rotate(appId, connectorId), { kind: "proxy_refused" });
      assert.deepEqual(left, ["/login"]);
    } finally {
      globalThis.fetch = global;
      delete globalThis.location;
    }
  });
});

test("every block was run, and every option and reason is named", () => {
  assert.deepEqual([...run].sort(), [...blocks.keys()].sort());
  assert.equal([...page.matchAll(/^```\w+/gm)].length, blocks.size);
  const types = readFileSync(join(folder, "node_modules/keyturn/pkg/dist/cjs/proxy/proxy.d.ts"), "utf8");
  const options = [
    ...types
      .split("interface ProxyOptions")[1]
      .split("\n}")[0]
      .matchAll(/^ {4}(\w+)\??[:(]/gm),
  ].map(([, name]) => name);
  const section = (title) => page.split(`\n## ${title}\n`)[1].split("\n## ")[0];
  assert.deepEqual(
    [...section("The options").matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name).sort(),
    options.sort(),
  );
  const source = ["gate", "proxy"].map((name) => readFileSync(join(root, `pkg/src/proxy/${name}.ts`), "utf8")).join("");
  const reasons = new Set(
    [...source.matchAll(/, (\d{3}),\s*"(\w+)"/g)].map(([, status, reason]) => `${status} ${reason}`),
  );
  const told = [...section("What is refused").matchAll(/^\| (\d{3}) +\| `(\w+)`/gm)].map(
    ([, status, reason]) => `${status} ${reason}`,
  );
  assert.deepEqual(told.sort(), [...reasons].sort());
});
