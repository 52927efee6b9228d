/** The core's module from the bytes that the default entries carry. */

import type { WasmModule } from "../base/platform.js";
import { length, shift, text } from "../generated/core-bytes.js";
import { moduleOf } from "./module.js";
import { unpack } from "./unpack.js";

/** Compiles the core. */
export function inlineModule(): WasmModule {
  return moduleOf(unpack(text, shift, length));
}
