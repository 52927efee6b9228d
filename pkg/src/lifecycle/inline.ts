/** The lifecycle's WebAssembly module, from the bytes embedded in its entries. */

import type { WasmModule } from "../base/platform.js";
import { unpack } from "../core/unpack.js";
import { length, shift, text } from "../generated/lifecycle-bytes.js";

/** Compiles the module synchronously, which browsers allow up to a few megabytes. */
export function inlineModule(): WasmModule {
  return new WebAssembly.Module(unpack(text, shift, length));
}
