/** The driver's view of a session, which authorizes calls. */

import type { Connection } from "../base/options.js";
import type { Effect } from "../generated/boundary.js";
import type { Deadline } from "./transport.js";

/** A header value, and which token is in it. */
export interface Authorization {
  readonly value: string;
  readonly generation: number;
}

/** How an attempt of a call went. */
export interface Attempted {
  effect: Effect;
  /** 0 if no answer arrived. */
  status: number;
  received: boolean;
  /** Milliseconds that the answer asks to wait. */
  retryAfter: number | undefined;
  attempts: number;
  elapsedMs: number;
  leftMs: number;
  policy: Float64Array;
}

/** How to prove the next attempt, after one that was refused because of its proof. */
export interface Reproof {
  /** Whether the URL's query is proven too. */
  readonly withQuery: boolean;
  /** What has been tried for this call: a clock (bit 1), the other form of the URL (bit 2), and in the bits above how many nonces. */
  readonly tried: number;
}

/** Authorizes calls, and says what comes after an attempt. */
export interface Authorizer {
  /**
   * The `Authorization` value to send now. Waits for a refresh if one is needed, as long as the call may.
   *
   * @param via How the call makes its connections.
   */
  authorize(deadline: Deadline, operation?: string, via?: Connection): Promise<Authorization>;
  /** The proof that goes with a call, if its token is bound to a key. `again` is the answer to the previous attempt. */
  proof(
    method: string,
    url: string,
    authorization: Authorization,
    again: Reproof | undefined,
  ): Promise<string> | undefined;
  /** What an answer of the API says about the next proof: how to prove the call again, if it was refused only for that. */
  challenged(status: number, headers: Headers, authorization: Authorization): Reproof | undefined;
  /**
   * Waits for the turn of an attempt, from its proof to what {@link Authorizer.challenged} says of its answer; resolves with what ends
   * it. `undefined`: attempts need not take turns. They do where a server lets only its newest nonce pass, as each answer is needed for
   * the next request.
   */
  turn(again: Reproof | undefined, deadline: Deadline): Promise<() => void> | undefined;
  /** The API answered 401 to this token. True if another attempt makes sense. */
  rejected(authorization: Authorization): boolean;
  /** A call has succeeded. */
  succeeded(): void;
  /**
   * Milliseconds that an answer asks to wait in `Retry-After`; `undefined` if it does not, or if the value makes no
   * sense.
   */
  retryAfter(headers: Headers): number | undefined;
  /** Milliseconds until the next attempt; negative to give up. */
  nextAttempt(attempted: Attempted): number;
}
