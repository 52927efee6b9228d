/** The exports of every entry of `keyturn/commercelayer`, except those that need the core. */

export { Secret } from "../auth/secret.js";
export * from "../generated/commercelayer.js";
export type * from "../generated/commercelayer-models.js";
export type { ProxyAddress } from "../http/relay.js";
export * from "./auth/index.js";
export type {
  ClientConfig,
  ClientInitConfig,
  CommerceLayerConfig,
  CommerceLayerInitConfig,
  RequestConfig,
  RequestHeaders,
  RequestParams,
  ResourcesConfig,
  ResourcesInitConfig,
} from "./config.js";
export { ApiCredentials } from "./credentials.js";
export { ApiError, type ApiErrorObject, type ErrorContext, ErrorType, SdkError } from "./errors.js";
export {
  type ErrorInterceptor,
  type ErrorObj,
  FetchError,
  type HeadersObj,
  type InterceptorType,
  type RawResponseReader,
  type RequestInterceptor,
  type RequestObj,
  type ResponseInterceptor,
  type ResponseObj,
} from "./interceptors.js";
export { denormalize, linksOf, metaOf, type Spelling } from "./jsonapi/denormalize.js";
export { isResourceId, isResourceType, resourceList, singletonList } from "./jsonapi/document.js";
export { ListResponse } from "./jsonapi/list.js";
export { normalize } from "./jsonapi/normalize.js";
export { generateQueryStringParams, generateSearchString, isParamsList } from "./jsonapi/query.js";
export { sortObjectFields } from "./jsonapi/sort.js";
export type * from "./model.js";
export { PagedList } from "./paging.js";
export type * from "./params.js";
export type { CredentialSink, Replacement, ReplacementStep, ReplaceOptions } from "./replace.js";
export { ReplacementError, type ReplacementReason, type ReplacementStepName } from "./replacement-error.js";
export { ApiResource, ApiResourceBase, ApiSingleton } from "./resource.js";
export { type ResponseFacts, responseOf } from "./response.js";
export { sleep } from "./sleep.js";
export { OPEN_API_SCHEMA_VERSION } from "./static.js";
export type { CredentialPair } from "./succession.js";
