/** What a call resolves with. */

/** What a method returns. */
export type Call<T> = Promise<T>;

/** What every envelope has; the decoded body is a further property with the operation's own name. */
export type Envelope = {
  /** The answer's `Content-Type`. */
  contentType: string;
  /** The answer's status. */
  statusCode: number;
  /** The answer, its body already consumed. */
  rawResponse: Response;
  /** The server's id of the request, if it sent one. Not shown when the envelope is printed. */
  readonly requestId?: string | undefined;
  /** What in the answer did not fit the API's description. Not shown when the envelope is printed. */
  readonly problems?: readonly Problem[] | undefined;
};

/** Something in an answer that did not fit the API's description; the value is kept unchanged. */
export interface Problem {
  /** Where, in the names that are used on the wire. */
  path: (string | number)[];
  /** What the API's description has there, in words. */
  expected: string;
  /** What was there, in words: never the value. */
  found: string;
}
