/** What the root of `keyturn/compat` exports, whatever the runtime. */

export { ConductoroneSDKTypescript, ConductoroneSDKTypescriptCore, type SDKProps } from "./client.js";
export { ServerList, type SDKOptions } from "./lib/config.js";
