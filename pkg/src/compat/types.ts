/** The official SDK's results, promises and pages: `keyturn/compat/sdk/types`. */

/** The result of a standalone function: a value, or an error that is not thrown. */
export type Result<T, E = unknown> = { ok: true; value: T; error?: never } | { ok: false; value?: never; error: E };

/** Returns a result with a value. */
export function OK<V>(value: V): Result<V, never> {
  return { ok: true, value };
}

/** Returns a result with an error. */
export function ERR<E>(error: E): Result<never, E> {
  return { ok: false, error };
}

/** Returns the value of a result; throws its error if it has none. */
export function unwrap<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw result.error;
  return result.value;
}

/** Resolves with the value of a promised result; rejects with its error if it has none. */
export async function unwrapAsync<T>(result: Promise<Result<T, unknown>>): Promise<T> {
  return unwrap(await result);
}

/** The request and its response. */
export type APICall =
  /** The server responded, with any status. */
  | { status: "complete"; request: Request; response: Response }
  /** The request was sent, but no response arrived. */
  | { status: "request-error"; request: Request; response?: undefined }
  /** Nothing was sent. */
  | { status: "invalid"; request?: undefined; response?: undefined };

/**
 * The return value of a standalone function: a promise of its result, which also gives the request and the response.
 * There is a single promise inside, so that handling its rejection once is enough.
 */
export class APIPromise<T> implements Promise<T> {
  readonly #call: Promise<[T, APICall]>;
  readonly [Symbol.toStringTag] = "APIPromise";

  constructor(call: [T, APICall] | Promise<[T, APICall]>) {
    this.#call = Promise.resolve(call);
  }

  then<A = T, B = never>(
    onfulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const take = typeof onfulfilled === "function" ? onfulfilled : (value: T) => value as unknown as A;
    return this.#call.then(([value]) => take(value), onrejected);
  }

  catch<A = never>(onrejected?: ((reason: any) => A | PromiseLike<A>) | null): Promise<T | A> {
    return this.then(undefined, onrejected);
  }

  finally(onfinally?: (() => void) | null): Promise<T> {
    return this.then().finally(onfinally);
  }

  /** Resolves with the result, the request and the response. */
  $inspect(): Promise<[T, APICall]> {
    return this.#call;
  }
}

/** Fetches the next page; `null` after the last. */
export type Paginator<V> = () => Promise<V & { next: Paginator<V> }> | null;

/** A page, a method that fetches the next one, and an iterator over this page and all that follow. */
export type PageIterator<V, PageState = unknown> = V & {
  next: Paginator<V>;
  [Symbol.asyncIterator]: () => AsyncIterableIterator<V>;
  "~next"?: PageState | undefined;
};

/** Returns the iterator over a page and all that follow, up to the one for which `halt` is true. */
export function createPageIterator<V>(
  page: V & { next: Paginator<V> },
  halt: (page: V) => boolean,
): { [Symbol.asyncIterator]: () => AsyncIterableIterator<V> } {
  return {
    async *[Symbol.asyncIterator]() {
      for (let at: (V & { next: Paginator<V> }) | null = page; at != null; at = await at.next()) {
        yield at;
        if (halt(at)) return;
      }
    },
  };
}

/** Returns a page as the last one. */
export function haltIterator<V extends object>(page: V): PageIterator<V, undefined> {
  return {
    ...page,
    next: () => null,
    async *[Symbol.asyncIterator]() {
      yield page;
    },
  };
}

/** Converts pages of results to pages of values. An error is thrown at the page that has it. */
export async function unwrapResultIterator<V, PageState>(
  results: Promise<PageIterator<Result<V, unknown>, PageState>>,
): Promise<PageIterator<V, PageState>> {
  const first = await results;
  const values = ({ next }: { next: Paginator<Result<V, unknown>> }): Paginator<V> => {
    return () => next()?.then((page) => ({ ...unwrap<V>(page), next: values(page) })) ?? null;
  };
  return {
    ...unwrap<V>(first),
    next: values(first),
    "~next": first["~next"],
    async *[Symbol.asyncIterator]() {
      for await (const page of first) yield unwrap<V>(page);
    },
  };
}

/** A value that the enumeration did not have when this package was built. */
export type Unrecognized<T> = T & {};
/** One of the known values. */
export type ClosedEnum<T> = T[keyof T];
export type { OpenEnum } from "../generated/enums.js";
export { RFCDate } from "./rfcdate.js";
