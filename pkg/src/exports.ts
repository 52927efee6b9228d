/** What every entry of the package exports. */

export { ConductorOne, ConductoroneSDKTypescript } from "./client.js";
export * from "./errors.js";
export { Paged, type Page } from "./paging.js";
export type { Call, Envelope, Problem } from "./call.js";
export type {
  BackoffStrategy,
  ClientOptions,
  ClientOptions as SDKOptions,
  Fetch,
  HTTPClientLike,
  Logger,
  RequestOptions,
  RetryConfig,
  Security,
} from "./options.js";
export type * as shared from "./generated/models.js";
export type * as operations from "./generated/operations.js";
