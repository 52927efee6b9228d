/** A credential of a program's own, made by the person who has just logged in. */

import { Secret } from "../../auth/secret.js";
import { ConfigurationError, InternalError } from "../../base/errors.js";
import type { RequestOptions } from "../../base/options.js";
import type { ConductorOne } from "../client.js";

/** What a new personal client may do. Each limit has to be said, also that there is none. */
export interface PersonalClientLimits {
  /** What people see in the list of their clients. */
  displayName: string;
  /** Days until it expires, 1 to 3650, or `"never"`. */
  expiresInDays: number | "never";
  /** Ids of the roles that it is limited to, or `"all"` for everything that its person may do. */
  scopedRoles: readonly string[] | "all";
  /** The addresses that may use it, as `192.0.2.0/24`, at most 32; or `"anywhere"`. */
  allowSourceCidr: readonly string[] | "anywhere";
}

/** A personal client, and its secret, which nobody will show again. */
export interface PersonalClient {
  clientID: string;
  clientSecret: Secret;
}

/**
 * Makes a personal client for whoever `c1` is logged in as. There is no default for its limits: a key that may do everything,
 * from anywhere, for ever, is one that somebody asked for in so many words.
 *
 * ```ts
 * const c1 = new ConductorOne({ tenantDomain: "acme", credentials: deviceLogin({ clientID, onCode }) });
 * const limits = { displayName: "laptop", expiresInDays: 30, scopedRoles: [role], allowSourceCidr: ["192.0.2.0/24"] };
 * const { clientID, clientSecret } = await createPersonalClient(c1, limits);
 * ```
 * @throws {@link ConfigurationError} for a limit that is not said, before anything is sent; otherwise as any call.
 */
export async function createPersonalClient(
  c1: ConductorOne,
  limits: PersonalClientLimits,
  options?: RequestOptions,
): Promise<PersonalClient> {
  const { displayName, expiresInDays: days, scopedRoles: roles, allowSourceCidr: cidrs } = limits;
  const wrong = (option: string, message: string): never => {
    throw new ConfigurationError(option, "limit_missing", `${option}: ${message}`);
  };
  if (typeof displayName !== "string" || displayName.trim() === "") wrong("displayName", "give it a name");
  if (days !== "never" && !(Number.isInteger(days) && days >= 1 && days <= 3650)) {
    wrong("expiresInDays", 'a whole number of days from 1 to 3650, or "never"');
  }
  const named = (list: unknown): boolean =>
    Array.isArray(list) && list.length > 0 && list.every((one) => typeof one === "string" && one.trim() !== "");
  if (roles !== "all" && !named(roles)) wrong("scopedRoles", 'a list of role ids, or "all"');
  if (cidrs !== "anywhere" && !(named(cidrs) && cidrs.length <= 32))
    wrong("allowSourceCidr", 'a list of 1 to 32 address ranges, or "anywhere"');

  const request = {
    displayName,
    ...(days === "never" ? {} : { expires: `${days * 86_400}s` }),
    ...(roles === "all" ? {} : { scopedRoles: [...roles] }),
    ...(cidrs === "anywhere" ? {} : { allowSourceCidr: [...cidrs] }),
  };
  const { personalClientServiceCreateResponse: made } = await c1.personalClient.create(request, options);
  const clientSecret = made && Secret.take(made, "clientSecret");
  if (!made?.client?.clientId || !clientSecret) {
    throw new InternalError("the server made a personal client and did not say its id and secret");
  }
  return { clientID: made.client.clientId, clientSecret };
}
