/** The messages and enumerations: `keyturn/compat/sdk/models/shared`. */

import { argumentsOf } from "../base/checked.js";

/** A token under both of its names. The client's option accepts either one. */
export type Security = {
  bearerAuth: string;
  oauth: string;
};

export * from "../generated/compat/json.js";
export * from "../generated/compat/models.js";

/** The JSON text of a `security` option, for programs that store a token. */
export function securityToJSON(security: Security): string {
  const { bearerAuth, oauth } = argumentsOf("security", security);
  return JSON.stringify({ bearerAuth, oauth });
}
