// The core tools of the matrix, which `npm test` needs. They are installed below .cache, so that a plain build does not
// install them.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root, say } from "./steps.mjs";

/** The folder with the definition of the matrix. */
export const definition = join(root, "tests/matrix");
/** The folder with the core tools. */
export const core = join(root, ".cache/matrix");
/** The npm flags for installing tools here. */
export const QUIET = ["--silent", "--ignore-scripts", "--no-audit", "--no-fund"];

/** Installs the core tools in the versions of their lock file. */
export function setUpMatrix() {
  const lock = readFileSync(join(definition, "core/package-lock.json"), "utf8");
  const stamp = join(core, "node_modules/.keyturn-lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  say("installing the bundlers and frameworks in which the tests build an application");
  mkdirSync(core, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) cpSync(join(definition, "core", file), join(core, file));
  npm(["ci", ...QUIET], { cwd: core });
  writeFileSync(stamp, lock);
}
