/** The types of the client's groups: `keyturn/compat/sdk/connector.js` and others. */

export type * from "../generated/compat/groups.js";
