/** The core from wherever a user has it: for entries that do not carry it. */

import { provide } from "./instance.js";
import { type ModuleSource, moduleFrom } from "./module.js";

let ready: Promise<void> | undefined;

/**
 * Takes the core's module from wherever you have it: what is in `keyturn/core.wasm` as bytes, a `WebAssembly.Module`, a response,
 * or the address of one.
 *
 * @throws {@link ConfigurationError} if it cannot be had or used. It can be called again then.
 */
export function load(from: ModuleSource): Promise<void> {
  ready ??= moduleFrom(from, ["core.wasm", "load"]).then(provide, (error: unknown) => {
    ready = undefined;
    throw error;
  });
  return ready;
}
