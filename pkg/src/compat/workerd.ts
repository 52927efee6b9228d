/** The entry for Cloudflare's workerd; see the one of the package itself. */

// @ts-expect-error workerd and its bundlers give a WebAssembly.Module here.
import module from "../../core.wasm";
import { provide } from "../core/instance.js";

provide(module as WebAssembly.Module);

export * from "./exports.js";
