// Runs the code of `docs/`: every block marked `js` is a module of its own, in a folder where the package is installed,
// with a sandbox tenant in the environment.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { browser } from "../xtask/browsers.mjs";
import { newerNode } from "../xtask/node.mjs";
import { root } from "../xtask/steps.mjs";
import { installed } from "./lib/installed.mjs";
import { startPostgres } from "./lib/postgres.mjs";
import { startSandbox, variablesOf } from "./lib/sandbox.mjs";

const folder = installed();
const pages = readdirSync(join(root, "docs"), { recursive: true }).filter((name) => name.endsWith(".md"));
const blocks = pages.flatMap((name) => {
  const page = readFileSync(join(root, "docs", name), "utf8");
  return [...page.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(({ 1: code, index }) => ({
    name,
    code,
    line: page.slice(0, index).split("\n").length + 1,
  }));
});

let sandbox;
let redis;
let database;
let env;

before(async () => {
  sandbox = await startSandbox(folder);
  const control = async (method, path, body) => {
    const init = { method, body: body && JSON.stringify(body), headers: { "content-type": "application/json" } };
    return (await fetch(`${sandbox.url}/_sandbox/${path}`, init)).json();
  };
  sandbox.approve = (userCode) => control("POST", "device", { userCode });
  const socket = join(folder, "redis.sock");
  redis = spawn(browser("redis"), ["--port", "0", "--unixsocket", socket, "--save", ""], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  for await (const line of createInterface(redis.stdout)) if (line.includes("eady to accept")) break;
  database = await startPostgres();
  for (const name of ["redis", "pg", "pg-boss"])
    if (!existsSync(join(folder, "node_modules", name)))
      symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  const TOKEN_FILE = join(folder, "identity-token");
  writeFileSync(TOKEN_FILE, (await control("POST", "identity-token", {})).token);
  env = {
    ...process.env,
    ...variablesOf(sandbox),
    TRUST_ID: (await control("GET", "tenant")).trustId,
    TOKEN_FILE,
    REDIS_URL: `unix://${socket}`,
    DATABASE_URL: database.url(),
    TOKEN_KEY: randomBytes(32).toString("base64url"),
  };
});
after(async () => {
  redis.kill();
  await once(redis, "exit");
  await database.stop();
  await sandbox.stop();
});

test("there is code to run", () => assert.ok(blocks.length >= 5));

for (const { name, code, line } of blocks) {
  test(`${name}: the code at line ${line}`, async () => {
    const file = join(folder, `docs-${line}.mjs`);
    writeFileSync(file, code);
    // Fleet examples need pg-boss, which needs a newer Node than the package.
    const program = name === "fleet.md" ? newerNode() : process.execPath;
    const child = spawn(program, [file], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    // Simulates a person who approves the code.
    createInterface(child.stdout).on("line", (shown) => {
      const [, userCode] = /compare the code: (\S+)$/.exec(shown) ?? [];
      if (userCode) sandbox.approve(userCode);
      assert.doesNotMatch(shown, /secret-token:/);
    });
    const [errors, status] = await Promise.all([
      text(child.stderr),
      new Promise((resolve) => child.once("close", resolve)),
    ]);
    rmSync(file);
    assert.equal(status, 0, errors);
  });
}
