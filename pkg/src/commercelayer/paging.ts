/** Iteration over all pages of a list, no faster than the server's rate limit allows. */

import type { ListResponse } from "./jsonapi/list.js";
import type { Resource } from "./model.js";

/**
 * The result of a method that lists. Await it for one page, or iterate over it for every item of that page and of all
 * later ones:
 *
 * ```ts
 * for await (const credential of cl.api_credentials.list({ pageSize: 25 })) console.log(credential.name);
 * ```
 */
export class PagedList<R extends Resource> extends Promise<ListResponse<R>> implements AsyncIterable<R> {
  /** Makes `then` return an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** @internal */
  static begin<R extends Resource>(fetch: () => Promise<ListResponse<R>>): PagedList<R> {
    const list = new PagedList<R>((resolve, reject) => {
      fetch().then(resolve, reject);
    });
    // Whoever reads the list sees its failure; a list that nobody reads must not end the process with an unhandled
    // rejection.
    list.catch(() => undefined);
    return list;
  }

  /** Yields every item of this page and of all later ones. One page is held in memory at a time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    for await (const page of this.pages()) yield* page;
  }

  /** Yields this page and all later ones. */
  async *pages(): AsyncGenerator<ListResponse<R>, void, undefined> {
    yield* (await this).pages();
  }
}

/**
 * Returns the milliseconds to wait before the next page, from the rate limit in the last response. The window slides
 * and nothing says when it is free again, so one half of it is used at full speed, and the rest is spread over its
 * length.
 */
export function pauseAfter(headers: Headers): number {
  const [limit, interval, remaining] = ["limit", "interval", "remaining"].map((name) =>
    number(headers.get(`x-ratelimit-${name}`)),
  );
  if (limit === undefined || interval === undefined || remaining === undefined || limit <= 0 || interval <= 0) return 0;
  const half = limit / 2;
  if (remaining >= half) return 0;
  const share = (interval * 1000) / limit;
  return Math.min(interval * 1000, share * (half / Math.max(remaining, 0.5)));
}

function number(text: string | null): number | undefined {
  const found = /^\s*(\d+(?:\.\d+)?)/.exec(text ?? "");
  return found ? Number(found[1]) : undefined;
}
