/** The official SDK's client options. */

import type { HTTPClientLike, Logger, RetryConfig, Security } from "../../options.js";
import type { SDKHooks } from "../hooks/hooks.js";

/** The servers that `serverIdx` chooses from. */
export const ServerList = [
  /** The tenant's server. */
  "https://{tenantDomain}.conductor.one",
] as const;

/** The tenant that stands in for one that is not named, as in the official SDK. */
export const EXAMPLE_TENANT = "example";

/** The options of a client. */
export type SDKOptions = {
  /** An access token, or a function that is asked for one before each call. `bearerAuth` alone is enough. */
  security?: Security | (() => Promise<Security>) | undefined;
  /** Sends requests instead of the global `fetch`. */
  httpClient?: HTTPClientLike | undefined;
  /** Index in {@link ServerList}. */
  serverIdx?: number | undefined;
  /** The tenant: its name, host or URL. */
  tenantDomain?: string | undefined;
  /** Base URL; wins over `tenantDomain`. `https` only, but for loopback. */
  serverURL?: string | undefined;
  /** Put before the package's own `User-Agent`. */
  userAgent?: string | undefined;
  /** How to repeat calls. Default: calls are not repeated. */
  retryConfig?: RetryConfig | undefined;
  /** Time for a whole call in milliseconds. Default: none. */
  timeoutMs?: number | undefined;
  /** Receives a line per attempt: method, URL, status, time and a few safe headers; never a token. */
  debugLogger?: Logger | undefined;
  /** Log bodies too, with the values of secret fields replaced. Default: false. Not in the official SDK, which always logs them whole. */
  debugBodies?: boolean | undefined;
  /** Hooks around every attempt. */
  hooks?: SDKHooks | undefined;
};

/**
 * Where the options say that the server is.
 *
 * @throws If `serverIdx` is not in {@link ServerList}, or the URL cannot be read.
 */
export function serverURLFromOptions(options: SDKOptions): URL {
  const index = options.serverIdx ?? 0;
  const server = options.serverURL || ServerList[index as 0];
  if (server === undefined) throw new Error(`Invalid server index ${index}`);
  return new URL(server.replace("{tenantDomain}", encodeURIComponent(options.tenantDomain ?? EXAMPLE_TENANT)));
}
