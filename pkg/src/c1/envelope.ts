/** The result of a call. */

/** The return type of a method. */
export type Call<T> = Promise<T>;

/** The common part of all envelopes; the decoded body is a further property with the operation's own name. */
export type Envelope = {
  /** The response's `Content-Type`. */
  contentType: string;
  /** The response's status. */
  statusCode: number;
  /** The response, its body already consumed. */
  rawResponse: Response;
  /** The server's id of the request, if it sent one. Not shown when the envelope is printed. */
  readonly requestId?: string | undefined;
  /** What in the response did not match the API's description. Not shown when the envelope is printed. */
  readonly problems?: readonly Problem[] | undefined;
};

/** A part of a response that did not match the API's description; the value is kept unchanged. */
export interface Problem {
  /** Where it is, in the names that are used on the wire. */
  path: (string | number)[];
  /** What the API's description expects there, in words. */
  expected: string;
  /** What was there, in words: never the value. */
  found: string;
}
