/** The core's module from the bytes that the default entries carry. */

import type { WasmModule } from "../base/platform.js";
import { length, shift, text } from "../generated/core-bytes.js";
import { unpack } from "./unpack.js";

/** Compiles the core. Synchronous, which browsers allow up to some megabytes. */
export function inlineModule(): WasmModule {
  return new WebAssembly.Module(unpack(text, shift, length));
}
