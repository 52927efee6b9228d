/** What the root of `keyturn/compat` exports in every runtime besides clients. */

export type { SDKProps } from "./client.js";
export { type SDKOptions, ServerList } from "./lib/config.js";
