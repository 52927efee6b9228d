/** Functions that need no client. */

import { SCHEMA_VERSION } from "../generated/commercelayer-facts.js";
import type { ResourceTypeLock } from "../generated/commercelayer-models.js";
import { ApiError, SdkError } from "./errors.js";
import { resourceList, singletonList } from "./jsonapi/document.js";

/** The version of the API description that the package is generated from. */
export const OPEN_API_SCHEMA_VERSION: string = SCHEMA_VERSION;

function listed(names: readonly string[], sort: boolean | undefined): readonly string[] {
  return sort ? [...names].sort() : names;
}

/** Returns the resource types, in alphabetical order if requested. */
export function resources(sort?: boolean): readonly string[] {
  return listed(resourceList, sort);
}

/** Returns the types that have a single resource. */
export function singletons(sort?: boolean): readonly string[] {
  return listed(singletonList, sort);
}

/** Returns whether a type has a single resource. */
export function isSingleton(resource: ResourceTypeLock): boolean {
  return singletonList.includes(resource);
}

/** Returns whether an error is one of the SDK's. */
export const isSdkError = (error: unknown): error is SdkError => SdkError.isSdkError(error);

/** Returns whether an error stands for a response that is not a success. */
export const isApiError = (error: unknown): error is ApiError => ApiError.isApiError(error);
