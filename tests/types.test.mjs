// The types, as compilers see them: the files in `types` under each way to resolve the installed package.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { root } from "../xtask/steps.mjs";
import { installed } from "./lib/installed.mjs";

const scratch = mkdtempSync(join(installed(), "types-"));
after(() => rmSync(scratch, { recursive: true }));

const web = { lib: ["es2023", "dom", "dom.iterable"], types: [] };
const node = { lib: ["es2023"], types: ["node"], typeRoots: [join(root, "node_modules/@types")] };

/** The programs, and the least number of their cases that must be refused. */
const refused = { "client.ts": 21, "commercelayer.ts": 21, "lifecycle.ts": 6 };
const programs = Object.keys(refused);

describe("types", { concurrency: true }, () => {
  for (const [where, file, options] of [
    ["an ES module of Node's", "nodenext.mts", { ...node, module: "nodenext" }],
    ["a CommonJS module of Node's", "nodenext.cts", { ...node, module: "nodenext" }],
    ["a module for a bundler", "bundler.ts", { ...web, module: "esnext", moduleResolution: "bundler" }],
  ]) {
    test(where, () => {
      const folder = mkdtempSync(join(scratch, "tsc-"));
      const files = programs.map((program) => `${program.slice(0, -3)}-${file}`);
      programs.forEach((program, at) => copyFileSync(join(root, "tests/types", program), join(folder, files[at])));
      const compilerOptions = {
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noEmit: true,
        target: "es2022",
        ...options,
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
      const { status, stdout } = spawnSync(
        process.execPath,
        [join(root, "node_modules/typescript/bin/tsc"), "--project", folder],
        { encoding: "utf8" },
      );
      assert.equal(status, 0, stdout);
    });
  }

  test("the files have cases that must be refused", () => {
    for (const program of programs) {
      const source = readFileSync(join(root, "tests/types", program), "utf8");
      assert.ok(source.match(/@ts-expect-error/g).length >= refused[program]);
    }
  });
});
