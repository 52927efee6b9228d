/** The options of a client and of a call. Where the official SDK has an option, the name is the same. */

import type { TokenStore } from "../auth/sharing.js";
import type { ClientFetchOptions, Clock, Fetch, Logger, RetryConfig } from "../base/options.js";
import type { ProxyAddress } from "../http/relay.js";
import { checkedHeader } from "../http/transport.js";
import type { CommerceLayerCredentials } from "./auth/credentials.js";

/** Parameters of the URL, set after all others. A parameter that is `undefined` is not sent. */
export type RequestParams = Record<string, string | number | boolean | undefined>;

/** Headers by name. A header that is `undefined` is not sent, so a call can omit one of its client's. */
export type RequestHeaders = Record<string, string | undefined>;

/** Returns a token in place of one that the server refused. */
export type RefreshToken = (expiredToken: string) => Promise<string>;

/** What a client and a call have in common. */
export type RequestConfig = {
  /** Time for a whole call in milliseconds, retries included. Default: 15 000; 0: no limit. */
  timeout?: number | undefined;
  /** The same, under the name that the rest of the package uses. `timeout` takes precedence. */
  timeoutMs?: number | undefined;
  /** Parameters of the URL, set after all others. */
  params?: RequestParams | undefined;
  /** Additional headers. `Accept`, `Content-Type`, `Authorization` and `User-Agent` are the client's to set. */
  headers?: RequestHeaders | undefined;
  /** Placed before the package's own. Pages cannot set that header. */
  userAgent?: string | undefined;
  /** Sends requests. Default: the global `fetch`. */
  fetch?: Fetch | undefined;
  /**
   * Further options for `fetch`, such as a `dispatcher` for a proxy. Those of a client also
   * apply to its log-ins; of those of a call, the ones that say how to connect do.
   */
  fetchOptions?: ClientFetchOptions | undefined;
  /**
   * Called for a token when the server refuses the one in use; once for all calls that were refused together. In the
   * options of a call it belongs to that call's token, and the client's own stays unchanged.
   */
  refreshToken?: RefreshToken | undefined;
  /**
   * How to repeat calls and, for a client, log-ins as if they were reads. Default: reads three times in total, other
   * calls only if the server provably did not act.
   */
  retryConfig?: RetryConfig | undefined;
  /** Whether lists, counts, related and included resources come with their secrets. Default: false. */
  secrets?: boolean | undefined;
};

/** Where the API is, and the token to send. */
export type ApiConfig = {
  /** The domain behind `provisioning.`. Default: `commercelayer.io`. */
  domain?: string | undefined;
  /** An access token with the scope `provisioning-api`. */
  accessToken: string;
};

/** The options that only a client has. */
export type ClientConfig = {
  /** How to get access tokens: {@link clientCredentials} and similar functions. Replaces `accessToken`. */
  credentials?: CommerceLayerCredentials | undefined;
  /**
   * In a page: the URL of the application's own proxy, made by `createProxy` of `keyturn/proxy`, such as `"/keyturn"`. Calls go there with
   * the application's cookies, and the client has no credentials: none may be given in addition.
   */
  proxy?: string | URL | ProxyAddress | undefined;
  /**
   * An origin that serves both the API and its tokens: a sandbox or a proxy. `https`, or `http` to loopback. Wins over
   * `domain`.
   */
  serverURL?: string | URL | undefined;
  /** The authentication server, if it is not `auth.` before the domain. */
  authURL?: string | URL | undefined;
  /** `camel`: attributes in camelCase, dates as `Date`, both ways. Default: as on the wire. */
  names?: "snake" | "camel" | undefined;
  /** Shares tokens with other workers. */
  tokenStore?: TokenStore | undefined;
  /** The time, for machines whose clock is wrong. */
  clock?: Clock | undefined;
  /** Receives a line per attempt: method, URL, status, time, a few safe headers. Never a body, a token or a secret. */
  debugLogger?: Logger | undefined;
};

/** The options of a client that has an access token. */
export type ResourcesInitConfig = RequestConfig & ClientConfig & ApiConfig;

/** What a client is made with: an access token, a way to get one, or a proxy that has one. */
export type ClientInitConfig =
  | ResourcesInitConfig
  | (RequestConfig &
      ClientConfig &
      Partial<ApiConfig> &
      ({ credentials: CommerceLayerCredentials } | { proxy: string | URL | ProxyAddress }));

/** The options of a call, and those of a client that can be changed later. */
export type ResourcesConfig = RequestConfig &
  Partial<ApiConfig> &
  ClientConfig & {
    /**
     * Aborts the call at any stage: while it waits for a token, during a request, between two attempts or two pages.
     */
    signal?: AbortSignal | null | undefined;
  };

/** The options of a client that has an access token. */
export type CommerceLayerInitConfig = ResourcesInitConfig;

/** The options of a client that can be changed later. */
export type CommerceLayerConfig = ResourcesConfig;

const OWN_HEADERS = ["accept", "content-type", "authorization", "user-agent"];

/** The headers that the client does not set itself, in their original spelling. */
export function customHeaders(...sources: (RequestHeaders | undefined)[]): Record<string, string> {
  const all = Object.assign({}, ...sources) as RequestHeaders;
  return Object.fromEntries(
    Object.entries(all).filter(
      (pair): pair is [string, string] => pair[1] != null && !OWN_HEADERS.includes(pair[0].toLowerCase()),
    ),
  );
}

/**
 * Checks a client's headers, which are sent with every call.
 *
 * @throws {@link ConfigurationError}
 */
export function checkHeaders(headers: RequestHeaders | undefined): void {
  for (const [name, value] of Object.entries(customHeaders(headers))) {
    // RFC 9110, 5.6.2: what a name is made of.
    checkedHeader("headers", /^[!#$%&'*+\-.^`|~\w]+$/.test(name) ? String(value) : "\n");
  }
}
