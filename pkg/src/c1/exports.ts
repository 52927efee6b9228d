/** What every entry of the package exports, besides the client, which needs the core. */

export type { DpopOptions } from "../auth/dpop.js";
export type { Around, DeviceCode } from "../auth/plan.js";
export { Secret } from "../auth/secret.js";
export type { Lease, StoredEntry, TokenStore } from "../auth/sharing.js";
export { encryptedStore, memoryStore, type StorageArea, type WebStorage, webStore } from "../auth/stores.js";
export * from "../base/errors.js";
export type {
  BackoffStrategy,
  ClientFetchOptions,
  Clock,
  Connection,
  Fetch,
  FetchOptions,
  HTTPClientLike,
  Logger,
  RequestOptions,
  RetryConfig,
  Security,
} from "../base/options.js";
export type * as shared from "../generated/models.js";
export type * as operations from "../generated/operations.js";
export type { ProxyAddress } from "../http/relay.js";
export {
  type AuthenticationMethod,
  accessToken,
  type ClientCredentials,
  Credentials,
  clientSecretPost,
  type DeviceLogin,
  deviceLogin,
  type SubjectToken,
  signedAssertion,
  type TokenExchange,
  tokenExchange,
  tokenFunction,
} from "./auth/credentials.js";
export type { Authentication } from "./auth/environment.js";
export { createPersonalClient, type PersonalClient, type PersonalClientLimits } from "./auth/personal-client.js";
export { fileToken, type GitHubActions, gitHubActionsToken, gitLabToken, variableToken } from "./auth/subject.js";
export type { Environment } from "./auth/surroundings.js";
export type { Call, Envelope, Problem } from "./envelope.js";
export type { ClientOptions, ClientOptions as SDKOptions } from "./options.js";
export { type Page, Paged } from "./paging.js";
