/** The same as `carried.ts`, for workerd. */

// @ts-expect-error workerd and its bundlers give a WebAssembly.Module here.
import module from "../../core.wasm";

/** The core's module. */
export const source = module as WebAssembly.Module;
