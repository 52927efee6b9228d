// `npm run fuzz`: fuzzes for a given time. `npm run fuzz -- answers --seconds 600` runs the targets whose names contain
// a word.
// libFuzzer, which bolero includes, drives the Rust targets (fuzz/) and keeps the inputs that reach new code. It works
// with a stable compiler, because the coverage counters are a pass of LLVM. Failing inputs are written to the target's
// corpus, where `cargo test` runs them from then on. The JavaScript targets (tests/fuzz/) run their properties
// repeatedly, each time with another seed.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { install, uninstall, withInstalled } from "../tests/lib/installed.mjs";
import { drive, isMain, output, root, run, StepError, say } from "./steps.mjs";

/** The flags of cargo-bolero: counters for the edges of the code, and for the operands of comparisons. */
const FLAGS = [
  "--cfg=fuzzing",
  "--cfg=fuzzing_libfuzzer",
  "-Cpasses=sancov-module",
  "-Cllvm-args=-sanitizer-coverage-level=4",
  "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
  "-Cllvm-args=-sanitizer-coverage-pc-table",
  "-Cllvm-args=-sanitizer-coverage-trace-compares",
  "-Ccodegen-units=1",
  "-Cdebug-assertions=yes",
  "-Copt-level=2",
];

function fuzz() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: "string", default: "60" } },
  });
  const seconds = Number(values.seconds);
  if (!Number.isInteger(seconds) || seconds < 1) throw new StepError("--seconds: a whole number from 1");
  const wanted = (name) => positionals.length === 0 || positionals.some((word) => name.includes(word));
  const native = readdirSync(join(root, "fuzz/corpus")).filter(wanted);
  const scripts = readdirSync(join(root, "tests/fuzz")).filter(
    (file) => file.endsWith(".test.mjs") && wanted(file.replace(".test.mjs", "")),
  );
  if (native.length + scripts.length === 0) throw new StepError(`no target is called ${positionals.join(" or ")}`);
  const broken = [];
  if (native.length > 0) {
    const program = build();
    for (const target of native) if (!drives(program, target, seconds)) broken.push(target);
  }
  if (scripts.length > 0) {
    run("cargo", ["xtask", "build"]);
    const folder = install();
    try {
      for (const file of scripts) if (!repeats(file, seconds, withInstalled(folder))) broken.push(file);
    } finally {
      uninstall(folder);
    }
  }
  if (broken.length > 0) throw new StepError(`found something: ${broken.join(", ")}`);
}

/** Builds the targets for libFuzzer, separate from everything else, and returns the program. */
function build() {
  const host = output("rustc", ["--print=host-tuple"]);
  const args = ["test", "--package=keyturn-fuzz", "--test=targets", `--target=${host}`, "--no-run"];
  const env = { ...process.env, RUSTFLAGS: FLAGS.join(" "), CARGO_TARGET_DIR: join(root, "target/fuzz") };
  run("cargo", args, { env });
  const messages = output("cargo", [...args, "--message-format=json", "--quiet"], { env }) ?? "";
  const made = messages
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .find(({ target, executable }) => executable && target.name === "targets");
  if (made === undefined) throw new StepError("cargo did not say where the targets are");
  return made.executable;
}

/**
 * Runs a target with libFuzzer. Intermediate inputs are kept outside of the repository; failing ones are written into
 * it.
 */
function drives(program, target, seconds) {
  say(`${target}, for ${seconds} s`);
  const kept = join(root, "target/fuzz/corpus", target);
  mkdirSync(kept, { recursive: true });
  const committed = join(root, "fuzz/corpus", target);
  const options = [`-max_total_time=${seconds}`, "-max_len=8192", "-print_final_stats=1", "-verbosity=1"];
  const args = [kept, committed, ...options, `-artifact_prefix=${committed}/`];
  const env = { ...process.env, BOLERO_LIBFUZZER_ARGS: args.join(" ") };
  return (
    spawnSync(program, ["--exact", target, "--nocapture", "--test-threads=1"], { stdio: "inherit", env }).status === 0
  );
}

/** Runs a JavaScript target with one seed after another. */
function repeats(file, seconds, env) {
  say(`${file}, for ${seconds} s`);
  const end = Date.now() + seconds * 1000;
  for (let seed = Date.now() % 2 ** 31; Date.now() < end; seed++) {
    const { status } = spawnSync(process.execPath, ["--test", "--test-reporter=dot", join("tests/fuzz", file)], {
      cwd: root,
      stdio: "inherit",
      env: { ...env, KEYTURN_SEED: String(seed), KEYTURN_RUNS: "5000" },
    });
    if (status !== 0) return false;
  }
  return true;
}

if (isMain(import.meta.url)) await drive(fuzz);
