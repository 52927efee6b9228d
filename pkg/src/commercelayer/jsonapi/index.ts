/**
 * JSON:API as the Commerce Layer Provisioning API speaks it, without a client: `keyturn/commercelayer/jsonapi`. Pure
 * functions; nothing is loaded, and nothing is sent.
 */

export { denormalize, linksOf, metaOf, type Spelling } from "./denormalize.js";
export {
  type Document,
  isResourceId,
  isResourceType,
  type Linkage,
  type Relationship,
  type ResourceObject,
  resourceList,
  singletonList,
} from "./document.js";
export { ListResponse, type PageFacts, pageMeta } from "./list.js";
export { camelCase } from "./names.js";
export { type Normalized, normalize } from "./normalize.js";
export {
  type AnyParams,
  generateQueryStringParams,
  generateSearchString,
  isParamsList,
  MAX_PAGE_SIZE,
  type QueryStringParams,
  type Secrecy,
} from "./query.js";
export { sortObjectFields } from "./sort.js";
