/** The base classes of the generated ones, of which there is one for each resource type. */

import { RESOURCES } from "../generated/commercelayer-facts.js";
import type { ResourceTypeLock } from "../generated/commercelayer-models.js";
import type { ResourceAdapter } from "./adapter.js";
import type { ResourcesConfig } from "./config.js";
import { ErrorType, readable, SdkError } from "./errors.js";
import { denormalize } from "./jsonapi/denormalize.js";
import { type Document, isObject } from "./jsonapi/document.js";
import type { AnyParams } from "./jsonapi/query.js";
import type { Resource, ResourceCreate, ResourceId, ResourceRel, ResourceUpdate, SingletonUpdate } from "./model.js";
import type { PagedList } from "./paging.js";
import type { QueryFilter, QueryParamsList, QueryParamsRetrieve } from "./params.js";

export type { ResourceAdapter };

const adapters = new WeakMap<object, ResourceAdapter>();

/** The common members of classes whose resources can be changed. */
export interface ApiResourceBase<R extends Resource> {
  /** Changes a resource. */
  update(resource: ResourceUpdate, params?: QueryParamsRetrieve<R>, options?: ResourcesConfig): Promise<R>;
}

/** The common members of the classes of all types. Printing an instance shows nothing. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: each class has its own `update`, with the types of its resource.
export abstract class ApiResourceBase<R extends Resource> {
  /** The resource type. */
  static readonly TYPE: ResourceTypeLock;

  constructor(adapter: ResourceAdapter) {
    adapters.set(this, adapter);
  }

  /** Returns the resource type. */
  abstract type(): ResourceTypeLock;

  /** Returns a relationship to the resource with this id, or to none for `null`. */
  abstract relationship(id: string | ResourceId | null): ResourceRel;

  /**
   * Returns the resources in the text of a document.
   *
   * @throws {@link SdkError} of type `parse` if it is not a document, or if it has another type.
   */
  parse(resource: string): R | R[] {
    let document: Document | null;
    try {
      document = JSON.parse(resource) as Document | null;
    } catch (error) {
      throw new SdkError({ message: `Payload parse error [${(error as Error).message}]`, type: ErrorType.PARSE });
    }
    const data: unknown = isObject(document) ? document.data : undefined;
    const types = (Array.isArray(data) ? data : [data]).map((one: unknown) => (isObject(one) ? one.type : undefined));
    const other = types.findIndex((type) => type !== this.type());
    if (other >= 0)
      throw new SdkError({ message: `Invalid resource type [${String(types[other])}]`, type: ErrorType.PARSE });
    return denormalize<R>(document as Document, this.#adapter().spelling);
  }

  /** @internal For `relationship()`. */
  protected one(id: string | ResourceId | null): any {
    return { id: id === null ? null : this.#id(id), type: this.type() };
  }

  /** @internal For `relationshipToMany()`. */
  protected many(ids: readonly (string | ResourceId)[]): any[] {
    return ids.length === 0
      ? [{ id: null, type: this.type() }]
      : ids.map((id) => ({ id: this.#id(id), type: this.type() }));
  }

  /** @internal For `isX()`. */
  protected is(resource: unknown): boolean {
    return isObject(resource) && resource.type === this.type();
  }

  /** @internal */
  protected createResource<T extends Resource>(
    resource: unknown,
    params?: object,
    options?: ResourcesConfig,
  ): Promise<T> {
    return later(() => this.#adapter().create<ResourceCreate, T>(this.#typed(resource), params, options));
  }

  /** @internal */
  protected updateResource<T extends Resource>(
    resource: unknown,
    params?: object,
    options?: ResourcesConfig,
  ): Promise<T> {
    return later(() => this.#adapter().update<SingletonUpdate, T>(this.#typed(resource), params, options));
  }

  /** @internal */
  protected deleteResource(id: string | ResourceId, options?: ResourcesConfig): Promise<void> {
    return later(() => this.#adapter().delete(this.identified(id), options));
  }

  /** @internal For the fetcher of a relationship to one. */
  protected related<T>(name: string, id: string | ResourceId, params?: object, options?: ResourcesConfig): Promise<T> {
    return later(() =>
      this.#adapter().related(this.identified(id), name, params, options),
    ) as Promise<unknown> as Promise<T>;
  }

  /** @internal For the fetcher of a relationship to many. */
  protected relatedList<T extends Resource>(
    name: string,
    id: string | ResourceId,
    params?: object,
    options?: ResourcesConfig,
  ): PagedList<T> {
    return this.#adapter().relatedList<T>(() => this.identified(id), name, params, options);
  }

  /** @internal */
  protected act(name: string, id: string | ResourceId, attributes: object, options?: ResourcesConfig): Promise<void> {
    return later(() => this.#adapter().act(this.identified(id), name, attributes as Record<string, unknown>, options));
  }

  /** @internal For attributes that only trigger an action. */
  protected trigger<T extends Resource>(
    attribute: string,
    id: string | ResourceId,
    params?: object,
    options?: ResourcesConfig,
  ): Promise<T> {
    return later(() =>
      this.#adapter().update<ResourceUpdate, T>({ ...this.identified(id), [attribute]: true }, params, options),
    );
  }

  /** @internal Returns the identity of a resource of this type. */
  protected identified(id: string | ResourceId): ResourceId {
    return { type: this.type(), id: this.#id(id) };
  }

  /** @internal */
  protected get resources(): ResourceAdapter {
    return this.#adapter();
  }

  #adapter(): ResourceAdapter {
    return adapters.get(this) as ResourceAdapter;
  }

  /** Returns the id. A given resource must be of this type: the id of another type means something else here. */
  #id(resource: unknown): string {
    const id = readable("id", () => {
      if (!isObject(resource)) return resource;
      this.#check(resource);
      return resource.id;
    });
    if (typeof id === "string") return id;
    throw new SdkError({
      message: `${this.type()}: an id must be a string, not ${id === null ? "null" : typeof id}`,
      type: ErrorType.REQUEST,
    });
  }

  #typed(resource: unknown): { type: ResourceTypeLock } {
    return readable("resource", () => {
      if (!isObject(resource))
        throw new SdkError({ message: `${this.type()}: a resource must be an object`, type: ErrorType.REQUEST });
      this.#check(resource);
      return { ...resource, type: this.type() };
    });
  }

  #check({ type }: Record<string, unknown>): void {
    if (type === undefined || type === this.type()) return;
    const message = `expected a resource of type ${this.type()}, but got one of type ${String(type).slice(0, 40)}`;
    throw new SdkError({ message, type: ErrorType.REQUEST });
  }
}

/** The base of the types that have many resources. */
export abstract class ApiResource<R extends Resource> extends ApiResourceBase<R> {
  /** Fetches the resource with this id. */
  retrieve(id: string | ResourceId, params?: QueryParamsRetrieve<R>, options?: ResourcesConfig): Promise<R> {
    return later(() => this.resources.retrieve<R>(this.identified(id), params as AnyParams, options));
  }

  /** Fetches a page of resources. Iterate over the result for all pages. */
  list(params?: QueryParamsList<R>, options?: ResourcesConfig): PagedList<R> {
    return this.resources.list<R>({ type: this.type() }, params as AnyParams, options);
  }

  /** Counts the resources. */
  count(filter?: QueryFilter | QueryParamsList<R>, options?: ResourcesConfig): Promise<number> {
    return this.resources.count({ type: this.type() }, filter as AnyParams, options);
  }
}

/** The base of the types that have a single resource. */
export abstract class ApiSingleton<R extends Resource> extends ApiResourceBase<R> {
  /** Fetches the resource. */
  retrieve(params?: QueryParamsRetrieve<R>, options?: ResourcesConfig): Promise<R> {
    return later(() => this.resources.retrieve<R>({ type: this.type() }, params as AnyParams, options));
  }

  /** Returns the path of the resource, as in the official SDK. */
  path(): string {
    return RESOURCES[this.type()].singular;
  }
}

/**
 * Calls `run` so that invalid arguments reject the promise. The result is awaited, since workerd reports a rejection
 * that is only handled later.
 */
async function later<T>(run: () => Promise<T>): Promise<T> {
  return await run();
}
