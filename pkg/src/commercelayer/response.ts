/** The answer behind a result. */

/** What is known of an answer besides its document. */
export interface ResponseFacts {
  /** The HTTP status. */
  readonly status: number;
  /** Its headers: the rate limit, for one. */
  readonly headers: Headers;
  /** The server's id of the request, if it sent one. */
  readonly requestId: string | undefined;
  /** Where the request went. */
  readonly url: string;
}

const answers = new WeakMap<object, ResponseFacts>();

/** The answer that a resource or a list came with. Of a resource within another: nothing. */
export function responseOf(result: object | null | undefined): ResponseFacts | undefined {
  return result ? answers.get(result) : undefined;
}

/** @internal */
export function keepResponse<T>(result: T, facts: ResponseFacts): T {
  if (typeof result === "object" && result !== null) answers.set(result, facts);
  return result;
}
