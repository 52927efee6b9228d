/** The messages and enumerations: `keyturn/compat/sdk/models/shared`. */

import type { Security } from "../base/options.js";

export type { Security };
export * from "../generated/compat/json.js";
export * from "../generated/compat/models.js";

/** The JSON text of a `security` option: a token, for whoever stores one. */
export function securityToJSON({ bearerAuth, oauth }: Security): string {
  return JSON.stringify({ bearerAuth, oauth });
}
