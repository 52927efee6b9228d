/** The messages and enumerations: `keyturn/compat/sdk/models/shared`. */

/** A token by both of its names. The client's option takes either alone. */
export type Security = {
  bearerAuth: string;
  oauth: string;
};

export * from "../generated/compat/json.js";
export * from "../generated/compat/models.js";

/** The JSON text of a `security` option: a token, for whoever stores one. */
export function securityToJSON({ bearerAuth, oauth }: Security): string {
  return JSON.stringify({ bearerAuth, oauth });
}
