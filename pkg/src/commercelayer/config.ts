/** The options of a client and of a call. Where the official SDK has an option, the name is the same. */

import type { TokenStore } from "../auth/sharing.js";
import type { ClientFetchOptions, Clock, Fetch, Logger, RetryConfig } from "../base/options.js";
import type { ProxyAddress } from "../http/relay.js";
import { checkedHeader } from "../http/transport.js";
import type { CommerceLayerCredentials } from "./auth/credentials.js";

/** URL parameters, set after all others. A parameter that is `undefined` is not sent. */
export type RequestParams = Record<string, string | number | boolean | undefined>;

/** Headers by name. A header that is `undefined` is not sent, so a call can omit a header of its client. */
export type RequestHeaders = Record<string, string | undefined>;

/** A function that returns a token in place of one that the server refused. */
export type RefreshToken = (expiredToken: string) => Promise<string>;

/** The options that a client and a call share. */
export type RequestConfig = {
  /** The time limit of a whole call, retries included, in milliseconds. Default: 15 000; 0: no limit. */
  timeout?: number | undefined;
  /** The same as `timeout`, under the name that the rest of the package uses. `timeout` takes precedence. */
  timeoutMs?: number | undefined;
  /** URL parameters, set after all others. */
  params?: RequestParams | undefined;
  /** Additional headers. The client itself sets `Accept`, `Content-Type`, `Authorization` and `User-Agent`. */
  headers?: RequestHeaders | undefined;
  /** A prefix of the package's own `User-Agent`. Pages cannot set that header. */
  userAgent?: string | undefined;
  /** The function that sends requests. Default: the global `fetch`. */
  fetch?: Fetch | undefined;
  /**
   * Further options for `fetch`, such as a `dispatcher` for a proxy. A client's options also apply to its log-ins; of a
   * call's options, only those that say how to connect do.
   */
  fetchOptions?: ClientFetchOptions | undefined;
  /**
   * Called for a token when the server refuses the one in use; once for all calls that were refused together. As an
   * option of a call it renews that call's token, and the client's own stays unchanged.
   */
  refreshToken?: RefreshToken | undefined;
  /**
   * How to retry calls and, for a client, log-ins, which are retried like reads. Default: up to three attempts for
   * reads; other calls are retried only if the server provably did not act.
   */
  retryConfig?: RetryConfig | undefined;
  /** Whether lists, counts, related and included resources come with their secrets. Default: false. */
  secrets?: boolean | undefined;
};

/** The location of the API, and the token to send. */
export type ApiConfig = {
  /** The domain after `provisioning.`. Default: `commercelayer.io`. */
  domain?: string | undefined;
  /** An access token with the scope `provisioning-api`. */
  accessToken: string;
};

/** The options that only a client has. */
export type ClientConfig = {
  /** How to get access tokens: {@link clientCredentials} and similar functions. Replaces `accessToken`. */
  credentials?: CommerceLayerCredentials | undefined;
  /**
   * In a page: the URL of the application's own proxy, made by `createProxy` of `keyturn/proxy`, such as `"/keyturn"`.
   * Calls go there with the application's cookies. The client then has no credentials, and none may be given.
   */
  proxy?: string | URL | ProxyAddress | undefined;
  /**
   * An origin that serves both the API and its tokens: a sandbox or a proxy. `https`, or `http` to loopback. Takes
   * precedence over `domain`.
   */
  serverURL?: string | URL | undefined;
  /** The authentication server, if it is not `auth.` followed by the domain. */
  authURL?: string | URL | undefined;
  /** `camel`: attributes in camelCase and dates as `Date`, both sent and received. Default: as on the wire. */
  names?: "snake" | "camel" | undefined;
  /** A store that shares tokens with other workers. */
  tokenStore?: TokenStore | undefined;
  /** The source of time, for machines whose clock is wrong. */
  clock?: Clock | undefined;
  /**
   * Receives one line per attempt: method, URL, status, duration, a few safe headers. Never a body, a token or a
   * secret.
   */
  debugLogger?: Logger | undefined;
};

/** The options of a client that has an access token. */
export type ResourcesInitConfig = RequestConfig & ClientConfig & ApiConfig;

/** The options of a new client: an access token, a way to get one, or a proxy that has one. */
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

/** Returns the headers that the client does not set itself, in their original spelling. */
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
    // The characters of a header's name: RFC 9110, section 5.6.2.
    checkedHeader("headers", /^[!#$%&'*+\-.^`|~\w]+$/.test(name) ? String(value) : "\n");
  }
}
