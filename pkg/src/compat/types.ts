/** The official SDK's results, promises and pages: `keyturn/compat/sdk/types`. */

/** What a standalone function ends with: a value, or an error that is not thrown. */
export type Result<T, E = unknown> = { ok: true; value: T; error?: never } | { ok: false; value?: never; error: E };

/** A result with a value. */
export function OK<V>(value: V): Result<V, never> {
  return { ok: true, value };
}

/** A result with an error. */
export function ERR<E>(error: E): Result<never, E> {
  return { ok: false, error };
}

/** The value of a result; throws its error if it has none. */
export function unwrap<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw result.error;
  return result.value;
}

/** The value of a result to come; rejects with its error if it has none. */
export async function unwrapAsync<T>(result: Promise<Result<T, unknown>>): Promise<T> {
  return unwrap(await result);
}

/** What was sent and what came back. */
export type APICall =
  /** An answer came; whether it is a success is another matter. */
  | { status: "complete"; request: Request; response: Response }
  /** The request was sent, and no answer came. */
  | { status: "request-error"; request: Request; response?: undefined }
  /** Nothing was sent. */
  | { status: "invalid"; request?: undefined; response?: undefined };

/**
 * What a standalone function returns: a promise of its result that can also tell what was sent and what came back.
 * There is one promise inside, so that a failure that is handled is handled.
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

  /** The result, what was sent and what came back. */
  $inspect(): Promise<[T, APICall]> {
    return this.#call;
  }
}

/** Fetches the next page; `null` after the last. */
export type Paginator<V> = () => Promise<V & { next: Paginator<V> }> | null;

/** A page, the way to the next one, and an iterator over this and all that follow. */
export type PageIterator<V, PageState = unknown> = V & {
  next: Paginator<V>;
  [Symbol.asyncIterator]: () => AsyncIterableIterator<V>;
  "~next"?: PageState | undefined;
};

/** The iterator of a page and all that follow, up to one that `halt` wants to be the last. */
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

/** A page without another one. */
export function haltIterator<V extends object>(page: V): PageIterator<V, undefined> {
  return {
    ...page,
    next: () => null,
    async *[Symbol.asyncIterator]() {
      yield page;
    },
  };
}

/** Pages of results as pages of values. An error is thrown where it comes. */
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

/** A value that the enumeration did not have when this package was made. */
export type Unrecognized<T> = T & {};
/** One of the known values. */
export type ClosedEnum<T> = T[keyof T];
export type { OpenEnum } from "../generated/enums.js";
export { RFCDate } from "./rfcdate.js";
