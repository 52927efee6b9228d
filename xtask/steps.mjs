// Small helpers for the set-up, start and test drivers. They use only Node's own modules, because set-up runs before
// `npm ci`.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A failure whose message is complete, so that it is printed without a stack. */
export class StepError extends Error {}

/** Prints one line about the current step. */
export function say(text) {
  console.log(`keyturn: ${text}`);
}

/** Runs a program to its end, and shows its output. Throws a `StepError` if it fails. */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: root, stdio: "inherit", ...options });
  if (result.error && result.error.code !== "ETIMEDOUT") {
    throw new StepError(`cannot run ${program}: ${result.error.message}`);
  }
  if (result.status !== 0) {
    const why = result.error
      ? `took longer than ${options.timeout / 1000} s`
      : `ended with ${result.status ?? result.signal}`;
    throw new StepError(`\`${[program, ...args].join(" ")}\` ${why}`);
  }
}

/** Runs npm, which is a script of the shell on Windows. */
export function npm(args, options = {}) {
  run("npm", args, { shell: process.platform === "win32", ...options });
}

/** Returns what a program prints, without the last line end; `undefined` if the program is missing or fails. */
export function output(program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26, ...options });
  return result.status === 0 ? result.stdout.trimEnd() : undefined;
}

/** Returns the full path of the first of these programs that is installed, or `undefined`. */
export function findProgram(...names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      const path = join(folder, process.platform === "win32" ? `${name}.exe` : name);
      if (folder !== "" && existsSync(path)) return path;
    }
  }
  return undefined;
}

/** Runs `main` and turns a `StepError` into one plain line and exit code 1. */
export async function drive(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    console.error(`keyturn: ${error.message}`);
    process.exitCode = 1;
  }
}

/** Returns true if `node` was asked to run this file. */
export function isMain(url) {
  return process.argv[1] !== undefined && fileURLToPath(url) === process.argv[1];
}
