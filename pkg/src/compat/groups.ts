/** The types of the client's groups: `keyturn/compat/sdk/connector.js` and its like. */

export type * from "../generated/compat/groups.js";
