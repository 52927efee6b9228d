/** The driver's view of a session, which authorizes calls. */

import type { Connection } from "../base/options.js";
import type { Effect } from "../generated/boundary.js";
import type { Deadline } from "./transport.js";

/** A header value, and the generation of the token in it. */
export interface Authorization {
  readonly value: string;
  readonly generation: number;
}

/** The result of an attempt of a call. */
export interface Attempted {
  effect: Effect;
  /** 0 if no response arrived. */
  status: number;
  received: boolean;
  /** Milliseconds that the response asks to wait. */
  retryAfter: number | undefined;
  attempts: number;
  elapsedMs: number;
  leftMs: number;
  policy: Float64Array;
}

/** How to prove the next attempt, after one whose proof was refused. */
export interface Reproof {
  /** Whether the proof covers the URL's query too. */
  readonly withQuery: boolean;
  /**
   * What has been tried for this call: another clock (1), the other form of the URL (2), and nonces, counted in steps
   * of 4.
   */
  readonly tried: number;
}

/** Authorizes calls, and decides what follows an attempt. */
export interface Authorizer {
  /**
   * Returns the `Authorization` value to send now. Waits for a refresh if one is needed, as long as the call may.
   *
   * @param via How the call makes its connections.
   */
  authorize(deadline: Deadline, operation?: string, via?: Connection): Promise<Authorization>;
  /**
   * Returns the proof that goes with a call, if its token is bound to a key. `again` is what
   * {@link Authorizer.challenged} returned for the previous attempt.
   */
  proof(
    method: string,
    url: string,
    authorization: Authorization,
    again: Reproof | undefined,
  ): Promise<string> | undefined;
  /**
   * Reads what a response of the API says about the next proof. Returns how to prove the call again, if only its proof
   * was refused.
   */
  challenged(status: number, headers: Headers, authorization: Authorization): Reproof | undefined;
  /**
   * Waits for the turn of an attempt, which lasts from its proof until {@link Authorizer.challenged} has read its
   * response. Resolves with a function that ends the turn. Returns `undefined` if attempts need not take turns. They do
   * where a server accepts only its newest nonce, as each response is then needed for the next request.
   */
  turn(again: Reproof | undefined, deadline: Deadline): Promise<() => void> | undefined;
  /** Called when the API responded 401 to this token. Returns whether another attempt makes sense. */
  rejected(authorization: Authorization): boolean;
  /** Called when a call has succeeded. */
  succeeded(): void;
  /**
   * Returns the milliseconds that a response asks to wait in `Retry-After`; `undefined` if it does not, or if the value
   * makes no sense.
   */
  retryAfter(headers: Headers): number | undefined;
  /** Returns the milliseconds until the next attempt; negative to give up. */
  nextAttempt(attempted: Attempted): number;
}
