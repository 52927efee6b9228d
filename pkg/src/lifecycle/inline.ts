/** The lifecycle's module from the bytes that its entries carry. */

import type { WasmModule } from "../base/platform.js";
import { unpack } from "../core/unpack.js";
import { length, shift, text } from "../generated/lifecycle-bytes.js";

/** Compiles it. Synchronous, which browsers allow up to some megabytes. */
export function inlineModule(): WasmModule {
  return new WebAssembly.Module(unpack(text, shift, length));
}
