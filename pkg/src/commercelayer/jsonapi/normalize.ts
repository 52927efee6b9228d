/** Conversion of an object with attributes and relationships side by side to a resource as it is on the wire. */

import { RESOURCES, type ResourceFacts } from "../../generated/commercelayer-facts.js";
import { ErrorType, SdkError } from "../errors.js";
import type { Spelling } from "./denormalize.js";
import {
  isKnownType,
  isObject,
  isResourceId,
  isResourceType,
  type Linkage,
  put,
  type Relationship,
  type ResourceObject,
} from "./document.js";
import { nameOut } from "./names.js";

/** The result of {@link normalize}. */
export interface Normalized extends ResourceObject {
  attributes: Record<string, unknown>;
  relationships: Record<string, { data: Linkage | Linkage[] | null }>;
}

/**
 * Returns the resource object of a create or an update. A field that the table lists as an attribute is one, whatever
 * it looks like, even `metadata` with a `type` and an `id`; a field that it lists as a relationship is one even if it
 * is `null` or empty. For any other field, the shape decides. Of a related resource, only the type and id are kept.
 *
 * @throws {@link SdkError} of type `request` for a relationship to something that it cannot refer to.
 */
export function normalize<R extends { readonly type: string; readonly id?: string | null | undefined }>(
  resource: R,
  spelling?: Spelling | null,
): Normalized {
  if (!isObject(resource))
    throw new SdkError({ message: "a resource must be an object with its type", type: ErrorType.REQUEST });
  const { type, id } = resource;
  const facts = isKnownType(type) ? RESOURCES[type] : undefined;
  const normalized: Normalized = { type, attributes: {}, relationships: {} };
  for (const [key, value] of Object.entries(resource)) {
    if (key === "type" || key === "id") continue;
    const name = spelling?.names === "camel" ? nameOut(type, key) : key;
    const target = facts?.to[name];
    if (target) {
      if (value !== undefined) put(normalized.relationships, name, relationship(name, value, target));
    } else if (facts?.attributes.includes(name) || !isRelated(value)) {
      put(normalized.attributes, name, value);
    } else {
      put(normalized.relationships, name, relationship(name, value, undefined));
    }
  }
  if (isKnownType(type) && id) normalized.id = id;
  return normalized;
}

/** Returns whether a value looks like a relationship: it names resources, or says that there is none. */
function isRelated(value: unknown): boolean {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return isResourceId(first) || isNone(first);
}

/** Returns whether a value is what `relationship(null)` returns. */
function isNone(value: unknown): boolean {
  return isResourceType(value) && (value as { id?: unknown }).id === null;
}

type Target = ResourceFacts["to"][string];

function relationship(
  name: string,
  value: unknown,
  target: Target | undefined,
): Relationship & { data: Linkage | Linkage[] | null } {
  const many = target ? target[1] === 1 : Array.isArray(value);
  if (!many) {
    if (Array.isArray(value)) throw unfit(name, "must be one resource, not an array");
    return { data: value === null || isNone(value) ? null : linkage(name, value, target) };
  }
  const list = value === null ? [] : value;
  if (!Array.isArray(list)) throw unfit(name, "must be an array of resources");
  return { data: list.filter((one) => !isNone(one)).map((one) => linkage(name, one, target)) };
}

function linkage(name: string, value: unknown, target: Target | undefined): Linkage {
  const { id, type } = (isObject(value) ? value : {}) as { id?: unknown; type?: unknown };
  // An empty id is left to the server, which refuses it and names the field, along with everything else that is wrong.
  if (typeof id !== "string" || typeof type !== "string")
    throw unfit(name, "must be a resource: an object with type and id");
  if (target && type !== target[0])
    throw unfit(name, `must have the type ${target[0]}, not ${isKnownType(type) ? type : "that type"}`);
  return { id, type };
}

function unfit(name: string, problem: string): SdkError {
  return new SdkError({ message: `\`${name}\` ${problem}`, type: ErrorType.REQUEST });
}
