/** The client for standalone functions: `keyturn/compat/core.js`. */

export { ConductoroneSDKTypescriptCore } from "./index.js";
