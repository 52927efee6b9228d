/** What a client and a call can be told. The names are those of the official SDK where it has them. */

import type { Credentials } from "./auth/credentials.js";
import type { DpopOptions } from "./auth/dpop.js";
import type { TokenStore } from "./auth/sharing.js";
import type { Environment } from "./auth/surroundings.js";

/** The body of an official `security` option. Either name alone is enough. */
export interface Security {
  /** An access token, without or with the word `Bearer` before it. */
  bearerAuth?: string | undefined;
  /** The same, under the official SDK's other name for it. */
  oauth?: string | undefined;
}

/** Exponential backoff, in milliseconds. */
export interface BackoffStrategy {
  /** First delay. */
  initialInterval: number;
  /** Longest delay. */
  maxInterval: number;
  /** Each delay is this times the one before. */
  exponent: number;
  /** No attempt begins later than this after the first. */
  maxElapsedTime: number;
}

/** How to repeat calls that fail. */
export type RetryConfig =
  | { strategy: "none" }
  | {
      strategy: "backoff";
      /** Default: 500 ms, at most 60 s, exponent 1.5, one hour in all, as in the official SDK. */
      backoff?: BackoffStrategy | undefined;
      /** Also when no answer came. Default: false. */
      retryConnectionErrors?: boolean | undefined;
      /** Attempts in all. Default: 10. */
      maxAttempts?: number | undefined;
      /**
       * Also repeat calls that issue a one-time secret, such as `connector.rotateCredential`. Each repetition may issue
       * another secret whose owner nobody knows. Default: false.
       */
      repeatOneTimeSecrets?: boolean | undefined;
    };

/** Something that sends a request, such as the official SDK's `HTTPClient`. */
export interface HTTPClientLike {
  /** Sends the request and resolves with the answer. */
  request(request: Request): Promise<Response>;
}

/** Where log lines go: `console` fits. */
export interface Logger {
  /** Begins a group of lines. */
  group(label?: string): void;
  /** Ends it. */
  groupEnd(): void;
  /** One line. */
  log(message: unknown, ...args: unknown[]): void;
}

/** Sends a request: the global `fetch` or one like it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Where the time comes from. The sandbox's clock fits. */
export interface Clock {
  /** The time, in milliseconds since 1970. What is signed has it in it. */
  now(): number;
  /** Milliseconds that never go backwards: how long a token has lived is measured with these. Default: `performance.now()`. */
  monotonic?(): number;
}

/** The options of a client. */
export interface ClientOptions {
  /**
   * How to authenticate: made by {@link signedAssertion}, {@link tokenExchange}, {@link deviceLogin}, {@link accessToken},
   * {@link tokenFunction} or {@link clientSecretPost}. Beside it neither `clientID` and `clientSecret` nor `security` may be given,
   * which are shorter names for three of these. If none of the four is given, the environment is asked; see
   * {@link ConductorOne.fromEnv}.
   */
  credentials?: Credentials | undefined;
  /** Client id, as `name@tenant.conductor.one/spc`. Its host says which tenant to call. */
  clientID?: string | undefined;
  /** Client secret that belongs to it: text that begins with `secret-token:`, or its UTF-8 bytes. */
  clientSecret?: string | Uint8Array | undefined;
  /** An access token, or a function that is asked for one before each call. */
  security?: Security | (() => Promise<Security> | Security) | undefined;
  /** Base URL; wins over `tenantDomain` and the client id. `https` only, but for loopback. */
  serverURL?: string | URL | undefined;
  /** The tenant: its name, host or URL; wins over the client id. */
  tenantDomain?: string | undefined;
  /** Index in the official SDK's list of servers, which has one entry: only 0 is accepted. */
  serverIdx?: number | undefined;
  /** Variables to look into instead of the process's, such as the `env` of a Worker. */
  environment?: Environment | undefined;
  /** Binds tokens to a key, and proves each request with it (RFC 9449). A server that does not bind tokens is no error. Default: off. */
  dpop?: boolean | DpopOptions | undefined;
  /** Shares tokens with other workers. Default: each client has its own. */
  tokenStore?: TokenStore | undefined;
  /** The time, for machines whose clock is wrong and for tests. Default: the machine's. */
  clock?: Clock | undefined;
  /**
   * Sends requests instead of the global `fetch`. In Deno, give a body on to its `fetch` as a `Blob`: Deno sends a request whose body
   * is a string again by itself when a connection breaks that was used before, also one that issues a secret.
   */
  fetch?: Fetch | undefined;
  /** Sends requests; wins over `fetch`. */
  httpClient?: HTTPClientLike | undefined;
  /** Time for a whole call, retries and log-in included, in milliseconds. Default: 60 000; 0 or less, or `Infinity`: none. */
  timeoutMs?: number | undefined;
  /** How to repeat calls. Default: reads three times in all, other calls only if the server provably did not act. */
  retryConfig?: RetryConfig | undefined;
  /** Put before the package's own `User-Agent`. Pages cannot set that header. */
  userAgent?: string | undefined;
  /** Receives a line per attempt: method, URL, status, time, a few safe headers. Never a body, a token or a secret. */
  debugLogger?: Logger | undefined;
}

/** The options of one call. */
export interface RequestOptions {
  /** Time for the whole call in milliseconds; see {@link ClientOptions.timeoutMs}. */
  timeoutMs?: number | undefined;
  /** Aborts the call, also while it waits for a token or for its next attempt. */
  signal?: AbortSignal | null | undefined;
  /** More headers, or others: these win. */
  headers?: RequestInit["headers"] | undefined;
  /** The same, as the official SDK takes them. `headers` wins. */
  fetchOptions?: Omit<RequestInit, "method" | "body"> | undefined;
  /** How to repeat this call. */
  retries?: RetryConfig | undefined;
  /** Statuses to repeat after, as `"503"` or `"5XX"`. */
  retryCodes?: string[] | undefined;
  /** Another base URL for this call. It must have the client's origin, where its token belongs. */
  serverURL?: string | URL | undefined;
}
