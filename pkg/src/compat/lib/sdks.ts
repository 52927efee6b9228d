/** The official SDK's options of a call. */

export type { ConductoroneSDKTypescriptCore as ClientSDK } from "../client.js";
export type { RequestOptions } from "../options.js";
