/** The answer behind a result. */

/** What is known of an answer besides its document. */
export interface ResponseFacts {
  /** The HTTP status. */
  readonly status: number;
  /** Its headers, such as the rate limit. */
  readonly headers: Headers;
  /** The server's id of the request, if it sent one. */
  readonly requestId: string | undefined;
  /** Where the request went. */
  readonly url: string;
}

/** Where a result stores it, so that another copy of this package, such as the CommonJS one, finds it too. */
const ANSWER: unique symbol = Symbol.for("keyturn.commercelayer.answer") as never;

interface Result {
  [ANSWER]?: () => ResponseFacts;
}

/** The answer that a resource or a list came with. For a resource within another: nothing. */
export function responseOf(result: object | null | undefined): ResponseFacts | undefined {
  return (result as Result | null | undefined)?.[ANSWER]?.();
}

/** @internal */
export function keepResponse<T>(result: T, facts: ResponseFacts): T {
  if (typeof result === "object" && result !== null)
    Object.defineProperty(result, ANSWER, { value: () => facts, configurable: true });
  return result;
}
