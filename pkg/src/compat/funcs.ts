/** The standalone functions: `keyturn/compat/funcs/*.js`. */

export * from "../generated/compat/funcs.js";
