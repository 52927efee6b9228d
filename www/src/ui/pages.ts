/** A list that is loaded page by page, and what to show meanwhile. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** The part of the package's pages that matters here. */
interface AnyPage {
  next(): Promise<AnyPage | null>;
}

/** The content of a page. */
interface Content<Item> {
  items: readonly Item[];
  nextPageToken: string | null | undefined;
}

/** Fetches page after page. Starting again aborts the request under way. */
export class Pages<P extends AnyPage, Item> implements ReactiveController {
  /** The items loaded so far. */
  items: readonly Item[] = [];
  /** Whether a page is being loaded. */
  loading = false;
  /** Why the latest page failed to load. */
  error: unknown;
  /** Whether there is another page. */
  more = false;

  readonly #host: ReactiveControllerHost;
  readonly #content: (page: P) => Content<Item>;
  #first: (signal: AbortSignal) => Promise<P> = () => Promise.reject(new Error("not started"));
  #latest: P | undefined;
  #running = new AbortController();

  constructor(host: ReactiveControllerHost, content: (page: P) => Content<Item>) {
    this.#host = host;
    this.#content = content;
    host.addController(this);
  }

  hostConnected(): void {}

  hostDisconnected(): void {
    this.#running.abort();
  }

  /** Starts a list. The previous items are dropped at once, or with `keep` when the first page arrives. */
  start(first: (signal: AbortSignal) => Promise<P>, keep = false): Promise<void> {
    this.#running.abort();
    this.#running = new AbortController();
    this.#first = first;
    this.#latest = undefined;
    if (!keep) this.items = [];
    this.more = false;
    return this.next();
  }

  /** Fetches the next page, or retries the one that failed. */
  async next(): Promise<void> {
    const { signal } = this.#running;
    this.loading = true;
    this.error = undefined;
    this.#host.requestUpdate();
    try {
      const page = (await (this.#latest ? this.#latest.next() : this.#first(signal))) as P | null;
      if (signal.aborted) return;
      this.more = false;
      if (page) {
        const { items, nextPageToken } = this.#content(page);
        this.items = this.#latest ? [...this.items, ...items] : items;
        this.#latest = page;
        this.more = Boolean(nextPageToken);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!this.#latest) this.items = [];
      this.error = error;
    }
    this.loading = false;
    this.#host.requestUpdate();
  }
}
