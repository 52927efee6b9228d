/** The official SDK's options of a call. */

import type { RequestOptions as Options } from "../../options.js";

/** The options of one call. Whatever `fetch` takes besides may stand beside them, `signal` and `headers` first of all. */
export type RequestOptions = Pick<Options, "timeoutMs" | "retries" | "retryCodes" | "serverURL" | "fetchOptions"> &
  Omit<RequestInit, "method" | "body">;

export type { ConductoroneSDKTypescriptCore as ClientSDK } from "../client.js";
