// `npm test`: sets up, builds, and runs every test there is. A part that fails does not stop the ones after it.
// Nothing is skipped: a missing browser, a test that ignores itself or a part without tests is a failure.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { install, uninstall, withInstalled } from "../tests/lib/installed.mjs";
import { browser } from "./browsers.mjs";
import { setUp } from "./setup.mjs";
import { drive, isMain, root, run, StepError } from "./steps.mjs";

const WASM = "--target=wasm32-unknown-unknown";
/** Integration tests alone: unit tests run natively, with tools that WebAssembly has not. */
const IN_WASM = [WASM, "--package=keyturn", "--package=keyturn-sandbox", "--test=*"];

/** Each part: what it is called, and the counts of what passed and failed in it. */
const parts = [
  [
    "JavaScript: format and lints",
    () => check("node", ["node_modules/@biomejs/biome/bin/biome", "ci", "--error-on-warnings", "."]),
  ],
  ["Rust: format", () => check("cargo", ["fmt", "--all", "--check"])],
  ["Rust: lints", () => check("cargo", ["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny=warnings"])],
  [
    "Rust: lints for WebAssembly",
    () =>
      check("cargo", [
        "clippy",
        "--quiet",
        WASM,
        "--package=keyturn",
        "--package=keyturn-sandbox",
        "--package=keyturn-lifecycle",
        "--",
        "--deny=warnings",
      ]),
  ],
  ["Rust: tests", () => cargoTest(["--quiet", "--workspace"])],
  ["Rust: tests in WebAssembly, Node", () => cargoTest(IN_WASM)],
  [
    "Rust: tests in WebAssembly, Chromium",
    () => cargoTest(IN_WASM, { WASM_BINDGEN_USE_BROWSER: "1", CHROMEDRIVER: browser("chromedriver") }),
  ],
  ...["esm", "cjs", "deno", "bun", "workerd", "chromium", "firefox"].map((runtime) => [
    `Conformance: ${runtime}`,
    (env) => conformance(runtime, env),
  ]),
  ...readdirSync(join(root, "tests"), { recursive: true })
    .filter((name) => name.endsWith(".test.mjs"))
    .sort()
    .map((name) => [`JavaScript: ${name.replace(".test.mjs", "")}`, (env) => nodeTest(join("tests", name), env)]),
  ["Size", () => check("node", ["xtask/size.mjs"])],
];

async function test() {
  await setUp({ browsers: true });
  run("cargo", ["xtask", "build"]);
  const folder = install();
  const totals = { passed: 0, failed: 0 };
  const broken = [];
  try {
    for (const [name, part] of parts) {
      console.log(`\n== ${name}`);
      const { passed, failed } = await part(withInstalled(folder));
      totals.passed += passed;
      totals.failed += failed;
      if (failed > 0) broken.push(name);
    }
  } finally {
    uninstall(folder);
  }
  console.log(
    `\n${totals.passed} passed, ${totals.failed} failed${broken.length > 0 ? ` (${broken.join("; ")})` : ""}`,
  );
  if (broken.length > 0) process.exitCode = 1;
}

/** A program that passes or fails as a whole. */
async function check(program, args) {
  const { code } = await follow(program, args);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function cargoTest(args, env) {
  const { code, text } = await follow("cargo", ["test", ...args], env);
  const results = [...text.matchAll(/^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm)];
  return counts(code, { passed: sum(results, 1), failed: sum(results, 2), skipped: sum(results, 3) });
}

async function nodeTest(file, env) {
  const { code, text } = await follow(process.execPath, ["--test", "--test-reporter=spec", file], env);
  const count = (name) => sum([...text.matchAll(new RegExp(`^\\W*${name} (\\d+)$`, "gm"))], 1);
  return counts(code, {
    passed: count("pass"),
    failed: count("fail") + count("cancelled"),
    skipped: count("skipped") + count("todo"),
  });
}

async function conformance(runtime, env) {
  const { code, text } = await follow(process.execPath, ["tests/run.mjs", runtime], env);
  const count = (name) => sum([...text.matchAll(new RegExp(`^# ${name} (\\d+)$`, "gm"))], 1);
  return counts(code, { passed: count("pass"), failed: count("fail"), skipped: 0 });
}

/** What was skipped has failed, and so has a run that broke before it could count, or had nothing to count. */
function counts(code, { passed, failed, skipped }) {
  if (skipped > 0) console.log(`${skipped} skipped, which counts as failed`);
  const bad = failed + skipped;
  if (bad === 0 && passed === 0) console.log("no tests ran, which counts as failed");
  return { passed, failed: bad === 0 && (code !== 0 || passed === 0) ? 1 : bad };
}

function sum(matches, group) {
  return matches.reduce((total, match) => total + Number(match[group]), 0);
}

/** Runs a program, shows what it prints, and gives it back. */
function follow(program, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
        to.write(chunk);
      });
    }
    child.on("error", (error) => reject(new StepError(`cannot run ${program}: ${error.message}`)));
    child.on("close", (code) => resolve({ code, text }));
  });
}

if (isMain(import.meta.url)) await drive(test);
