/** The common parts of the Provisioning API's resources, under the names of the official SDK. */

import type { ResourceTypeLock } from "../generated/commercelayer-models.js";

/** A value, or `null`. */
export type Nullable<T> = T | null;

/** The caller's own data on a resource, sent and received unchanged. */
export type Metadata = Record<string, any>;

/** An object that names a resource type. */
export interface ResourceType {
  readonly type: ResourceTypeLock;
}

/** The identity of a resource: all that a relationship holds of it. */
export interface ResourceId extends ResourceType {
  readonly id: string;
}

/** The absence of a resource, which clears a relationship. */
export type ResourceNull = { id: null } & ResourceType;

/** One end of a relationship. */
export type ResourceRel = ResourceId | ResourceNull;

/** The attributes that can be set on every resource. */
export interface ResourceBase {
  /** A text that helps to find the resource again, such as its id in another system. */
  reference?: Nullable<string>;
  /** The system that `reference` belongs to. */
  reference_origin?: Nullable<string>;
  /** Data that the caller keeps with the resource. */
  metadata?: Metadata;
}

/** The attributes of every resource. */
export interface Resource extends ResourceBase, ResourceId {
  /** When the resource was created, in ISO 8601. */
  readonly created_at: string;
  /** When the resource was last changed, in ISO 8601. */
  readonly updated_at: string;
}

/** The attributes that every new resource can be given. */
export interface ResourceCreate extends ResourceBase {}

/** The attributes that can be changed on every resource. */
export interface ResourceUpdate extends ResourceBase {
  readonly id: string;
}

/** The attributes that can be changed on the single resource of its type. */
export interface SingletonUpdate extends ResourceBase {}

/** The position of a page in its list. */
export type ListMeta = {
  /** The number of pages; `NaN` if the server does not say, and it does not follow from what was received. */
  readonly pageCount: number;
  /** The number of items on all pages; `NaN` as above. */
  readonly recordCount: number;
  /** The number of this page, from 1. */
  readonly currentPage: number;
  /** The number of items on a full page. */
  readonly recordsPerPage: number;
};

/** The attributes that every resource can be sorted by. */
export type ResourceSort = Pick<Resource, "id" | "reference" | "reference_origin" | "created_at" | "updated_at">;

/** The attributes that every resource can be filtered by. */
export type ResourceFilter = Pick<
  Resource,
  "id" | "reference" | "reference_origin" | "metadata" | "created_at" | "updated_at"
>;

/** A link: a URL, or an object that contains one. */
export type Link = string | { readonly href: string; readonly meta?: Metadata } | null;

/** Links by relation; resources have `self`. */
export type Links = { readonly [relation: string]: any; readonly self?: any };
