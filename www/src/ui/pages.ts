/** A list that comes in pages, and what there is to show while it comes. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** A page as the package gives it, as far as it matters here. */
interface AnyPage {
  next(): Promise<AnyPage | null>;
}

/** What is in a page. */
interface Content<Item> {
  items: readonly Item[];
  nextPageToken: string | null | undefined;
}

/** Fetches page after page. Starting anew aborts what runs. */
export class Pages<P extends AnyPage, Item> implements ReactiveController {
  /** What has come. */
  items: readonly Item[] = [];
  /** A page is on its way. */
  loading = false;
  /** Why the latest page did not come. */
  error: unknown;
  /** There is another page. */
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

  /** Begins a list. What was there before goes at once, or with `keep` when the first page comes. */
  start(first: (signal: AbortSignal) => Promise<P>, keep = false): Promise<void> {
    this.#running.abort();
    this.#running = new AbortController();
    this.#first = first;
    this.#latest = undefined;
    if (!keep) this.items = [];
    this.more = false;
    return this.next();
  }

  /** Fetches the next page, or again the one that did not come. */
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
