/** The options of a client of C1. The names are those of the official SDK where it has them. */

import type { DpopOptions } from "../auth/dpop.js";
import type { TokenStore } from "../auth/sharing.js";
import type {
  ClientFetchOptions,
  Clock,
  Fetch,
  HTTPClientLike,
  Logger,
  RetryConfig,
  Security,
} from "../base/options.js";
import type { ProxyAddress } from "../http/relay.js";
import type { Credentials } from "./auth/credentials.js";
import type { Environment } from "./auth/surroundings.js";

/** The options of a client. */
export interface ClientOptions {
  /**
   * How to authenticate: made by {@link signedAssertion}, {@link tokenExchange}, {@link deviceLogin},
   * {@link accessToken}, {@link tokenFunction} or {@link clientSecretPost}. Excludes `clientID`, `clientSecret` and
   * `security`, which are shorter names for three of these. If none of the four is given, the environment is used; see
   * {@link ConductorOne.fromEnv}.
   */
  credentials?: Credentials | undefined;
  /** Client id, as `name@tenant.conductor.one/spc`. Its host says which tenant to call. */
  clientID?: string | undefined;
  /** Client secret that belongs to it: text that begins with `secret-token:`, or its UTF-8 bytes. */
  clientSecret?: string | Uint8Array | undefined;
  /** An access token, or a function that is called for one before each call. */
  security?: Security | (() => Promise<Security> | Security) | undefined;
  /**
   * In a page: the URL of the application's own proxy, made by `createProxy` of `keyturn/proxy`, such as `"/keyturn"`.
   * Calls go there with the application's cookies, and the client has no credentials: none may be given in addition.
   */
  proxy?: string | URL | ProxyAddress | undefined;
  /** Base URL; takes precedence over `tenantDomain` and the client id. `https` only, except to loopback. */
  serverURL?: string | URL | undefined;
  /** The tenant: its name, host or URL; takes precedence over the client id. */
  tenantDomain?: string | undefined;
  /** Index in the official SDK's list of servers, which has one entry: only 0 is accepted. */
  serverIdx?: number | undefined;
  /** Variables to use instead of the process's, such as the `env` of a Worker. */
  environment?: Environment | undefined;
  /**
   * Binds tokens to a key, and proves each request with it (RFC 9449). It is no error if a server does not bind tokens.
   * Default: off.
   */
  dpop?: boolean | DpopOptions | undefined;
  /** Shares tokens with other workers. Default: each client has its own. */
  tokenStore?: TokenStore | undefined;
  /** The source of the time, for machines whose clock is wrong and for tests. Default: the machine's clock. */
  clock?: Clock | undefined;
  /**
   * Sends requests instead of the global `fetch`. In Deno, pass a body on to its `fetch` as a `Blob`: Deno resends a
   * request whose body is a string when a reused connection breaks, even one that issues a secret.
   */
  fetch?: Fetch | undefined;
  /** Sends requests; takes precedence over `fetch`. */
  httpClient?: HTTPClientLike | undefined;
  /**
   * Further options for `fetch` in all requests, log-ins included, such as a `dispatcher` for a proxy. Those of a
   * call take precedence.
   */
  fetchOptions?: ClientFetchOptions | undefined;
  /**
   * Time for a whole call, retries and log-in included, in milliseconds. Default: 60 000; 0 or less, or `Infinity`:
   * none.
   */
  timeoutMs?: number | undefined;
  /**
   * How to repeat calls, and log-ins as if they were reads. Default: reads three times in total, other calls only if
   * the server provably did not act.
   */
  retryConfig?: RetryConfig | undefined;
  /** Placed before the package's own `User-Agent`. Pages cannot set that header. */
  userAgent?: string | undefined;
  /** Receives a line per attempt: method, URL, status, time, a few safe headers. Never a body, a token or a secret. */
  debugLogger?: Logger | undefined;
}
