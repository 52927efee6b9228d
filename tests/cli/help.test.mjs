// The main help and that of each command, compared with files: `KEYTURN_WRITE=1 node --test tests/cli/help.test.mjs`
// accepts a change.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { run, scratch } from "../lib/cli.mjs";
import { module } from "../lib/installed.mjs";

const { COMMANDS } = await module("cli/table.js");
const folder = fileURLToPath(new URL("help/", import.meta.url));
const cwd = scratch("help");
after(() => rmSync(cwd, { recursive: true }));
const write = process.env.KEYTURN_WRITE === "1";
if (write) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
}

const files = new Map([["keyturn", []], ...COMMANDS.map(({ name }) => [name.replaceAll(" ", "-"), name.split(" ")])]);

test("the help of every command matches its file", async () => {
  const names = [...files];
  const check = async () => {
    for (let next = names.pop(); next !== undefined; next = names.pop()) {
      const [name, words] = next;
      const { stdout, stderr, status } = await run([...words, "--help"], { cwd });
      assert.equal(status, 0, stderr);
      assert.equal(stderr, "");
      const path = join(folder, `${name}.txt`);
      if (write) writeFileSync(path, stdout);
      else assert.equal(stdout, readFileSync(path, "utf8"), name);
      // Command lines, and words that are longer than their column, are not wrapped.
      for (const line of stdout.split("\n")) assert.ok(line.length <= 100 || /^ {2}keyturn |^\s*\S+$/.test(line), line);
    }
  };
  await Promise.all([check(), check(), check()]);
});

test("there is no file for a removed command", () => {
  assert.deepEqual(readdirSync(folder).sort(), [...files.keys()].map((name) => `${name}.txt`).sort());
});

test("every command has a group, a summary, an example that starts with its name, and described options", () => {
  for (const { name, summary, examples, options = [] } of COMMANDS) {
    assert.ok(summary.length > 5, name);
    assert.ok(examples.length > 0, name);
    for (const [line] of examples) assert.ok(line === name || line.startsWith(`${name} `), line);
    for (const { flags, description } of options) assert.ok(description.length > 3, `${name} ${flags}`);
  }
});

test("help can be requested in every way", async () => {
  const [flag, command, short] = await Promise.all([
    run(["rotate", "--help"], { cwd }),
    run(["help", "rotate"], { cwd }),
    run(["rotate", "-h"], { cwd }),
  ]);
  assert.equal(flag.stdout, command.stdout);
  assert.equal(flag.stdout, short.stdout);
  const family = await run(["journal", "--help"], { cwd });
  assert.equal(family.status, 0);
  for (const name of ["show", "verify", "export"]) assert.match(family.stdout, new RegExp(`\\b${name}\\b`));
});
