// Runs the README's code: every block marked `js` is a module of its own, in a folder where the package is installed,
// with a sandbox tenant in the environment.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { text } from "node:stream/consumers";
import { root } from "../xtask/steps.mjs";
import { installed } from "./lib/installed.mjs";
import { startSandbox } from "./lib/sandbox.mjs";

const folder = installed();
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(({ 1: code, index }) => ({ code, line: readme.slice(0, index).split("\n").length + 1 }));

let sandbox;
before(async () => {
  sandbox = await startSandbox(folder);
});
after(() => sandbox.stop());

test("there is code to run", () => assert.notEqual(blocks.length, 0));

for (const { code, line } of blocks) {
  test(`the code at line ${line}`, async () => {
    const file = join(folder, `readme-${line}.mjs`);
    writeFileSync(file, code);
    const env = {
      ...process.env,
      CONDUCTORONE_SERVER_URL: sandbox.url,
      CONDUCTORONE_CLIENT_ID: sandbox.clientId,
      CONDUCTORONE_CLIENT_SECRET: sandbox.clientSecret,
      CONDUCTORONE_APP_ID: sandbox.appId,
      CONDUCTORONE_CONNECTOR_ID: sandbox.connectorId,
    };
    const child = spawn(process.execPath, [file], { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
    const [errors, status] = await Promise.all([text(child.stderr), new Promise((resolve) => child.once("close", resolve))]);
    rmSync(file);
    assert.equal(status, 0, errors);
  });
}
