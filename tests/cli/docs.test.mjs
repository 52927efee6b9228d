// Runs the command lines of docs/cli-api.md: every block marked `sh`, with a sandbox tenant in the environment.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../../xtask/steps.mjs";
import { installed } from "../lib/installed.mjs";
import { startSandbox, variablesOf } from "../lib/sandbox.mjs";

const folder = installed();
const scratch = mkdtempSync(join(folder, "cli-docs-"));
const page = readFileSync(join(root, "docs/cli-api.md"), "utf8");
const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(({ 1: code, index }) => ({
  code,
  line: page.slice(0, index).split("\n").length + 1,
}));

let env;
let sandbox;
before(async () => {
  sandbox = await startSandbox(folder);
  const program = join(folder, "node_modules/keyturn/pkg/dist/esm/cli.js");
  writeFileSync(join(scratch, "keyturn"), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
  chmodSync(join(scratch, "keyturn"), 0o755);
  env = {
    PATH: `${scratch}:${process.env.PATH}`,
    HOME: scratch,
    ...variablesOf(sandbox),
  };
});
after(async () => {
  await sandbox.stop();
  rmSync(scratch, { recursive: true });
});

test("there are command lines to run", () => assert.ok(blocks.length >= 5));

test("the table of checks has every group of codes of the doctor", () => {
  const doctor = join(root, "pkg/src/cli/doctor");
  const sources = readdirSync(doctor).map((name) => readFileSync(join(doctor, name), "utf8"));
  const codes = sources.flatMap((text) =>
    [...text.matchAll(/["`](\w+)\.(?!json)[a-z_]+["`]/g)].map(([, group]) => group),
  );
  const table = [...page.matchAll(/^\| `(\w+)\.\*` /gm)].map(([, group]) => group);
  for (const group of new Set([...codes, ...table])) {
    assert.ok(codes.includes(group), `no check has a code ${group}.*`);
    assert.ok(table.includes(group), `docs/cli-api.md does not name ${group}.*`);
  }
});

for (const { code, line } of blocks)
  test(`docs/cli-api.md: the lines from ${line} on`, () => {
    const { status, stdout, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", code], {
      cwd: scratch,
      env,
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(`${stdout}${stderr}`, /secret-token:/);
  });
