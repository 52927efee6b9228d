/** What the root of `keyturn/compat` exports, whatever the runtime, besides clients. */

export type { SDKProps } from "./client.js";
export { type SDKOptions, ServerList } from "./lib/config.js";
