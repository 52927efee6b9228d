/** What every entry of the package exports. */

export { ConductorOne, ConductoroneSDKTypescript } from "./client.js";
export {
  Credentials,
  accessToken,
  clientSecretPost,
  deviceLogin,
  signedAssertion,
  tokenExchange,
  tokenFunction,
  type AuthenticationMethod,
  type ClientCredentials,
  type DeviceLogin,
  type SubjectToken,
  type TokenExchange,
} from "./auth/credentials.js";
export type { DpopOptions } from "../auth/dpop.js";
export type { DeviceCode } from "../auth/plan.js";
export type { Authentication } from "./auth/environment.js";
export { createPersonalClient, type PersonalClient, type PersonalClientLimits } from "./auth/personal-client.js";
export { Secret } from "../auth/secret.js";
export type { Lease, StoredEntry, TokenStore } from "../auth/sharing.js";
export { encryptedStore, memoryStore, webStore, type StorageArea, type WebStorage } from "../auth/stores.js";
export { fileToken, gitHubActionsToken, gitLabToken, variableToken, type GitHubActions } from "./auth/subject.js";
export type { Environment } from "./auth/surroundings.js";
export * from "../base/errors.js";
export { Paged, type Page } from "./paging.js";
export type { Call, Envelope, Problem } from "./envelope.js";
export type { ClientOptions, ClientOptions as SDKOptions } from "./options.js";
export type {
  BackoffStrategy,
  Clock,
  Fetch,
  HTTPClientLike,
  Logger,
  RequestOptions,
  RetryConfig,
  Security,
} from "../base/options.js";
export type * as shared from "../generated/models.js";
export type * as operations from "../generated/operations.js";
