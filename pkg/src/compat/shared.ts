/** The messages and enumerations: `keyturn/compat/sdk/models/shared`. */

export * from "../generated/compat/models.js";
export * from "../generated/compat/json.js";
export type { Security } from "../base/options.js";
