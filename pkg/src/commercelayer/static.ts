/** Functions that need no client. */

import { SCHEMA_VERSION } from "../generated/commercelayer-facts.js";
import type { ResourceTypeLock } from "../generated/commercelayer-models.js";
import { ApiError, SdkError } from "./errors.js";
import { resourceList, singletonList } from "./jsonapi/document.js";

/** The version of the API's description that the package is made from. */
export const OPEN_API_SCHEMA_VERSION: string = SCHEMA_VERSION;

function listed(names: readonly string[], sort: boolean | undefined): readonly string[] {
  return sort ? [...names].sort() : names;
}

/** The types of resource, in alphabetical order if requested. */
export function resources(sort?: boolean): readonly string[] {
  return listed(resourceList, sort);
}

/** The types of which there is one resource. */
export function singletons(sort?: boolean): readonly string[] {
  return listed(singletonList, sort);
}

/** Whether there is one resource of a type. */
export function isSingleton(resource: ResourceTypeLock): boolean {
  return singletonList.includes(resource);
}

/** Whether an error is one of the SDK's. */
export const isSdkError = (error: unknown): error is SdkError => SdkError.isSdkError(error);

/** Whether an error is for an answer that is not a success. */
export const isApiError = (error: unknown): error is ApiError => ApiError.isApiError(error);
