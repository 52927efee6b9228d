/**
 * JSON:API as the Commerce Layer Provisioning API speaks it, without a client: `keyturn/commercelayer/jsonapi`. Pure
 * functions; nothing is loaded, and nothing is sent.
 */

export { denormalize, linksOf, metaOf, type Spelling } from "./denormalize.js";
export {
  isResourceId,
  isResourceType,
  resourceList,
  singletonList,
  type Document,
  type Linkage,
  type Relationship,
  type ResourceObject,
} from "./document.js";
export { ListResponse, pageMeta, type PageFacts } from "./list.js";
export { camelCase } from "./names.js";
export { normalize, type Normalized } from "./normalize.js";
export {
  MAX_PAGE_SIZE,
  generateQueryStringParams,
  generateSearchString,
  isParamsList,
  type AnyParams,
  type QueryStringParams,
  type Secrecy,
} from "./query.js";
export { sortObjectFields } from "./sort.js";
