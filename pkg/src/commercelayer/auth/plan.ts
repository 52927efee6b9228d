/** The way in which a client of Commerce Layer authenticates, derived from its options. */

import { Limit } from "../../auth/limit.js";
import { warnPage } from "../../auth/page.js";
import type { Plan } from "../../auth/plan.js";
import type { TokenStore } from "../../auth/sharing.js";
import { ConfigurationError } from "../../base/errors.js";
import type { ClientFetchOptions, Clock, Fetch, HTTPClientLike, Logger, RetryConfig } from "../../base/options.js";
import { bytesOf } from "../../base/text.js";
import { core, guarded } from "../../core/instance.js";
import { CommerceLayerGrant } from "../../generated/boundary.js";
import { type CommerceLayerCredentials, type Grant, type Spec, specOf } from "./credentials.js";

/** The location of Commerce Layer. */
export interface PlaceOptions {
  /**
   * The service's domain: its API is at `provisioning.` and its authentication server at `auth.` below it. Default:
   * `commercelayer.io`.
   */
  domain?: string | undefined;
  /**
   * One origin that serves both `/api` and `/oauth`, such as a sandbox; takes precedence over `domain`. `https` only,
   * except to loopback.
   */
  serverURL?: string | URL | undefined;
  /** The authentication server, if it is somewhere else. */
  authURL?: string | URL | undefined;
}

/** The options of a client that concern its tokens. */
export interface AuthOptions extends PlaceOptions {
  /** How to authenticate: created by {@link clientCredentials} and similar functions. */
  credentials?: CommerceLayerCredentials | undefined;
  /** An access token, instead of `credentials`. */
  accessToken?: string | Uint8Array | undefined;
  /**
   * Returns another token in place of `accessToken` when the API refuses it; receives the refused one. Called once,
   * however many calls were refused.
   */
  refreshToken?: ((refused: string) => Promise<string> | string) | undefined;
  /** Shares tokens, and the count of token requests, with other workers. Default: each client has its own. */
  tokenStore?: TokenStore | undefined;
  /** The source of time, for machines whose clock is wrong and for tests. Default: the machine's clock. */
  clock?: Clock | undefined;
  debugLogger?: Logger | undefined;
  fetch?: Fetch | undefined;
  httpClient?: HTTPClientLike | undefined;
  /** Further options for `fetch`, such as a `dispatcher` for a proxy. */
  fetchOptions?: ClientFetchOptions | undefined;
  /** How to retry token requests, which are retried like reads. Default: up to three attempts. */
  retryConfig?: RetryConfig | undefined;
}

/** The way in which a client authenticates, without anything secret. */
export interface CommerceLayerAuthentication {
  /** The kind of grant. */
  readonly grant: Grant;
  /** The client id, if there is one. */
  readonly clientId: string | undefined;
}

/** The number of token requests that Commerce Layer's authentication server answers in a minute. */
const TOKEN_REQUESTS = 30;

const limits = new WeakMap<object, Limit>();

/**
 * Returns the limit for a `fetch`. All requests that use it are counted together, since Commerce Layer counts by
 * address.
 */
function limitOf(sender: object): Limit {
  let limit = limits.get(sender);
  if (!limit) limits.set(sender, (limit = new Limit(TOKEN_REQUESTS)));
  return limit;
}

/**
 * Returns the plan of a client's session.
 *
 * @param anonymous says whether calls are sent without a token.
 * @internal
 */
export function commerceLayerPlan(options: AuthOptions, anonymous = false): Plan<CommerceLayerAuthentication> {
  const spec: Spec = anonymous
    ? { grant: "function", secret: new Uint8Array(), tokenSource: () => "" }
    : specOfOptions(options);
  const { grant, clientId, secret, scope = "", tokenSource, renew, assertion } = spec;
  const { retryConfig } = options;
  const kind = CommerceLayerGrant[grant];
  const at = places(options);
  // A password or an assertion always gets a token of its own, never one that somebody else obtained.
  const shared = grant === "clientCredentials" || grant === "refreshToken" || grant === "authorizationCode";
  const holds = clientId !== undefined && secret.length > clientId.length + 7;
  return {
    open: ({ Session }, custody) => {
      const session = Session.commercelayer(kind, custody, ...at, scope);
      if (holds) warnPage(session.base(), SAFER);
      return session;
    },
    // A copy, since it is wiped: the credentials may also be passed to another client.
    secret: secret.slice(),
    authentication: { grant, clientId },
    anonymous,
    tokenSource,
    renew,
    subject: assertion,
    subjectNames: ["assertion", "assertion"],
    retries: () => retryConfig,
    once: grant === "authorizationCode",
    contentType: "application/json",
    unreachable: "Check domain, serverURL and authURL, and this machine's network.",
    principal: shared ? [grant, clientId ?? "", scope] : undefined,
    limit: limitOf(options.httpClient ?? options.fetch ?? globalThis),
    store: options.tokenStore,
    clock: options.clock,
    logger: options.debugLogger,
  };
}

const SAFER =
  "let the page's server make the calls, or give the client short-lived tokens (`accessToken` with `refreshToken`).";

/** Returns the URLs of the API and of the authentication server, without a trailing slash. @internal */
export function addresses(options: PlaceOptions): { api: string; auth: string } {
  return guarded(() => {
    const session = opened(() =>
      core().Session.commercelayer(CommerceLayerGrant.function, new Uint8Array(), ...places(options), ""),
    );
    const found = { api: session.base(), auth: session.auth() };
    session.free();
    return found;
  });
}

/** Converts the core's complaint about an option to an error of that option. */
function opened<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (typeof error !== "string") throw error;
    const { option, reason, message } = JSON.parse(error) as { option: string; reason: string; message: string };
    throw new ConfigurationError(option, reason, `${option}: ${message}`);
  }
}

function places({ serverURL, authURL, domain }: PlaceOptions): [string | null, string | null, string | null] {
  const text = (url: string | URL | undefined): string | null => (url === undefined ? null : String(url));
  return [text(serverURL), text(authURL), domain ?? null];
}

function specOfOptions({ credentials, accessToken, refreshToken }: AuthOptions): Spec {
  if (credentials !== undefined) {
    if (accessToken !== undefined || refreshToken !== undefined) {
      const message = "credentials: pass either these, or accessToken and optionally refreshToken";
      throw new ConfigurationError("credentials", "credentials_twice", message);
    }
    return specOf(credentials);
  }
  if (accessToken === undefined || accessToken === null) {
    const message =
      "accessToken: nothing to authenticate with; pass an accessToken, or credentials: clientCredentials({ clientId, clientSecret })";
    throw new ConfigurationError("accessToken", "credentials_missing", message);
  }
  if (refreshToken !== undefined && typeof refreshToken !== "function") {
    throw new ConfigurationError("refreshToken", "not_a_function", "refreshToken: must be a function");
  }
  return {
    grant: refreshToken ? "renewable" : "token",
    secret: bytesOf("accessToken", accessToken),
    renew: refreshToken,
  };
}
