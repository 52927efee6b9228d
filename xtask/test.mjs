// `npm test`: sets up, builds, and runs every test. `npm test -- NAME ...` runs the parts whose names contain one of
// the names. `npm run check` runs the parts that take little time, for use between edits. A part that fails does not
// stop the others, and nothing is skipped: a missing browser, a test that ignores itself or a part without tests is a
// failure.
// Parts run concurrently, `--jobs N` of them at a time. Their output is collected, and printed when they end.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { install, uninstall, withInstalled } from "../tests/lib/installed.mjs";
import { browser } from "./browsers.mjs";
import { newerNode } from "./node.mjs";
import { inTurns } from "./schedule.mjs";
import { setUp } from "./setup.mjs";
import { drive, isMain, root, run, StepError } from "./steps.mjs";

const WASM = "--target=wasm32-unknown-unknown";
/** Integration tests only: unit tests run natively, with tools that WebAssembly does not have. */
const IN_WASM = [WASM, "--package=keyturn", "--package=keyturn-sandbox", "--test=*"];

/** The test files that `npm run check` runs. They start no runtime, browser or server of their own. */
const QUICK = new Set([
  "notices",
  "rooms",
  "routes",
  "schedule",
  "surface",
  "types",
  "commercelayer/jsonapi",
  "commercelayer/lists",
  "compat/surface",
]);

/** The test files that take longest, from the longest on. They begin before the others, so that none is left for the end. */
const LONG = [
  "console/console",
  "lifecycle/sinks",
  "fleet/kills",
  "cli/exit",
  "cli/kill",
  "cli/bulk",
  "stores",
  "console/playground",
  "types",
  "cli/profiles",
  "console/languages",
  "console/axe-overview",
];

/**
 * A part of the tests.
 * @typedef {object} Part
 * @property {string} name
 * @property {(env: Record<string, string>) => Promise<Outcome>} run
 * @property {string} [needs] a resource that it needs exclusively: parts that need the same one run one after another
 * @property {boolean} [quick] whether `npm run check` runs it
 * @typedef {{ passed: number, failed: number, text: string }} Outcome
 */

/** Cargo allows one command at a time in the build folder; a second one would only occupy a slot. */
const CARGO = { needs: "cargo" };

/** @type {Part[]} The parts, longest first, so that none of them is left for the end. */
const parts = [
  { name: "Rust: format", quick: true, run: () => check("cargo", ["fmt", "--all", "--check"]) },
  {
    name: "JavaScript: format and lints",
    quick: true,
    run: () =>
      check("node", ["node_modules/@biomejs/biome/bin/biome", "ci", "--error-on-warnings", "--colors=off", "."]),
  },
  {
    name: "Rust: unit tests",
    quick: true,
    ...CARGO,
    run: () => cargoTest(["--quiet", "--workspace", "--lib", "--bins"]),
  },
  // The model of the lifecycle takes most of the time.
  { name: "Rust: integration tests", ...CARGO, run: () => cargoTest(["--quiet", "--workspace", "--test=*"]) },
  ...["firefox", "chromium", "workerd", "deno", "bun", "esm", "cjs"].map((runtime) => ({
    name: `Conformance: ${runtime}`,
    run: (env) => conformance(runtime, env),
  })),
  {
    name: "Rust: tests in WebAssembly, Chromium",
    ...CARGO,
    run: () => cargoTest(IN_WASM, { WASM_BINDGEN_USE_BROWSER: "1", CHROMEDRIVER: browser("chromedriver") }),
  },
  { name: "Rust: tests in WebAssembly, Node", ...CARGO, run: () => cargoTest(IN_WASM) },
  {
    name: "Rust: lints",
    quick: true,
    ...CARGO,
    run: () => check("cargo", ["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny=warnings"]),
  },
  {
    name: "Rust: lints for WebAssembly",
    ...CARGO,
    run: () => {
      const packages = ["--package=keyturn", "--package=keyturn-sandbox", "--package=keyturn-lifecycle"];
      return check("cargo", ["clippy", "--quiet", WASM, ...packages, "--", "--deny=warnings"]);
    },
  },
  {
    name: "Rust: documentation",
    ...CARGO,
    run: () =>
      check("cargo", ["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"], {
        // Private items are documented too, so that links to them resolve.
        RUSTDOCFLAGS: "--deny=warnings --allow=rustdoc::private_intra_doc_links",
      }),
  },
  ...readdirSync(join(root, "tests"), { recursive: true })
    .filter((file) => file.endsWith(".test.mjs"))
    .map((file) => file.replace(".test.mjs", ""))
    .sort((one, other) => begins(one) - begins(other) || (one < other ? -1 : 1))
    .map((name) => ({
      name: `JavaScript: ${name}`,
      quick: QUICK.has(name),
      run: (env) => nodeTest(join("tests", `${name}.test.mjs`), env),
    })),
  { name: "Size", run: () => check("node", ["xtask/size.mjs"]) },
];

