/** The requests and answers of operations: `keyturn/compat/sdk/models/operations`. */

export * from "../generated/compat/operations.js";
