/** The client for standalone functions: `keyturn/compat/core.js`. */

import "./provide.js";

export { ConductoroneSDKTypescriptCore } from "./client.js";
