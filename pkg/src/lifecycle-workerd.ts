/** `keyturn/lifecycle` for Cloudflare's workerd, which compiles no bytes at run time but imports modules. */

// @ts-expect-error workerd and its bundlers give a WebAssembly.Module here.
import module from "../lifecycle.wasm";
import { provide } from "./lifecycle/wasm.js";

provide(module as WebAssembly.Module);

export * from "./lifecycle/exports.js";
