// Runs the README's code: every block marked `js` is a module of its own, in a folder where the package is installed,
// with a sandbox tenant in the environment.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { root } from "../xtask/steps.mjs";
import { installed } from "./lib/installed.mjs";
import { startSandbox, variablesOf } from "./lib/sandbox.mjs";

const folder = installed();
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(({ 1: code, index }) => ({
  code,
  line: readme.slice(0, index).split("\n").length + 1,
}));

let sandbox;
before(async () => {
  sandbox = await startSandbox(folder);
});
after(() => sandbox.stop());

test("there is code to run", () => assert.notEqual(blocks.length, 0));

/** Returns all matches of a pattern in the part of a declaration file between two texts. */
function declared(file, from, to, pattern) {
  const text = readFileSync(join(folder, "node_modules/keyturn/pkg/dist/cjs", file), "utf8");
  return [...text.slice(text.indexOf(from)).split(to, 1)[0].matchAll(pattern)].map(([, name]) => name);
}

test("the tables of docs/client.md have every option and every code, and no others", () => {
  const guide = readFileSync(join(root, "docs/client.md"), "utf8");
  const section = (title) => guide.split(`\n## ${title}\n`)[1].split("\n## ")[0];
  const firstCells = (title) =>
    [...section(title).matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell]) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
  const options = /^ {4}(\w+)\?:/gm;
  assert.deepEqual(
    firstCells("Options of a client").sort(),
    declared("c1/options.d.ts", "interface ClientOptions", "\n}", options).sort(),
  );
  assert.deepEqual(
    firstCells("Options of a call").sort(),
    declared("base/options.d.ts", "interface RequestOptions", "\n}", options).sort(),
  );
  const codes = [...section("Errors").matchAll(/^\| `\w+` +\| `(\w+)`/gm)].map(([, code]) => code);
  assert.deepEqual(codes.sort(), declared("base/errors.d.ts", "type ErrorCode", ";", /"(\w+)"/g).sort());
  const classes = declared("base/errors.d.ts", "class KeyturnError", "\n//#", /export declare class (\w+) /g);
  for (const file of [
    ...["commercelayer/auth/errors", "commercelayer/replacement-error"],
    ...["lifecycle/error", "lifecycle/journals/error", "lifecycle/sinks/error", "lifecycle/providers/error"],
    "fleet/error",
  ]) {
    classes.push(...declared(`${file}.d.ts`, "", "\n//#", /export declare class (\w+) extends KeyturnError/g));
  }
  assert.deepEqual(
    firstCells("Errors")
      .filter((name) => name.endsWith("Error"))
      .sort(),
    classes.filter((name) => name !== "KeyturnError").sort(),
  );
});

for (const { code, line } of blocks) {
  test(`the code at line ${line}`, async () => {
    const file = join(folder, `readme-${line}.mjs`);
    writeFileSync(file, code);
    const env = { ...process.env, ...variablesOf(sandbox) };
    const child = spawn(process.execPath, [file], { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
    const [errors, status] = await Promise.all([
      text(child.stderr),
      new Promise((resolve) => child.once("close", resolve)),
    ]);
    rmSync(file);
    assert.equal(status, 0, errors);
  });
}
