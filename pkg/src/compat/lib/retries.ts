/** The official SDK's retry options. */

export type { BackoffStrategy, RetryConfig } from "../../base/options.js";
