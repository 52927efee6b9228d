/** What resources of the Provisioning API have in common, under the names of the official SDK. */

import type { ResourceTypeLock } from "../generated/commercelayer-models.js";

/** A value, or `null`. */
export type Nullable<T> = T | null;

/** The caller's own data on a resource. Sent and received unchanged. */
export type Metadata = Record<string, any>;

/** Something that says which type of resource it is. */
export interface ResourceType {
  readonly type: ResourceTypeLock;
}

/** Which resource: all that a relationship holds of it. */
export interface ResourceId extends ResourceType {
  readonly id: string;
}

/** No resource: what clears a relationship. */
export type ResourceNull = { id: null } & ResourceType;

/** One end of a relationship. */
export type ResourceRel = ResourceId | ResourceNull;

/** What can be set on every resource. */
export interface ResourceBase {
  /** Any text that helps to find the resource again: the id of a system beside this one. */
  reference?: Nullable<string>;
  /** Which system `reference` belongs to. */
  reference_origin?: Nullable<string>;
  /** What a caller keeps with the resource. */
  metadata?: Metadata;
}

/** What every resource has. */
export interface Resource extends ResourceBase, ResourceId {
  /** When it was made, in ISO 8601. */
  readonly created_at: string;
  /** When it was changed last, in ISO 8601. */
  readonly updated_at: string;
}

/** What a new resource can be given. */
export interface ResourceCreate extends ResourceBase {}

/** What can be changed of a resource. */
export interface ResourceUpdate extends ResourceBase {
  readonly id: string;
}

/** What can be changed of the one resource of its type. */
export interface SingletonUpdate extends ResourceBase {}

/** Which page a list is, of how many. */
export type ListMeta = {
  /** Pages in all. `NaN` if the server does not say, and it does not follow from what it sent. */
  readonly pageCount: number;
  /** Items in all; `NaN` as above. */
  readonly recordCount: number;
  /** This page, from 1. */
  readonly currentPage: number;
  /** How many items a full page has. */
  readonly recordsPerPage: number;
};

/** What every resource can be sorted by. */
export type ResourceSort = Pick<Resource, "id" | "reference" | "reference_origin" | "created_at" | "updated_at">;

/** What every resource can be filtered by. */
export type ResourceFilter = Pick<
  Resource,
  "id" | "reference" | "reference_origin" | "metadata" | "created_at" | "updated_at"
>;

/** A link: its URL, or an object with it. */
export type Link = string | { readonly href: string; readonly meta?: Metadata } | null;

/** Links by their relation, `self` the one that resources have. */
export type Links = { readonly [relation: string]: any; readonly self?: any };
