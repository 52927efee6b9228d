/** What every entry of `keyturn/commercelayer` exports. */

export { CommerceLayerProvisioning, CommerceLayerProvisioning as default, CommerceLayerProvisioningClient, CommerceLayerProvisioningStatic } from "./client.js";
export { ResourceAdapter, apiResourceAdapter } from "./adapter.js";
export { ApiResource, ApiResourceBase, ApiSingleton } from "./resource.js";
export * from "../generated/commercelayer.js";
export { ApiCredentials } from "./credentials.js";
export type { CredentialPair, CredentialSink, ReplaceOptions, Replacement, ReplacementStep } from "./replace.js";
export { ReplacementError, type ReplacementReason, type ReplacementStepName } from "./replacement-error.js";
export type * from "../generated/commercelayer-models.js";
export type * from "./model.js";
export type * from "./params.js";
export type {
  ClientConfig,
  CommerceLayerConfig,
  CommerceLayerInitConfig,
  RequestConfig,
  RequestHeaders,
  RequestParams,
  ResourcesConfig,
  ResourcesInitConfig,
} from "./config.js";
export { ApiError, ErrorType, SdkError, type ApiErrorObject, type ErrorContext } from "./errors.js";
export {
  FetchError,
  type ErrorInterceptor,
  type ErrorObj,
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
export { PagedList } from "./paging.js";
export { responseOf, type ResponseFacts } from "./response.js";
export { OPEN_API_SCHEMA_VERSION } from "./static.js";
export { sleep } from "./sleep.js";
export * from "./auth/index.js";
export { Secret } from "../auth/secret.js";
