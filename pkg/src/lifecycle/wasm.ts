/** The one instance of the lifecycle's Rust, made on first use. It is apart from the core, so that only who needs it has it. */

import { InternalError, KeyturnError } from "../base/errors.js";
import type { WasmModule } from "../base/platform.js";
import * as glue from "../generated/lifecycle-glue.js";

/** What the lifecycle's Rust exports. */
export type Rust = typeof glue;

let source: WasmModule | (() => WasmModule) | undefined;
let running = false;

/** Says where the module comes from. Each entry calls it once; nothing is compiled yet. */
export function provide(from: WasmModule | (() => WasmModule)): void {
  source ??= from;
}

/**
 * Runs something in it. What Rust throws on purpose is a text or an error of this package, and passes. A trap is an `Error`: it leaves the
 * instance in an unknown state, and the next call starts from a fresh one. @internal
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
    glue.__wbg_reset_state();
    throw new InternalError("the lifecycle's Rust failed; this is a defect in keyturn", { cause: error });
  }
}
