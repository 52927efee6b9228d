// A newer Node for code that does not run in the current one: pg-boss needs 22.12. It is installed in a folder of its
// own below .cache.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { npm, root, StepError, say } from "./steps.mjs";

/** The oldest version for the fleet, and the version that is installed if the current one is older. */
const LEAST = [22, 12];
const VERSION = "22.23.5";

const folder = join(root, ".cache/node");
const system = process.platform === "win32" ? "win" : process.platform;
/** npm has Node's programs as packages, one for each platform. */
const PACKAGE = `node-${system}-${process.arch}`;
const path = join(folder, "node_modules", PACKAGE, "bin", process.platform === "win32" ? "node.exe" : "node");

const [major, minor] = process.versions.node.split(".").map(Number);
const isNew = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);

/** Returns the full path of a Node that can run the fleet. */
export function newerNode() {
  if (isNew) return process.execPath;
  if (existsSync(path)) return path;
  throw new StepError(
    `Node ${LEAST.join(".")} or newer is needed by the tests: \`node xtask/setup.mjs --browsers\` installs it`,
  );
}

/** Installs a newer Node, unless the current one is new enough. */
export function setUpNode() {
  if (isNew || existsSync(path)) return;
  say(`installing Node ${VERSION}, in which the tests run what needs a newer one than this`);
  mkdirSync(folder, { recursive: true });
  const quiet = ["--silent", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund"];
  npm(["install", ...quiet, "--prefix", folder, `${PACKAGE}@${VERSION}`], { cwd: folder });
}
