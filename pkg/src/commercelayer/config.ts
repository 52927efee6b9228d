/** What a client and a call can be told. The names are those of the official SDK where it has them. */

import type { TokenStore } from "../auth/sharing.js";
import type { Clock, Fetch, Logger, RetryConfig } from "../base/options.js";
import type { CommerceLayerCredentials } from "./auth/credentials.js";

/** Parameters of the URL, set after all others. */
export type RequestParams = Record<string, string | number | boolean>;

/** Headers by name. */
export type RequestHeaders = Record<string, string>;

/** Gives a token in the place of one that the server refused. */
export type RefreshToken = (expiredToken: string) => Promise<string>;

/** What a client and a call have in common. */
export type RequestConfig = {
  /** Time for a whole call in milliseconds, retries included. Default: 15 000; 0: no bound. */
  timeout?: number | undefined;
  /** The same by the name that the rest of the package has for it. `timeout` wins. */
  timeoutMs?: number | undefined;
  /** Parameters of the URL, set after all others. */
  params?: RequestParams | undefined;
  /** More headers. `Accept`, `Content-Type`, `Authorization` and `User-Agent` are the client's to set. */
  headers?: RequestHeaders | undefined;
  /** Stands before the package's own. Pages cannot set that header. */
  userAgent?: string | undefined;
  /** Sends requests. Default: the global `fetch`. */
  fetch?: Fetch | undefined;
  /**
   * Asked for a token when the server refuses the one in use; once for all calls that were refused together. In the options
   * of a call it belongs to the token that is given there, and the client's own stays as it is.
   */
  refreshToken?: RefreshToken | undefined;
  /** How to repeat calls. Default: reads three times in all, other calls only if the server provably did not act. */
  retryConfig?: RetryConfig | undefined;
  /** Whether lists, counts, related and included resources come with their secrets. Default: false. */
  secrets?: boolean | undefined;
};

/** Where the API is, and what to show it. */
export type ApiConfig = {
  /** The domain behind `provisioning.`. Default: `commercelayer.io`. */
  domain?: string | undefined;
  /** An access token with the scope `provisioning-api`. */
  accessToken: string;
};

/** What only a client can be told. */
export type ClientConfig = {
  /** How to get access tokens: {@link clientCredentials} and the like. In the place of `accessToken`. */
  credentials?: CommerceLayerCredentials | undefined;
  /**
   * An origin that serves both the API and its tokens: a sandbox or a proxy. `https`, or `http` to loopback. Wins over
   * `domain`.
   */
  serverURL?: string | URL | undefined;
  /** Where tokens come from, if it is not `auth.` before the domain. */
  authURL?: string | URL | undefined;
  /** `camel`: attributes in camelCase, dates as `Date`, both ways. Default: as on the wire. */
  names?: "snake" | "camel" | undefined;
  /** Shares tokens with other workers. */
  tokenStore?: TokenStore | undefined;
  /** The time, where the machine's is wrong. */
  clock?: Clock | undefined;
  /** Receives a line per attempt: method, URL, status, time, a few safe headers. Never a body, a token or a secret. */
  debugLogger?: Logger | undefined;
};

/** What a client is made with: an access token, or a way to get one. */
export type ResourcesInitConfig = RequestConfig &
  ClientConfig &
  (ApiConfig | (Partial<ApiConfig> & { credentials: CommerceLayerCredentials }));

/** The options of a call, and what a client can be told later. */
export type ResourcesConfig = RequestConfig &
  Partial<ApiConfig> &
  ClientConfig & {
    /** Ends the call wherever it is: waiting for a token, on its way, between two attempts or two pages. */
    signal?: AbortSignal | null | undefined;
  };

/** The options of a client. */
export type CommerceLayerInitConfig = ResourcesInitConfig;

/** What a client can be told later. */
export type CommerceLayerConfig = ResourcesConfig;

const OWN_HEADERS = ["accept", "content-type", "authorization", "user-agent"];

/** The headers that are not the client's own, as they were spelled. */
export function customHeaders(...sources: (RequestHeaders | undefined)[]): RequestHeaders {
  const all = Object.assign({}, ...sources) as RequestHeaders;
  return Object.fromEntries(Object.entries(all).filter(([name]) => !OWN_HEADERS.includes(name.toLowerCase())));
}
