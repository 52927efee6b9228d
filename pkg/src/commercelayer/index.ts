/** `keyturn/commercelayer`: contains the core's bytes, so it works wherever JavaScript runs, without configuration. */

import { inlineModule } from "../core/inline.js";
import { withCore } from "../core/instance.js";
import { ResourceAdapter as Adapter, apiResourceAdapter as adapter } from "./adapter.js";
import * as revoking from "./auth/revoke.js";
import { jwtVerify as verify } from "./auth/verify.js";
import * as client from "./client.js";

export * from "./exports.js";

/** A client of the Provisioning API. */
export const CommerceLayerProvisioningClient: typeof client.CommerceLayerProvisioningClient = /* @__PURE__ */ withCore(
  client.CommerceLayerProvisioningClient,
  inlineModule,
);
/** A client of the Provisioning API. */
export type CommerceLayerProvisioningClient = client.CommerceLayerProvisioningClient;
/** A client of the Provisioning API. */
export const CommerceLayerProvisioning: typeof client.CommerceLayerProvisioning = /* @__PURE__ */ withCore(
  client.CommerceLayerProvisioning,
  inlineModule,
);
export default CommerceLayerProvisioning;
/** Functions that need no client. */
export const CommerceLayerProvisioningStatic: typeof client.CommerceLayerProvisioningStatic = /* @__PURE__ */ withCore(
  client.CommerceLayerProvisioningStatic,
  inlineModule,
);
/** The adapter through which resources make their calls. */
export const ResourceAdapter: typeof Adapter = /* @__PURE__ */ withCore(Adapter, inlineModule);
/** The adapter through which resources make their calls. */
export type ResourceAdapter = Adapter;
/** Creates an adapter. */
export const apiResourceAdapter: typeof adapter = /* @__PURE__ */ withCore(adapter, inlineModule);
/** Gets a token without a client. */
export const fetchToken: typeof revoking.fetchToken = /* @__PURE__ */ withCore(revoking.fetchToken, inlineModule);
/** Revokes a token. */
export const revoke: typeof revoking.revoke = /* @__PURE__ */ withCore(revoking.revoke, inlineModule);
/** Verifies the signature and the claims of a token. */
export const jwtVerify: typeof verify = /* @__PURE__ */ withCore(verify, inlineModule);
