/** What the root of `keyturn/compat` exports, whatever the runtime. */

export { ConductoroneSDKTypescript, ConductoroneSDKTypescriptCore, type SDKProps } from "./client.js";
export { type SDKOptions, ServerList } from "./lib/config.js";
