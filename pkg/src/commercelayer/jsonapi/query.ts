/** The query of a request: included resources, sparse fields, order, page and filters. */

import { RESOURCES, type ResourceFacts } from "../../generated/commercelayer-facts.js";
import type { ResourceTypeLock } from "../../generated/commercelayer-models.js";
import { ErrorType, SdkError } from "../errors.js";
import type { Resource, ResourceType } from "../model.js";
import type { QueryParams, QueryParamsList } from "../params.js";
import type { Spelling } from "./denormalize.js";
import { isKnownType } from "./document.js";
import { nameOut } from "./names.js";

/** The parameters of a query by their names on the wire, not yet percent-encoded. */
export type QueryStringParams = Record<string, string>;

/** Every parameter that a call can have, without the types of one resource. */
export interface AnyParams {
  readonly include?: readonly string[] | undefined;
  readonly fields?: readonly PropertyKey[] | Readonly<Record<string, readonly PropertyKey[] | undefined>> | undefined;
  readonly sort?: readonly string[] | Readonly<Record<string, "asc" | "desc" | undefined>> | undefined;
  readonly filters?: Readonly<Record<string, unknown>> | undefined;
  readonly pageNumber?: number | undefined;
  readonly pageSize?: number | undefined;
}

/** The secrets to leave out. */
export interface Secrecy {
  /** Whether the secrets of the fetched type itself are wanted. Those of included resources never are. */
  readonly own: boolean;
}

/** The most items that a page can have. */
export const MAX_PAGE_SIZE = 25;

const ARRAY_FILTERS = ["_any", "_all", "_in", "_not_in_or_null"];
const OBJECT_FILTER = "_jcont";
/** The limit on objects in a filter: more than fit into a URL. */
const MOST_OBJECTS = 10_000;

/** Returns whether parameters are those of a list. */
export function isParamsList<R extends Resource = Resource>(params: any): params is QueryParamsList<R> {
  return Boolean(params && (params.filters || params.pageNumber || params.pageSize || params.sort));
}

/**
 * Converts the parameters of a call to a query. The caller's object is not changed.
 *
 * @param of The resource or its type, whose fields an array names.
 * @param secrecy Leaves out secret attributes, by naming all other fields where the caller names none. Default:
 *   everything is fetched.
 * @throws {@link SdkError} of type `request` for parameters that no server could understand. Nothing has been sent.
 */
export function generateQueryStringParams<R extends Resource = Resource>(
  params: AnyParams | QueryParams<R> | undefined,
  of: string | ResourceType,
  secrecy?: Secrecy,
  spelling: Spelling = {},
): QueryStringParams {
  const type = typeof of === "string" ? of : of?.type;
  if (typeof type !== "string") throw unfit("a query must be of a type of resource");
  const out = (resource: string, name: string): string => (spelling.names === "camel" ? nameOut(resource, name) : name);
  const query: QueryStringParams = {};
  const { include, fields, sort, filters, pageNumber, pageSize } = (params ?? {}) as AnyParams;
  if (include)
    query.include = include
      .filter(isGiven)
      .map((path) => (spelling.names === "camel" ? snakePath(path) : path))
      .join(",");
  const given = (Array.isArray(fields) ? { [type]: fields } : (fields ?? {})) as Record<
    string,
    readonly PropertyKey[] | undefined
  >;
  for (const [resource, names] of Object.entries(given)) {
    if (names === undefined) continue;
    query[`fields[${resource}]`] = names
      .filter(isGiven)
      .map((name) => out(resource, String(name)))
      .join(",");
  }
  if (secrecy) {
    for (const [resource, names] of withoutSecrets(type, query.include, secrecy))
      query[`fields[${resource}]`] ??= names;
  }
  const order = sort ? sorted(sort, (name) => out(type, name)) : "";
  // The official SDK sends an empty order unchanged; an order that contains only `undefined` counts as missing.
  if (sort && (order !== "" || Object.keys(sort).length === 0)) query.sort = order;
  if (pageNumber !== undefined && pageNumber !== null)
    query["page[number]"] = page("pageNumber", pageNumber, Number.MAX_SAFE_INTEGER);
  if (pageSize !== undefined && pageSize !== null) query["page[size]"] = page("pageSize", pageSize, MAX_PAGE_SIZE);
  for (const [key, value] of Object.entries(filters ?? {})) {
    const [name, text] = filter(spelling.names === "camel" ? snakePath(key) : key, value);
    query[`filter[q][${name}]`] = text;
  }
  return wellFormed(query);
}

/**
 * Returns the same query, once it is known to be well formed.
 *
 * @throws {@link SdkError} of type `request` if it has a lone surrogate, which a URL would replace with another
 *   character.
 */
export function wellFormed(query: QueryStringParams): QueryStringParams {
  for (const [name, text] of Object.entries(query))
    if (/[\uD800-\uDFFF]/u.test(name + text)) throw unfit(`\`${name}\` has a lone surrogate`);
  return query;
}

/** Returns a query as text, not percent-encoded. */
export function generateSearchString(params?: QueryStringParams, questionMark = true): string {
  const pairs = Object.entries(params ?? {}).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? "" : (questionMark ? "?" : "") + pairs.join("&");
}

