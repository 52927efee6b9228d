/**
 * The entry for pages that count bytes: the core's module is a file of its own, `keyturn/core.wasm`.
 *
 * ```ts
 * import { load, CommerceLayerProvisioning } from "keyturn/commercelayer/slim";
 * await load(new URL("/assets/core.wasm", location.href));
 * ```
 */

export { load } from "../core/load.js";
export { apiResourceAdapter, ResourceAdapter } from "./adapter.js";
export { fetchToken, revoke } from "./auth/revoke.js";
export { jwtVerify } from "./auth/verify.js";
export {
  CommerceLayerProvisioning,
  CommerceLayerProvisioning as default,
  CommerceLayerProvisioningClient,
  CommerceLayerProvisioningStatic,
} from "./client.js";
export * from "./exports.js";
