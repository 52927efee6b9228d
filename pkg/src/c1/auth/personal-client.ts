/** A program's own credential, created by the person who has just logged in. */

import { Secret } from "../../auth/secret.js";
import { argumentsOf } from "../../base/checked.js";
import { ConfigurationError, InternalError } from "../../base/errors.js";
import type { RequestOptions } from "../../base/options.js";
import type { ConductorOne } from "../client.js";
import { type Limits, limited } from "./limits.js";

/** What a new personal client may do. Each limit must be stated, even if there is none. */
export interface PersonalClientLimits extends Limits {
  /** What people see in the list of their clients. */
  displayName: string;
}

/** A personal client, and its secret, which is shown only once. */
export interface PersonalClient {
  clientID: string;
  clientSecret: Secret;
}

/**
 * Creates a personal client for the user that `c1` is logged in as. Its limits have no defaults: a key that may do
 * everything, from anywhere, forever, must be requested explicitly.
 *
 * ```ts
 * const c1 = new ConductorOne({ tenantDomain: "acme", credentials: deviceLogin({ clientID, onCode }) });
 * const limits = { displayName: "laptop", expiresInDays: 30, scopedRoles: [role], allowSourceCidr: ["192.0.2.0/24"] };
 * const { clientID, clientSecret } = await createPersonalClient(c1, limits);
 * ```
 * @throws {@link ConfigurationError} for a limit that is not stated, before anything is sent; otherwise like any call.
 */
export async function createPersonalClient(
  c1: ConductorOne,
  limits: PersonalClientLimits,
  options?: RequestOptions,
): Promise<PersonalClient> {
  const { displayName } = argumentsOf("limits", limits);
  if (typeof displayName !== "string" || displayName.trim() === "")
    throw new ConfigurationError("displayName", "limit_missing", "displayName: must not be empty");
  const { allowSourceCidrs: allowSourceCidr, ...others } = limited(limits);
  const request = { displayName, ...others, ...(allowSourceCidr ? { allowSourceCidr } : {}) };
  const { personalClientServiceCreateResponse: made } = await c1.personalClient.create(request, options);
  const clientSecret = made && Secret.take(made, "clientSecret");
  if (!made?.client?.clientId || !clientSecret) {
    throw new InternalError("the server created a personal client, but did not return its id and secret");
  }
  return { clientID: made.client.clientId, clientSecret };
}