/** Returns the place of a test file among the long ones, or one behind them all. */
function begins(name) {
  const place = LONG.indexOf(name);
  return place < 0 ? LONG.length : place;
}

async function test() {
  const begun = Date.now();
  const { names, quick, jobs } = options();
  const wanted = chosen(names, quick);
  const clock = stopwatch();
  await setUp({ browsers: !quick });
  // Unchanged parts are not rebuilt.
  run("cargo", ["xtask", "build"]);
  const folder = install();
  clock.lap("set up, build, install");
  const totals = { passed: 0, failed: 0 };
  const broken = [];
  try {
    await inTurns(wanted, jobs, async (part) => {
      const start = Date.now();
      const { passed, failed, text } = await part.run(withInstalled(folder)).catch(brokeOff);
      clock.add(part.name, Date.now() - start);
      console.log(`\n== ${part.name} (${seconds(Date.now() - start)})\n${text.trimEnd()}`);
      totals.passed += passed;
      totals.failed += failed;
      if (failed > 0) broken.push({ name: part.name, text });
    });
  } finally {
    uninstall(folder);
  }
  console.log(`\n${clock.table()}\n\nall of it took ${seconds(Date.now() - begun)}, ${jobs} parts at a time`);
  // Failures are repeated at the end, where a log of thousands of lines is read first.
  for (const { name, text } of broken) console.log(`\n== what failed in ${name}\n${failures(text)}`);
  const brokenNames = broken.map(({ name }) => name).join("; ");
  console.log(`\n${totals.passed} passed, ${totals.failed} failed${broken.length > 0 ? ` (${brokenNames})` : ""}`);
  if (broken.length > 0) process.exitCode = 1;
}

function options() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      // More jobs than processors: many parts wait for a browser or a server most of the time.
      options: { quick: { type: "boolean", default: false }, jobs: { type: "string" } },
    });
    const jobs = Number(values.jobs ?? Math.min(availableParallelism() + 1, 8));
    if (!Number.isInteger(jobs) || jobs < 1) throw new Error("--jobs: a number from 1");
    return { names: positionals, quick: values.quick, jobs };
  } catch (error) {
    throw new StepError(error.message);
  }
}

/** Returns the requested parts, or all of them without a name. */
function chosen(names, quick) {
  const among = quick ? parts.filter((part) => part.quick) : parts;
  if (names.length === 0) return among;
  const fits = (name) => among.filter((part) => part.name.toLowerCase().includes(name.toLowerCase()));
  const none = names.filter((name) => fits(name).length === 0);
  if (none.length > 0)
    throw new StepError(
      `no part of the tests is called ${none.join(" or ")}; there are:\n${among.map(({ name }) => `  ${name}`).join("\n")}`,
    );
  const all = new Set(names.flatMap(fits));
  return among.filter((part) => all.has(part));
}

