/** The entry for Cloudflare's workerd, which compiles no bytes at run time but imports modules. */

// @ts-expect-error workerd and its bundlers give a WebAssembly.Module here.
import module from "../../core.wasm";
import { withCore } from "../core/instance.js";
import { ResourceAdapter as Adapter, apiResourceAdapter as adapter } from "./adapter.js";
import * as revoking from "./auth/revoke.js";
import { jwtVerify as verify } from "./auth/verify.js";
import * as client from "./client.js";

export * from "./exports.js";

/** A client of the Provisioning API. */
export const CommerceLayerProvisioningClient: typeof client.CommerceLayerProvisioningClient = /* @__PURE__ */ withCore(
  client.CommerceLayerProvisioningClient,
  module as WebAssembly.Module,
);
/** A client of the Provisioning API. */
export type CommerceLayerProvisioningClient = client.CommerceLayerProvisioningClient;
/** A client of the Provisioning API. */
export const CommerceLayerProvisioning: typeof client.CommerceLayerProvisioning = /* @__PURE__ */ withCore(
  client.CommerceLayerProvisioning,
  module as WebAssembly.Module,
);
export default CommerceLayerProvisioning;
/** Functions that need no client. */
export const CommerceLayerProvisioningStatic: typeof client.CommerceLayerProvisioningStatic = /* @__PURE__ */ withCore(
  client.CommerceLayerProvisioningStatic,
  module as WebAssembly.Module,
);
/** The adapter through which resources make their calls. */
export const ResourceAdapter: typeof Adapter = /* @__PURE__ */ withCore(Adapter, module as WebAssembly.Module);
/** The adapter through which resources make their calls. */
export type ResourceAdapter = Adapter;
/** Creates an adapter. */
export const apiResourceAdapter: typeof adapter = /* @__PURE__ */ withCore(adapter, module as WebAssembly.Module);
/** Gets a token without a client. */
export const fetchToken: typeof revoking.fetchToken = /* @__PURE__ */ withCore(
  revoking.fetchToken,
  module as WebAssembly.Module,
);
/** Revokes a token. */
export const revoke: typeof revoking.revoke = /* @__PURE__ */ withCore(revoking.revoke, module as WebAssembly.Module);
/** Verifies the signature and the claims of a token. */
export const jwtVerify: typeof verify = /* @__PURE__ */ withCore(verify, module as WebAssembly.Module);
