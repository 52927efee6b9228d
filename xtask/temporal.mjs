// Temporal, for the example that uses it. Its SDK is large, so it is installed in a folder of its own below .cache. Its
// server is installed from PyPI: see `python.mjs`.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root, StepError, say } from "./steps.mjs";

const folder = join(root, ".cache/temporal");
const stamp = join(folder, ".keyturn");

/** Returns the SDK's packages, as the example's manifest names them. */
function packages() {
  const { dependencies } = JSON.parse(readFileSync(join(root, "examples/temporal/package.json"), "utf8"));
  return Object.entries(dependencies).flatMap(([name, version]) =>
    name.startsWith("@temporalio/") ? [`${name}@${version}`] : [],
  );
}

/** Returns the folder whose `node_modules` contains the SDK. */
export function temporal() {
  if (existsSync(stamp)) return folder;
  throw new StepError("Temporal's SDK is missing: `node xtask/setup.mjs --browsers` installs it");
}

/** Installs the SDK, unless it is installed. */
export function setUpTemporal() {
  const wanted = packages();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted.join("\n")) return;
  say(`installing Temporal's SDK, which an example uses: ${wanted.join(", ")}`);
  mkdirSync(folder, { recursive: true });
  const quiet = ["--silent", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund"];
  npm(["install", ...quiet, "--prefix", folder, ...wanted], { cwd: folder });
  writeFileSync(stamp, wanted.join("\n"));
}
