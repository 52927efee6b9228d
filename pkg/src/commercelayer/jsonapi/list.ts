/** A page of a list. */

import { asFailure } from "../../base/failure.js";
import type { Links, ListMeta, Metadata, Resource } from "../model.js";

/** What comes with a page besides its items. */
export interface PageFacts {
  readonly links?: Links | undefined;
  /** The server's own `meta`. */
  readonly meta?: Metadata | undefined;
  /** Fetches another page of the same list. */
  readonly fetch?: ((pageNumber: number) => Promise<ListResponse<any>>) | undefined;
}

/** The items of a page, and the page's position. `map`, `filter` and the like return plain arrays. */
export class ListResponse<R extends Resource = Resource> extends Array<R> {
  /** The position of the page. */
  readonly meta!: ListMeta;
  /** The links that came with the page. Not enumerable. */
  declare readonly links: Links | undefined;
  /** The server's own `meta` for the list, unchanged. Not enumerable. */
  declare readonly serverMeta: Metadata | undefined;

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  constructor(meta: ListMeta, data: readonly R[], facts: PageFacts = {}) {
    super();
    // Not passed to `super`: the number of arguments is limited.
    for (let at = 0; at < (data?.length ?? 0); at++) this.push(data[at] as R);
    this.meta = meta;
    const { links, meta: serverMeta, fetch } = facts;
    for (const [name, value] of Object.entries({ links, serverMeta, fetchPage: fetch })) {
      Object.defineProperty(this, name, { value, configurable: true });
    }
  }

  /** Returns the first item. */
  first(): R | undefined {
    return this[0];
  }

  /** Returns the last item. */
  last(): R | undefined {
    return this[this.length - 1];
  }

  /** Returns the item at an index, from 0. */
  get(index: number): R | undefined {
    return index >= 0 ? this[index] : undefined;
  }

  /** Returns whether a page follows. */
  hasNextPage(): boolean {
    return this.meta.currentPage < this.meta.pageCount || Boolean(this.links?.next);
  }

  /** Returns whether there is a previous page. */
  hasPrevPage(): boolean {
    return this.meta.currentPage > 1;
  }

  /** Returns the number of items on all pages. */
  getRecordCount(): number {
    return this.meta.recordCount;
  }

  /** Returns the number of pages. */
  getPageCount(): number {
    return this.meta.pageCount;
  }

  /** The number of items on all pages. */
  get recordCount(): number {
    return this.meta.recordCount;
  }

  /** The number of pages. */
  get pageCount(): number {
    return this.meta.pageCount;
  }

  /** Fetches the next page; resolves with `null` after the last. */
  async nextPage(): Promise<ListResponse<R> | null> {
    return this.hasNextPage() ? this.#page(this.meta.currentPage + 1) : null;
  }

  /** Fetches the previous page; resolves with `null` before the first. */
  async prevPage(): Promise<ListResponse<R> | null> {
    return this.hasPrevPage() ? this.#page(this.meta.currentPage - 1) : null;
  }

  /** Yields this page and all later ones, holding one at a time. */
  async *pages(): AsyncGenerator<ListResponse<R>, void, undefined> {
    // After an empty page there are no more, whatever the count says.
    for (let page: ListResponse<R> | null = this; page !== null; page = page.length > 0 ? await page.nextPage() : null)
      yield page;
  }

  /** Yields the items of this page and of all later ones. A `for await` over the page itself stays in the page. */
  async *all(): AsyncGenerator<R, void, undefined> {
    for await (const page of this.pages()) yield* page;
  }

  async #page(number: number): Promise<ListResponse<R>> {
    const { fetchPage } = this as { fetchPage?: PageFacts["fetch"] };
    if (fetchPage) return fetchPage(number);
    const message = "this list did not come from a client, so it cannot load another page";
    throw asFailure(new TypeError(message), "invalid_request");
  }
}

/**
 * Returns the position of a page, from the server's `meta` and from the request. If the server says nothing, the counts
 * follow from the items received.
 */
export function pageMeta(
  server: Metadata | undefined,
  asked: { number?: unknown; size?: unknown } | null | undefined,
  length: number,
  last: boolean,
): ListMeta {
  const currentPage = integerOf(asked?.number) ?? 1;
  const recordsPerPage = integerOf(asked?.size) ?? 10;
  const ends = last && length < recordsPerPage;
  return {
    pageCount: integerOf(server?.page_count) ?? (ends ? currentPage : Number.NaN),
    recordCount: integerOf(server?.record_count) ?? (ends ? (currentPage - 1) * recordsPerPage + length : Number.NaN),
    currentPage,
    recordsPerPage,
  };
}

function integerOf(value: unknown): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return Number.isInteger(number) ? (number as number) : undefined;
}
