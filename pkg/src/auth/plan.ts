/** The plan of a session: how to authenticate, and where. Each API makes its own. */

import { isOwn } from "../base/errors.js";
import type { Clock, Connection, Logger, RetryConfig, Security } from "../base/options.js";
import type { Core } from "../core/instance.js";
import type { Session as Handle } from "../generated/core-glue.js";
import type { DpopOptions } from "./dpop.js";
import type { Limit } from "./limit.js";
import type { TokenStore } from "./sharing.js";

/** What a person needs to confirm a login. */
export interface DeviceCode {
  /** The code to compare with the one in the browser, or to type in there. */
  readonly userCode: string;
  /** The page to open. */
  readonly verificationUri: string;
  /** The same page with the code filled in, if the server has one. */
  readonly verificationUriComplete: string | undefined;
  /** The time until which the code can be confirmed. */
  readonly expiresAt: Date;
}

/** The argument of a function that returns an identity token or an assertion. The function may ignore it. */
export interface Around {
  /** Aborted when nobody waits for the token any more. */
  readonly signal: AbortSignal;
  /** How the call that logs in makes its connections. */
  readonly fetchOptions?: Connection | undefined;
}

/** How a request of one of this package's own functions failed, if another attempt may help. */
export interface Passing {
  /** 0 if no response arrived. */
  readonly status: number;
  /** Whether the request may have arrived. */
  readonly received: boolean;
  readonly headers?: Headers | undefined;
}

/**
 * The property that holds the mark. It is a global symbol: the function and the client may belong to two copies of the
 * package.
 */
const PASSING = /* @__PURE__ */ Symbol.for("keyturn.passing");

/** Marks an error as transient. @internal */
export function passing<T extends object>(error: T, how: Passing): T {
  return Object.defineProperty(error, PASSING, { value: how });
}

/** Returns how the request failed if its error is marked as transient. @internal */
export function passingOf(error: unknown): Passing | undefined {
  return isOwn(error) ? (error as { [PASSING]?: Passing })[PASSING] : undefined;
}

/** How to authenticate, and where. @internal */
export interface Plan<Authentication extends object = object> {
  /** Creates the core's half. If it throws text, that is the JSON of an option's error. */
  readonly open: (core: Core, secret: Uint8Array) => Handle;
  /** The secret that only the core keeps; wiped once the core has it. */
  readonly secret: Uint8Array;
  /** The value of {@link Session.authentication}, except for the clock. */
  readonly authentication: Authentication;
  /** Whether a missing token is not an error. */
  readonly anonymous?: boolean | undefined;
  /** Called before each call; returns its token. */
  readonly tokenSource?: (() => Promise<Security | string> | Security | string) | undefined;
  /** Returns a replacement for a token that the API refused. */
  readonly renew?: ((refused: string) => Promise<string> | string) | undefined;
  /** Returns text for the next token request: an identity token or an assertion. */
  readonly subject?: ((around: Around) => Promise<string> | string) | undefined;
  /** How the client makes its connections: the requests of `subject` are part of its log-in. */
  readonly via?: Connection | undefined;
  /** The option that contains `subject`, and the reason of the error when it fails. */
  readonly subjectNames?: readonly [option: string, reason: string] | undefined;
  /** Shows a person a code. */
  readonly onCode?: ((code: DeviceCode) => unknown) | undefined;
  /** Ends a login that waits for a person. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Returns how often to repeat a token request after a transient failure: as often as a read. Default: the usual
   * policy.
   */
  readonly retries?: (() => RetryConfig | undefined) | undefined;
  /** Whether what is sent for a token is valid only once, so that the response must not be lost. */
  readonly once?: boolean | undefined;
  /** The content type of token requests. */
  readonly contentType: string;
  /** What to check when the token endpoint cannot be reached. */
  readonly unreachable: string;
  /**
   * What keeps tokens of different principals apart in a store, besides base URL, DPoP key, and a hash of what the
   * log-in uses: the secret, the identity token. `undefined` if they are not shared, such as those of a person's login
   * without a name.
   */
  readonly principal: readonly string[] | undefined;
  /** How many token requests may be sent. Default: no limit. */
  readonly limit?: Limit | undefined;
  readonly dpop?: boolean | DpopOptions | undefined;
  readonly store?: TokenStore | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}