/** Returns a stopwatch, which records how long the parts took. */
function stopwatch() {
  const laps = [];
  let last = Date.now();
  return {
    add: (name, ms) => laps.push([name, ms]),
    lap: (name) => {
      laps.push([name, Date.now() - last]);
      last = Date.now();
    },
    table: () =>
      laps
        .sort(([, one], [, other]) => other - one)
        .map(([name, ms]) => `${seconds(ms).padStart(8)}  ${name}`)
        .join("\n"),
  };
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Returns the part of a failed part's output about its failures: the summary of Node's or Cargo's tests, else the end.
 */
function failures(text) {
  const from = ["✖ failing tests:", "\nfailures:", "\nFAIL "].map((mark) => text.indexOf(mark)).find((at) => at >= 0);
  const lines = text
    .slice(from ?? 0)
    .trim()
    .split("\n");
  return (from === undefined ? lines.slice(-80) : lines.slice(0, 80)).join("\n");
}

/** Returns the outcome of a part that could not be run. */
function brokeOff(error) {
  return { passed: 0, failed: 1, text: error instanceof StepError ? error.message : String(error?.stack ?? error) };
}

/** Runs a program that passes or fails as a whole. */
async function check(program, args, env) {
  const { code, text } = await follow(program, args, env);
  return code === 0 ? { passed: 1, failed: 0, text } : { passed: 0, failed: 1, text };
}

async function cargoTest(args, env) {
  const { code, text } = await follow("cargo", ["test", ...args], env);
  const results = [...text.matchAll(/^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm)];
  return counts(code, text, { passed: sum(results, 1), failed: sum(results, 2), skipped: sum(results, 3) });
}

async function nodeTest(file, env) {
  // Tests of pg-boss need a newer Node than the package.
  const program = file.startsWith(join("tests", "fleet")) ? newerNode() : process.execPath;
  const { code, text } = await follow(program, ["--test", "--test-reporter=spec", file], env);
  const count = (name) => sum([...text.matchAll(new RegExp(`^\\W*${name} (\\d+)$`, "gm"))], 1);
  return counts(code, text, {
    passed: count("pass"),
    failed: count("fail") + count("cancelled"),
    skipped: count("skipped") + count("todo"),
  });
}

async function conformance(runtime, env) {
  const { code, text } = await follow(process.execPath, ["tests/run.mjs", runtime], env);
  const count = (name) => sum([...text.matchAll(new RegExp(`^# ${name} (\\d+)$`, "gm"))], 1);
  return counts(code, text, { passed: count("pass"), failed: count("fail"), skipped: 0 });
}

/**
 * Returns the outcome of a run. Skipped tests count as failed, and so does a run that broke before it could count, or
 * had nothing to count.
 */
function counts(code, text, { passed, failed, skipped }) {
  const notes = [];
  if (skipped > 0) notes.push(`${skipped} skipped, which counts as failed`);
  const bad = failed + skipped;
  if (bad === 0 && passed === 0) notes.push("no tests ran, which counts as failed");
  return {
    passed,
    failed: bad === 0 && (code !== 0 || passed === 0) ? 1 : bad,
    text: [text.trimEnd(), ...notes].join("\n"),
  };
}

function sum(matches, group) {
  return matches.reduce((total, match) => total + Number(match[group]), 0);
}

/**
 * The time limit of a part, in milliseconds. It makes a test that hangs fail, such as one that left a server open.
 */
const LONGEST_MS = 30 * 60_000;

/** Runs a program, and returns its output. */
function follow(program, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: LONGEST_MS,
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
    }
    child.on("error", (error) => reject(new StepError(`cannot run ${program}: ${error.message}`)));
    child.on("close", (code) => {
      if (child.killed) text += `\nit was ended after ${seconds(LONGEST_MS)}`;
      resolve({ code, text });
    });
  });
}

if (isMain(import.meta.url)) await drive(test);
