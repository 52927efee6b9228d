/** The parameters of lists and single resources, with the types of the official SDK. */

import type {
  Filters,
  FilterValue,
  IncludePath,
  ResourceFields,
  ResourceSortFields,
  ResourceTypeLock,
} from "../generated/commercelayer-models.js";
import type { Resource } from "./model.js";

type StringKey<T> = Extract<keyof T, string>;
type TypeOf<R extends Resource> = R["type"];

type Text = string & {};

/** Strings that are only known at run time. A list of literals does not match, so that a misspelled one is an error. */
type AnyPaths = Text[] & { push: (...items: Text[]) => number };

/** Related resources to include, by path: `role.organization`. For no type in particular, any strings. */
export type QueryInclude<R extends Resource = Resource> = [ResourceTypeLock] extends [TypeOf<R>]
  ? string[]
  : IncludePath<TypeOf<R>>[] | AnyPaths;

/** Fields of the resource itself. */
export type QueryArrayFields<R extends Resource> = Array<keyof ResourceFields[TypeOf<R>]>;

/** Fields by resource type. */
export type QueryRecordFields = { [type in keyof ResourceFields]?: Array<keyof ResourceFields[type]> };

type Sortable<R extends Resource> = ResourceSortFields[TypeOf<R>];

/** Names to sort by, the most important first; a `-` before a name sorts in descending order. */
export type QueryArraySortable<R extends Resource> = Array<StringKey<Sortable<R>> | `-${StringKey<Sortable<R>>}`>;

/** Names to sort by, with their directions. */
export type QueryRecordSortable<R extends Resource> = Partial<Record<keyof Sortable<R>, "asc" | "desc">>;

/** Filters: the name of an attribute with a predicate, such as `name_eq`, and the value to compare with. */
export type QueryFilter = Record<string, FilterValue>;

/** The number of a page, from 1. */
export type QueryPageNumber = number;

/** The number of items on a page, from 1 to 25. */
export type QueryPageSize =
  | 1
  | 2
  | 3
  | 4
  | 5
  | 6
  | 7
  | 8
  | 9
  | 10
  | 11
  | 12
  | 13
  | 14
  | 15
  | 16
  | 17
  | 18
  | 19
  | 20
  | 21
  | 22
  | 23
  | 24
  | 25;

/** The parameters of a single resource. */
export interface QueryParamsRetrieve<R extends Resource = Resource> {
  include?: QueryInclude<R> | undefined;
  fields?: QueryArrayFields<R> | QueryRecordFields | undefined;
}

/** The parameters of a list. */
export interface QueryParamsList<R extends Resource = Resource> extends QueryParamsRetrieve<R> {
  sort?: QueryArraySortable<R> | QueryRecordSortable<R> | undefined;
  filters?: Filters<TypeOf<R>> | undefined;
  pageNumber?: QueryPageNumber | undefined;
  pageSize?: QueryPageSize | undefined;
}

/** The parameters of a single resource or of a list. */
export type QueryParams<R extends Resource = Resource> = QueryParamsRetrieve<R> | QueryParamsList<R>;
