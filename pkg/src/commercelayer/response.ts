/** The HTTP response behind a result. */

/** The facts of a response besides its document. */
export interface ResponseFacts {
  /** The HTTP status. */
  readonly status: number;
  /** The headers, such as those of the rate limit. */
  readonly headers: Headers;
  /** The server's id of the request, if it sent one. */
  readonly requestId: string | undefined;
  /** The URL that the request went to. */
  readonly url: string;
}

/**
 * The key under which a result stores its response, so that another copy of this package, such as the CommonJS one,
 * finds it too.
 */
const ANSWER: unique symbol = Symbol.for("keyturn.commercelayer.answer") as never;

interface Result {
  [ANSWER]?: () => ResponseFacts;
}

/** Returns the response that a resource or a list came with; `undefined` for a resource within another. */
export function responseOf(result: object | null | undefined): ResponseFacts | undefined {
  return (result as Result | null | undefined)?.[ANSWER]?.();
}

/** @internal */
export function keepResponse<T>(result: T, facts: ResponseFacts): T {
  if (typeof result === "object" && result !== null)
    Object.defineProperty(result, ANSWER, { value: () => facts, configurable: true });
  return result;
}
