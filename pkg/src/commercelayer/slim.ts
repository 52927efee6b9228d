/**
 * The entry for pages that count bytes: the core's module is a file of its own, `keyturn/core.wasm`.
 *
 * ```ts
 * import { load, CommerceLayerProvisioning } from "keyturn/commercelayer/slim";
 * await load(new URL("/assets/core.wasm", location.href));
 * ```
 */

export { load } from "../core/instance.js";
export * from "./exports.js";
export { default } from "./exports.js";
