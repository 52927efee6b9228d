/**
 * The entry for pages that must stay small: the core's module is a separate file, `keyturn/core.wasm`.
 *
 * ```ts
 * import { load, ConductorOne } from "keyturn/slim";
 * await load(new URL("/assets/core.wasm", location.href));
 * ```
 */

export { ConductorOne, ConductorOne as ConductoroneSDKTypescript } from "./c1/client.js";
export * from "./c1/exports.js";
export { load } from "./core/load.js";
