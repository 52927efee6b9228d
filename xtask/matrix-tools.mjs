// The tools of the matrix's core, which `npm test` needs: below .cache, so that who only builds does not get them.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root, say } from "./steps.mjs";

/** Where the matrix is defined. */
export const definition = join(root, "tests/matrix");
/** Where the tools of the core are. */
export const core = join(root, ".cache/matrix");
/** How npm installs tools here. */
export const QUIET = ["--silent", "--ignore-scripts", "--no-audit", "--no-fund"];

/** Installs the tools of the core, as its lock file has them. */
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
