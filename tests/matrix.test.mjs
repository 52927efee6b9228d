// Applications in the bundlers, frameworks, test runners and runtimes that most users have. `npm run matrix` runs the
// others too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { runRow } from "../xtask/matrix.mjs";
import { core } from "../xtask/matrix-tools.mjs";
import { root } from "../xtask/steps.mjs";
import { ROWS, table } from "./matrix/rows.mjs";

describe("an application is built and runs", () => {
  for (const row of ROWS.filter((row) => row.core)) test(row.name, () => runRow(row, core));
});

describe("docs/runtimes.md", () => {
  const page = readFileSync(join(root, "docs/runtimes.md"), "utf8");

  test("has exactly the defined rows", () => {
    /** Removes what each run changes: versions and sizes. */
    const fixed = (text) =>
      text
        .split("\n")
        .filter((line) => line.startsWith("|") && !line.startsWith("| --"))
        .map((line) => line.split("|").map((cell) => cell.trim()))
        .map(([, name, , says, , note]) => [name, says, note]);
    assert.deepEqual(fixed(page), fixed(table({})));
  });

  test("starts with its introduction", () => {
    assert.ok(page.startsWith(readFileSync(join(root, "tests/matrix/runtimes.md"), "utf8")));
  });

  test("has the version of each row that runs", () => {
    for (const { name, run, core, package: from } of ROWS)
      if (run && (from || core))
        assert.match(page, new RegExp(`^\\| \\**${name.replace(/[^\w ]/g, ".")}\\** +\\| \\d+\\.\\d+`, "m"), name);
  });
});
