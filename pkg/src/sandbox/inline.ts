/** The sandbox's module, from the bytes that the entries contain. */

import type { WasmModule } from "../base/platform.js";
import { moduleOf } from "../core/module.js";
import { unpack } from "../core/unpack.js";
import { length, shift, text } from "../generated/sandbox-bytes.js";

/** Compiles the sandbox. */
export function inlineModule(): WasmModule {
  return moduleOf(unpack(text, shift, length));
}
