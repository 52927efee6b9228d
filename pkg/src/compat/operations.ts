/** The requests and responses of operations: `keyturn/compat/sdk/models/operations`. */

export * from "../generated/compat/operations.js";
