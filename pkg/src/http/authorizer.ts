/** What authorizes calls: the driver's view of a session. */

import type { Connection } from "../base/options.js";
import type { Deadline } from "./transport.js";

/** A header value, and which token is in it. */
export interface Authorization {
  readonly value: string;
  readonly generation: number;
}

/** How an attempt of a call went. */
export interface Attempted {
  effect: number;
  /** 0 if no answer came. */
  status: number;
  received: boolean;
  /** Milliseconds that the answer asks to wait. */
  retryAfter: number | undefined;
  attempts: number;
  elapsedMs: number;
  leftMs: number;
  policy: Float64Array;
}

/** Authorizes calls, and says what comes after an attempt. */
export interface Authorizer {
  /**
   * The `Authorization` value to send now. Waits for a refresh if one is needed, as long as the call may.
   *
   * @param via How the call has its connections made.
   */
  authorize(deadline: Deadline, operation?: string, via?: Connection): Promise<Authorization>;
  /** The proof that goes with a call, if its token is bound to a key. */
  proof(method: string, url: string, authorization: Authorization): Promise<string | undefined>;
  /** What an answer of the API says about the next proof. True if the call was refused for it, and another try makes sense. */
  challenged(status: number, headers: Headers, authorization: Authorization): boolean;
  /** The API answered 401 to this token. True if another try makes sense. */
  rejected(authorization: Authorization): boolean;
  /** A call has succeeded. */
  succeeded(): void;
  /** Milliseconds that an answer asks to wait in `Retry-After`; `undefined` if it does not, or makes no sense. */
  retryAfter(headers: Headers): number | undefined;
  /** Milliseconds until the next attempt; negative to give up. */
  nextAttempt(attempted: Attempted): number;
}
