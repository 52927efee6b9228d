// Prepares a fresh clone for building and testing: `node xtask/setup.mjs [--browsers]`. Every step says what it does,
// and is skipped when there is nothing to do.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setUpBrowsers } from "./browsers.mjs";
import { setUpMatrix } from "./matrix-tools.mjs";
import { setUpNode } from "./node.mjs";
import { setUpPostgres } from "./postgres.mjs";
import { setUpPython } from "./python.mjs";
import { drive, findProgram, isMain, npm, output, root, StepError, say } from "./steps.mjs";
import { setUpTemporal } from "./temporal.mjs";
import { setUpWasmStd } from "./wasm-std.mjs";

const NODE = 20;

/** Installs everything that a build needs; with `browsers`, everything that the tests need as well. */
export async function setUp({ browsers = false } = {}) {
  checkNode();
  checkRust();
  setUpWasmStd();
  setUpNpm();
  if (!browsers) return;
  setUpBrowsers();
  setUpPostgres();
  setUpPython();
  setUpNode();
  setUpTemporal();
  setUpMatrix();
}

function checkNode() {
  if (Number(process.versions.node.split(".")[0]) >= NODE) return;
  throw new StepError(
    `Node ${NODE} or newer is needed, and this is ${process.version}. Install a newer one from https://nodejs.org`,
  );
}

/** Rust is not installed automatically, because that changes the user's shell profile. */
function checkRust() {
  if (!findProgram("cargo") || !findProgram("rustc")) {
    throw new StepError(
      "Rust is needed: `cargo` and `rustc` are not in PATH. Install it from https://rustup.rs and open a new shell",
    );
  }
  const wanted = /^rust-version = "(\d+)\.(\d+)/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"));
  const found = /(\d+)\.(\d+)/.exec(output("rustc", ["--version"]) ?? "");
  if (!found)
    throw new StepError("`rustc --version` fails; is a Rust toolchain installed? `rustup default stable` installs one");
  const [have, need] = [found, wanted].map(([, major, minor]) => Number(major) * 1000 + Number(minor));
  if (have < need)
    throw new StepError(
      `Rust ${wanted[1]}.${wanted[2]} or newer is needed, and this is ${found[0]}. \`rustup update\` installs a newer one`,
    );
}

/** Runs `npm ci` if the lock file differs from the one that `node_modules` was made from. */
function setUpNpm() {
  const stamp = join(root, "node_modules/.keyturn-lock");
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  say("installing the npm dependencies (npm ci)");
  npm(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
  writeFileSync(stamp, lock);
}

if (isMain(import.meta.url)) {
  await drive(() => setUp({ browsers: process.argv.includes("--browsers") }));
}
