/**
 * The one instance of the lifecycle's Rust, made on first use. It is separate from the core, so that only programs
 * that need it load it.
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

/** Identifies the instance. What was made in an earlier one is gone, and is refused. @internal */
export function instanceId(): number {
  return instance;
}

/** The glue's message for an object that was made in an earlier instance. */
const STALE = /stale object/;

/**
 * Runs a function in it. What Rust throws on purpose is a text or an error of this package, and is passed on. A trap
 * is an `Error`: it leaves the instance in an unknown state, and the next call starts from a fresh one. @internal
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
    // A call that was under way when the instance before broke ends here. The new one works, and others are using it.
    if (!STALE.test(error.message)) {
      instance++;
      glue.__wbg_reset_state();
    }
    throw new InternalError("the lifecycle's engine failed; this is a bug in keyturn", { cause: error });
  }
}

/** Makes an object in it, uses it at once, and frees it, unless its instance broke meanwhile. @internal */
export function withRust<T extends { free(): void }, R>(make: (exports: Rust) => T, work: (made: T) => R): R {
  const made = rust(make);
  const madeIn = instance;
  try {
    return work(made);
  } finally {
    if (madeIn === instance) made.free();
  }
}
