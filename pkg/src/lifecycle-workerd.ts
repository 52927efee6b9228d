/** `keyturn/lifecycle` for Cloudflare's workerd, which imports modules but cannot compile bytes at run time. */

// @ts-expect-error workerd and its bundlers give a WebAssembly.Module here.
import module from "../lifecycle.wasm";
import { provide } from "./lifecycle/wasm.js";

provide(module as WebAssembly.Module);

export * from "./lifecycle/exports.js";
