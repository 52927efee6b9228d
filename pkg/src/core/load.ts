/** Loads the core from a place that the user provides, for entries that do not contain it. */

import { provide } from "./instance.js";
import { type ModuleSource, moduleFrom } from "./module.js";

let ready: Promise<void> | undefined;

/**
 * Loads the core's module from a place of your choice: the content of `keyturn/core.wasm` as bytes, a
 * `WebAssembly.Module`, a response, or the address of one.
 *
 * @throws {@link ConfigurationError} if the module cannot be loaded or used. The function can then be called again.
 */
export function load(from: ModuleSource): Promise<void> {
  ready ??= moduleFrom(from, ["core.wasm", "load"]).then(provide, (error: unknown) => {
    ready = undefined;
    throw error;
  });
  return ready;
}
