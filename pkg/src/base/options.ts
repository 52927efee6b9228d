/**
 * Options of clients of either API and of their calls. Where the official SDKs have an option, it has the same name.
 */

/** The value of an official `security` option. Either property alone is enough. */
export type Security = {
  /** An access token, with or without the word `Bearer` before it. */
  bearerAuth?: string | undefined;
  /** The same, under the official SDK's other name. */
  oauth?: string | undefined;
};

/** Exponential backoff, in milliseconds. */
export type BackoffStrategy = {
  /** First delay. */
  initialInterval: number;
  /** Longest delay. */
  maxInterval: number;
  /** The ratio of each delay to the previous one. */
  exponent: number;
  /** No attempt begins later than this after the first one. */
  maxElapsedTime: number;
};

/** How to repeat calls that fail. */
export type RetryConfig =
  | { strategy: "none" }
  | {
      strategy: "backoff";
      /** Default: 500 ms, at most 60 s, exponent 1.5, one hour in all, as in the official SDK. */
      backoff?: BackoffStrategy | undefined;
      /** Also repeat when no response arrived. Default: false. */
      retryConnectionErrors?: boolean | undefined;
      /** Total number of attempts. Default: 10. */
      maxAttempts?: number | undefined;
      /**
       * Also repeat calls that issue a one-time secret, such as `connector.rotateCredential`. Each repetition may issue
       * another secret whose owner nobody knows. Default: false.
       */
      repeatOneTimeSecrets?: boolean | undefined;
    };

/** An object that sends requests, such as the official SDK's `HTTPClient`. */
export interface HTTPClientLike {
  /** Sends the request and resolves with the response. */
  request(request: Request): Promise<Response>;
}

/** A destination for log lines, such as `console`. */
export interface Logger {
  /** Begins a group of lines. */
  group(label?: string): void;
  /** Ends the group. */
  groupEnd(): void;
  /** Writes one line. */
  log(message: unknown, ...args: unknown[]): void;
}

/** Sends a request: the global `fetch` or one like it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** A source of the time, such as the sandbox's clock. */
export interface Clock {
  /** Returns the time in milliseconds since 1970. Everything that is signed contains it. */
  now(): number;
  /**
   * Returns milliseconds that never go backwards, with which the age of a token is measured. Default:
   * `performance.now()`.
   */
  monotonic?(): number;
}

/** How a runtime makes its connections. Options for another runtime are ignored. */
export interface Connection {
  /** Node: a dispatcher of undici, such as a `ProxyAgent`. */
  dispatcher?: unknown;
  /** node-fetch: an agent of `node:http` or `node:https`. */
  agent?: unknown;
  /** Deno: the result of `Deno.createHttpClient`. */
  client?: unknown;
  /** Bun: the URL of a proxy. */
  proxy?: unknown;
  /** Bun: certificates and authorities. */
  tls?: unknown;
}

/** Further options for `fetch` in a call. */
export type FetchOptions = Omit<RequestInit, "method" | "body"> & Connection;

/** Further options for `fetch` in all requests of a client, log-ins included. */
export type ClientFetchOptions = Omit<FetchOptions, "headers" | "signal">;

/** The options of one call. */
export interface RequestOptions {
  /** Time limit of the whole call in milliseconds; see the client's option of that name. */
  timeoutMs?: number | undefined;
  /** Aborts the call, also while it waits for a token or for its next attempt. */
  signal?: AbortSignal | null | undefined;
  /** Additional headers, which take precedence. A header that is `undefined` is not sent. */
  headers?: RequestInit["headers"] | Record<string, string | undefined> | undefined;
  /**
   * Further options for `fetch`. `headers` takes precedence; connection options, such as `dispatcher`, also apply to
   * the call's log-in.
   */
  fetchOptions?: FetchOptions | undefined;
  /** How to repeat this call. */
  retries?: RetryConfig | undefined;
  /** Statuses after which to repeat the call, such as `"503"` or `"5XX"`. */
  retryCodes?: string[] | undefined;
  /** Another base URL for this call. It must have the client's origin, since the token belongs to that origin. */
  serverURL?: string | URL | undefined;
}