/** Converts a path or a filter. No table lists those, so every capital letter is converted. */
function snakePath(path: string): string {
  return path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Yields the `fields` of each fetched type with secrets: all fields but those. */
function* withoutSecrets(type: string, include: string | undefined, secrecy: Secrecy): Generator<[string, string]> {
  const seen = new Set<string>();
  const types = [...(secrecy.own ? [] : [type]), ...includedTypes(type, include)];
  for (const each of types) {
    if (!isKnownType(each) || seen.has(each)) continue;
    seen.add(each);
    const facts = RESOURCES[each];
    const { secrets } = facts;
    if (!secrets || (secrecy.own && each === type)) continue;
    yield [
      each,
      [...facts.attributes.filter((name) => !secrets.includes(name)), ...relationshipNames(facts)].join(","),
    ];
  }
}

function relationshipNames({ attributes, to }: ResourceFacts): string[] {
  return Object.keys(to).filter((name) => !attributes.includes(name));
}

/** Yields the types on the paths of an `include`, as far as the table knows them. */
function* includedTypes(type: string, include: string | undefined): Generator<ResourceTypeLock> {
  for (const path of include?.split(",") ?? []) {
    let at: string = type;
    for (const step of path.trim().split(".")) {
      const next: ResourceTypeLock | undefined = isKnownType(at) ? RESOURCES[at].to[step]?.[0] : undefined;
      if (next === undefined) break;
      yield next;
      at = next;
    }
  }
}

function sorted(sort: NonNullable<AnyParams["sort"]>, out: (name: string) => string): string {
  if (Array.isArray(sort))
    return sort
      .filter(isGiven)
      .map((name: string) => (name.startsWith("-") ? `-${out(name.slice(1))}` : out(name)))
      .join(",");
  return Object.entries(sort)
    .filter(([, order]) => order !== undefined)
    .map(([name, order]) => (order === "desc" ? "-" : "") + out(name))
    .join(",");
}

/** Returns whether a value is given: `undefined` must not be sent as text. */
function isGiven(value: unknown): boolean {
  return value !== undefined;
}

function page(name: string, value: unknown, most: number): string {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most) {
    const range = most === MAX_PAGE_SIZE ? `from 1 to ${most}` : "from 1";
    throw unfit(`\`${name}\` must be an integer ${range}`);
  }
  return String(value);
}

/** Returns a filter's name and value on the wire. `null` has a predicate of its own. */
function filter(key: string, value: unknown): [name: string, text: string] {
  if (value === undefined) throw unfit(`filter \`${key}\` is undefined: without it, everything would be listed`);
  if (value === null) {
    // `name_not_eq` thereby becomes `name_not_null`.
    if (!/._eq$/.test(key)) throw unfit(`filter \`${key}\` is null: use _null, _not_null, _eq or _not_eq`);
    return [key.replace(/eq$/, "null"), "true"];
  }
  if (Array.isArray(value)) {
    if (!ARRAY_FILTERS.some((end) => key.endsWith(end))) {
      throw unfit(`filter \`${key}\` has an array, which only filters ending in ${ARRAY_FILTERS.join(", ")} accept`);
    }
    return [key, value.map((item) => element(key, item)).join(",")];
  }
  if (isDate(value)) return [key, iso(key, value)];
  if (typeof value === "object") {
    if (!key.endsWith(OBJECT_FILTER))
      throw unfit(`filter \`${key}\` has an object, which only filters ending in ${OBJECT_FILTER} accept`);
    return [key, json(key, value)];
  }
  return [key, scalar(key, value)];
}

function json(key: string, value: object): string {
  let objects = 0;
  try {
    return JSON.stringify(value, function (this: Record<string, unknown>, name: string, said: unknown) {
      // An object that is referred to in several places is written in each, so the number of objects may grow
      // exponentially.
      if (typeof said === "object" && ++objects > MOST_OBJECTS) throw unfit(`filter \`${key}\` has too many objects`);
      const item = this[name];
      return isDate(item) ? iso(key, item) : said;
    });
  } catch (error) {
    if (error instanceof SdkError) throw error;
    const message = `filter \`${key}\` has an object that cannot be written as JSON`;
    throw new SdkError({ message, type: ErrorType.REQUEST }, { cause: error });
  }
}

function element(key: string, item: unknown): string {
  if (isDate(item)) return iso(key, item);
  if (item === null || item === undefined || typeof item === "object")
    throw unfit(`filter \`${key}\` has an item that is not a string, number or date`);
  const text = scalar(key, item);
  if (text.includes(",")) throw unfit(`filter \`${key}\` has an item with a comma, which separates items`);
  return text;
}

function scalar(key: string, value: unknown): string {
  if (
    typeof value === "function" ||
    typeof value === "symbol" ||
    (typeof value === "number" && !Number.isFinite(value))
  ) {
    throw unfit(`filter \`${key}\` has a value that cannot be sent`);
  }
  return String(value);
}

/** Returns whether a value is a date, even one of another realm: a frame, a `vm` context, a test runner's sandbox. */
function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === "[object Date]";
}

function iso(key: string, date: Date): string {
  if (Number.isNaN(date.getTime())) throw unfit(`filter \`${key}\` has an invalid date`);
  const text = date.toISOString();
  // Longer years have a sign, which RFC 3339 does not allow; there is no year 0.
  if (!/^\d{4}-/.test(text) || text.startsWith("0000"))
    throw unfit(`filter \`${key}\` has a date outside the years 1 to 9999`);
  return text;
}

function unfit(message: string): SdkError {
  return new SdkError({ message, type: ErrorType.REQUEST });
}
