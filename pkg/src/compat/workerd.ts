/** The entry for Cloudflare's workerd; see the one of the package itself. */

import { provide } from "../core/instance.js";
// @ts-expect-error workerd and its bundlers give a WebAssembly.Module here.
import module from "../../core.wasm";

provide(module as WebAssembly.Module);

export * from "./exports.js";
