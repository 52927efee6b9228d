/** The entry for Cloudflare's workerd, which compiles no bytes at run time but imports modules. */

// @ts-expect-error workerd and its bundlers give a WebAssembly.Module here.
import module from "../../core.wasm";
import { provide } from "../core/instance.js";

provide(module as WebAssembly.Module);

export * from "./exports.js";
export { default } from "./exports.js";
