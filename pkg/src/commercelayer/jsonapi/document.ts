/** The documents of JSON:API, as far as the Provisioning API uses them, and how to tell what a value is. */

import { RESOURCES } from "../../generated/commercelayer-facts.js";
import type { ResourceTypeLock } from "../../generated/commercelayer-models.js";
import type { Links, Metadata, ResourceId, ResourceType } from "../model.js";

/** Which resource a relationship leads to. */
export interface Linkage {
  readonly type: string;
  readonly id: string;
}

/** A relationship. Without `data` it says only where to ask. */
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

/** The types of resource. */
export const resourceList: ResourceTypeLock[] = /* @__PURE__ */ Object.keys(RESOURCES) as ResourceTypeLock[];

/** Those of which there is one, so that no id is needed. */
export const singletonList: ResourceTypeLock[] = /* @__PURE__ */ resourceList.filter(
  (type) => RESOURCES[type].singleton,
);

/** Whether the table knows a type. */
export function isKnownType(type: unknown): type is ResourceTypeLock {
  return typeof type === "string" && Object.hasOwn(RESOURCES, type);
}

/** Whether a value names a type of resource. */
export function isResourceType(value: any): value is ResourceType {
  return isObject(value) && isKnownType((value as { type?: unknown }).type);
}

/** Whether a value names a resource: its type and a non-empty id. */
export function isResourceId(value: any): value is ResourceId {
  return isResourceType(value) && Boolean((value as { id?: unknown }).id);
}

/** Whether a value is an object, and neither an array nor `null`. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets a field. A name that a server makes up is a field like any other: `__proto__` too. */
export function put(target: object, name: string, value: unknown): void {
  if (name === "__proto__")
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else (target as Record<string, unknown>)[name] = value;
}
