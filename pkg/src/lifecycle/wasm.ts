/**
 * The single instance of the lifecycle's Rust module, created on first use. It is separate from the core, so that only
 * programs that need it load it.
 */

import { InternalError, KeyturnError } from "../base/errors.js";
import type { WasmModule } from "../base/platform.js";
import * as glue from "../generated/lifecycle-glue.js";

/** What the lifecycle's Rust exports. */
export type Rust = typeof glue;

let source: WasmModule | (() => WasmModule) | undefined;
let running = false;
let instance = 0;

/** Sets where the module comes from. Each entry calls it once; nothing is compiled yet. */
export function provide(from: WasmModule | (() => WasmModule)): void {
  source ??= from;
}

/**
 * Returns the number of the current instance. Objects that were made in an earlier one are gone, and are refused.
 * @internal
 */
export function instanceId(): number {
  return instance;
}

/** The glue's message for an object that was made in an earlier instance. */
const STALE = /stale object/;

/**
 * Runs a function in the instance. What Rust throws on purpose, a text or an error of this package, is passed on. Any
 * other `Error` is a trap: it leaves the instance in an unknown state, so the next call starts with a fresh one.
 * @internal
 */
export function rust<T>(run: (exports: Rust) => T): T {
  if (!running) {
    if (source === undefined) throw new InternalError("no entry of keyturn/lifecycle has been loaded");
    if (typeof source === "function") source = source();
    glue.initSync({ module: source });
    running = true;
  }
  try {
    return run(glue);
  } catch (error) {
    if (!(error instanceof Error) || KeyturnError.is(error)) throw error;
    // A stale object belongs to a call that was under way when an earlier instance broke. The current one works and is
    // in use.
    if (!STALE.test(error.message)) {
      instance++;
      glue.__wbg_reset_state();
    }
    throw new InternalError("the lifecycle's engine failed; this is a bug in keyturn", { cause: error });
  }
}

/** Creates an object in the instance, uses it at once, and frees it unless its instance broke meanwhile. @internal */
export function withRust<T extends { free(): void }, R>(make: (exports: Rust) => T, work: (made: T) => R): R {
  const made = rust(make);
  const madeIn = instance;
  try {
    return work(made);
  } finally {
    if (madeIn === instance) made.free();
  }
}
