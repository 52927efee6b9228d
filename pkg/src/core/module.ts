/** WebAssembly modules: from their bytes, or from a place that the user provides. */

import { ConfigurationError } from "../base/errors.js";
import type { Bytes, WasmModule } from "../base/platform.js";

/** Where a module can come from. */
export type ModuleSource = WasmModule | Bytes | Response | PromiseLike<Response> | URL | string;

/**
 * Compiles a module synchronously, which browsers allow up to some megabytes. The code does not even mention
 * `WebAssembly.compile`, since runtimes at the edge rewrite or refuse every script that does.
 *
 * @throws {@link ConfigurationError} that says what to change, if the environment does not allow it.
 */
export function moduleOf(bytes: Bytes): WasmModule {
  if (typeof WebAssembly === "undefined")
    throw unusable(
      "missing",
      "this runtime lacks WebAssembly, which keyturn needs. React Native's Hermes never has it, and some browsers " +
        "disable it: make the calls on a server",
    );
  try {
    return new WebAssembly.Module(bytes as BufferSource);
  } catch (cause) {
    // Policies forbid compilation but not validation, which therefore tells a policy from bytes that this runtime does
    // not accept as WebAssembly.
    if (!WebAssembly.validate(bytes as BufferSource))
      throw unusable("unsupported", "this runtime cannot compile these bytes as WebAssembly; it may be too old", cause);
    throw unusable(
      "forbidden",
      "this page or runtime does not allow compiling WebAssembly. In a page's content security policy, " +
        "`script-src` needs only 'wasm-unsafe-eval'",
      cause,
    );
  }
}

/**
 * Loads the module of a file of this package from a place that the user provides.
 *
 * @param file Its name, and the option through which it was passed.
 * @throws {@link ConfigurationError} if the module cannot be loaded or used.
 */
export async function moduleFrom(from: ModuleSource, [file, option]: readonly [string, string]): Promise<WasmModule> {
  const given = await from;
  // Checked by capability, since each of these may belong to another realm, or to a library.
  if (Object.prototype.toString.call(given) === "[object WebAssembly.Module]") return given as WasmModule;
  const address = typeof given === "string" || Object.prototype.toString.call(given) === "[object URL]";
  const response = address ? await fetch(given as URL) : given;
  if (typeof (response as Response | undefined)?.arrayBuffer !== "function") return moduleOf(response as Bytes);
  const { ok, status, url } = response as Response;
  if (ok) return moduleOf(await (response as Response).arrayBuffer());
  throw new ConfigurationError(option, "not_found", `${option}: ${file} is not at ${url}: the response was ${status}`);
}

function unusable(why: string, message: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError("WebAssembly", `webassembly_${why}`, message, { cause });
}
