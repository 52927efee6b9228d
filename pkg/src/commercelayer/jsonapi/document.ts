/** The parts of JSON:API documents that the Provisioning API uses, and checks of what a value is. */

import { RESOURCES } from "../../generated/commercelayer-facts.js";
import type { ResourceTypeLock } from "../../generated/commercelayer-models.js";
import type { Links, Metadata, ResourceId, ResourceType } from "../model.js";

/** A reference of a relationship to a resource. */
export interface Linkage {
  readonly type: string;
  readonly id: string;
}

/** A relationship. Without `data`, it only says where to fetch it. */
export interface Relationship {
  readonly data?: Linkage | readonly Linkage[] | null;
  readonly links?: Links;
  readonly meta?: Metadata;
}

/** A resource as it is on the wire. */
export interface ResourceObject {
  id?: string;
  type: string;
  attributes?: Record<string, unknown>;
  relationships?: Record<string, Relationship>;
  links?: Links;
  meta?: Metadata;
}

/** A document. */
export interface Document {
  data?: ResourceObject | readonly ResourceObject[] | null;
  included?: readonly ResourceObject[];
  links?: Links;
  meta?: Metadata;
}

/** The resource types. */
export const resourceList: ResourceTypeLock[] = /* @__PURE__ */ Object.keys(RESOURCES) as ResourceTypeLock[];

/** The types that have a single resource, so that no id is needed. */
export const singletonList: ResourceTypeLock[] = /* @__PURE__ */ resourceList.filter(
  (type) => RESOURCES[type].singleton,
);

/** Returns whether the table knows a type. */
export function isKnownType(type: unknown): type is ResourceTypeLock {
  return typeof type === "string" && Object.hasOwn(RESOURCES, type);
}

/** Returns whether a value names a resource type. */
export function isResourceType(value: any): value is ResourceType {
  return isObject(value) && isKnownType((value as { type?: unknown }).type);
}

/** Returns whether a value names a resource: its type and a non-empty id. */
export function isResourceId(value: any): value is ResourceId {
  return isResourceType(value) && Boolean((value as { id?: unknown }).id);
}

/** Returns whether a value is an object, and neither an array nor `null`. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets a field. Any name that a server makes up is an ordinary field, even `__proto__`. */
export function put(target: object, name: string, value: unknown): void {
  if (name === "__proto__")
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else (target as Record<string, unknown>)[name] = value;
}
