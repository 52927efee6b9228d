/** The messages and enumerations: `keyturn/compat/sdk/models/shared`. */

export type { Security } from "../base/options.js";
export * from "../generated/compat/json.js";
export * from "../generated/compat/models.js";
