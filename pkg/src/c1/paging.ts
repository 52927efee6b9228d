/** Lists that come in pages. */

import { DecodeError } from "../base/errors.js";
import type { Operation } from "../base/operation.js";
import type { Envelope } from "./envelope.js";

/** A page: the envelope, with a method for the next page. */
export type Page<T> = T & {
  /** Fetches the next page; `null` after the last. */
  next(): Promise<Page<T> | null>;
  /** Iterates over this page and all that follow. */
  [Symbol.asyncIterator](): AsyncIterator<Page<T>>;
};

/**
 * The result of a paged method. Await it for the first page, or iterate over it for every item of every page:
 *
 * ```ts
 * for await (const app of c1.apps.list()) console.log(app.displayName);
 * ```
 */
export class Paged<T, Item> extends Promise<Page<T>> implements AsyncIterable<Item> {
  #items = "";
  #field = "";

  /** Makes `then` return an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** @internal */
  static begin<T, Item>(facts: Operation, request: unknown, send: Send, dress?: Dress): Paged<T, Item> {
    const paged = new Paged<T, Item>((resolve, reject) => {
      fetchPage({ facts, send, dress }, request, new Set<string>()).then(
        (page) => resolve(page as unknown as Page<T>),
        reject,
      );
    });
    // A caller that awaits this sees its failure; an iteration that was begun but is not read must not end the process
    // with an unhandled rejection.
    paged.catch(() => undefined);
    paged.#items = facts.items ?? "";
    paged.#field = facts.field;
    return paged;
  }

  /** Iterates over every item of every page. One page is held in memory at a time. */
  [Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    return itemsOf<Item>(this.pages(), this.#field, this.#items);
  }

  /** Iterates over every page. */
  pages(): AsyncGenerator<Page<T>, void, undefined> {
    return pagesOf<T>(this);
  }
}

/**
 * Iterates over pages. This is not a method: a generator's `this` would hold the promise, and with it the first page,
 * until the last one was read.
 */
async function* pagesOf<T>(first: Promise<Page<T>> | undefined): AsyncGenerator<Page<T>, void, undefined> {
  let page: Page<T> | null = await (first as Promise<Page<T>>);
  first = undefined;
  for (; page !== null; page = await page.next()) yield page;
}

async function* itemsOf<Item>(
  pages: AsyncIterable<object>,
  field: string,
  name: string,
): AsyncGenerator<Item, void, undefined> {
  for await (const page of pages) {
    const body = (page as Record<string, unknown>)[field] as Record<string, unknown> | undefined;
    const items = body?.[name];
    if (Array.isArray(items)) yield* items as Item[];
  }
}

type Send = (request: unknown) => Promise<Envelope>;

/** Adds the members for reading pages to a page; `token` is that of the next page, if there is one. */
type Dress = (page: Page<Envelope>, token: string | undefined) => void;

interface List {
  facts: Operation;
  send: Send;
  dress: Dress | undefined;
}

async function fetchPage(list: List, request: unknown, seen: Set<string>): Promise<Page<Envelope>> {
  const { facts, send, dress } = list;
  const page = (await send(request)) as Page<Envelope>;
  const body = (page as unknown as Record<string, unknown>)[facts.field] as Record<string, unknown> | undefined;
  const given = body?.[facts.tokenOut ?? ""];
  const token = typeof given === "string" && given.trim() !== "" ? given : undefined;
  const next = async (): Promise<Page<Envelope> | null> => {
    if (token === undefined) return null;
    if (seen.has(token)) {
      const message = "the server sent the same page token twice, so paging would never end";
      throw new DecodeError(message, page.statusCode, page.rawResponse.headers, "", { operation: facts.id });
    }
    return fetchPage(list, withToken(facts, request, token), new Set(seen).add(token));
  };
  Object.defineProperty(page, "next", { value: next, configurable: true });
  Object.defineProperty(page, Symbol.asyncIterator, {
    value: async function* () {
      for (let at: Page<Envelope> | null = page; at !== null; at = await at.next()) yield at;
    },
  });
  dress?.(page, token);
  return page;
}

/** Returns the request with the token where the operation expects it. */
function withToken(facts: Operation, request: unknown, token: string): unknown {
  const before = (request ?? {}) as Record<string, unknown>;
  const name = facts.tokenIn ?? "";
  if (!facts.tokenUnder) return { ...before, [name]: token };
  return { ...before, [facts.tokenUnder]: { ...(before[facts.tokenUnder] as object | undefined), [name]: token } };
}
