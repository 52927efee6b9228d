/** Calls through an application's own server: the page's half of `keyturn/proxy`. */

import {
  AuthenticationError,
  apiError,
  ConfigurationError,
  ConnectionError,
  DecodeError,
  type ErrorCode,
  InputError,
  InternalError,
  type KeyturnError,
  type Outcome,
  OutcomeUnknownError,
  ProxyError,
  RequestAbortedError,
  RequestTimeoutError,
} from "../base/errors.js";
import type { Operation } from "../base/operation.js";
import { type Answer, mayBeDone } from "./answer.js";
import type { Outgoing } from "./driver.js";
import { RULES } from "./transport.js";

/** The address of an application's proxy. */
export interface ProxyAddress {
  /** Relative to the page, or absolute: `https`, or `http` to loopback. */
  url: string | URL;
  /** Which requests include the application's cookies. Default: `same-origin`. */
  credentials?: "same-origin" | "include" | undefined;
}

/** The header of each request to a proxy and of each of its responses. A page of another site cannot send it. */
export const MARK = "keyturn-proxy";

/**
 * The kinds of a proxy's responses, by their {@link MARK}: the tenant's response, or an error as a
 * {@link RelayedFailure}.
 */
export const ANSWER = "answer";
export const ERROR = "error";

/** An error as a proxy sends it to a page. Nothing in it is secret. */
export interface RelayedFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly outcome: Outcome;
  readonly hint?: string | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  /** Of an `InputError`. */
  readonly path?: string | undefined;
  /** Of a `ConfigurationError`. */
  readonly option?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly apiCode?: string | undefined;
  readonly details?: readonly unknown[] | undefined;
  readonly excerpt?: string | undefined;
  readonly cause?: RelayedFailure | undefined;
}

/** Options that belong to the proxy's client, not to that of a page. */
const OTHERS =
  "credentials clientID clientSecret security serverURL tenantDomain accessToken refreshToken domain authURL";

/** Replaces the page's URL where there is no page. The name is reserved, so that nobody can own it. */
const NO_PAGE = "https://page.invalid/";

/** The route to a proxy. */
export class Relay {
  readonly url: string;
  /** Whether the URL is relative and there is no page: no call can be made then. */
  readonly #nowhere: boolean;
  /** How requests are sent: with the application's cookies, and the page's origin. */
  readonly rules: RequestInit;

  /**
   * Creates a route. A relative URL is accepted even where there is no page, such as when a framework renders a page on
   * its server.
   *
   * @param options Those of the client.
   * @throws {@link ConfigurationError}
   */
  constructor(proxy: string | URL | ProxyAddress, options: object) {
    const other = OTHERS.split(" ").find((name) => (options as Record<string, unknown>)[name] !== undefined);
    if (other) throw refused(other, "not_with_proxy", "belongs to the proxy's client, on the server");
    const { url, credentials = "same-origin" } =
      typeof proxy === "object" && "url" in proxy ? proxy : ({ url: proxy } as ProxyAddress);
    const base = (globalThis as { location?: { href?: string } }).location?.href;
    if (!URL.canParse(String(url), base ?? NO_PAGE)) throw refused("proxy", "not_a_url", "is not a URL");
    this.url = String(new URL(url, base ?? NO_PAGE));
    this.#nowhere = !base && !URL.canParse(String(url));
    // Cloudflare's fetch does not support cookies.
    this.rules = RULES.credentials ? { ...RULES, credentials, referrerPolicy: "same-origin" } : RULES;
  }

  /**
   * Returns the request for a call, which names the operation and contains its input as JSON.
   *
   * @throws {@link ConfigurationError} if there is no page that the URL could be relative to.
   */
  outgoing(facts: Operation, input: string): Outgoing {
    if (this.#nowhere)
      throw refused("proxy", "no_page", "is relative, but there is no page here: make the call in the browser");
    return {
      facts,
      method: "POST",
      url: this.url,
      headers: { accept: "application/json", "content-type": "application/json", [MARK]: "1" },
      body: `{"operation":${JSON.stringify(facts.id)},"input":${input}}`,
      failed,
    };
  }

  /**
   * Returns the tenant's response, or the refusal of something in front of the proxy. Throws the error that a proxy
   * reports.
   */
  async received(facts: Operation, sent: Promise<Response>): Promise<Response> {
    const response = await sent;
    const mark = response.headers.get(MARK);
    if (mark === ERROR) throw revived((await response.json()) as RelayedFailure, facts, response.headers);
    if (response.ok && mark !== ANSWER) {
      const message = "the response is not from a proxy: check `proxy`, and what is served there";
      throw new DecodeError(message, response.status, response.headers, "", { operation: facts.id });
    }
    return response;
  }
}

function refused(option: string, reason: string, what: string): ConfigurationError {
  return new ConfigurationError(option, reason, `${option}: ${what}`);
}

const REASONS: Readonly<Record<number, string>> = {
  401: "unauthorized",
  403: "forbidden",
  429: "rate_limited",
};

/** Returns the error for a response from something in front of the proxy. */
function failed(facts: Operation, { status, retryAfterMs }: Answer): KeyturnError {
  const reason = REASONS[status] ?? (status >= 500 ? "unavailable" : status < 400 ? "redirected" : "unexpected");
  return new ProxyError(`the application answered ${status}, and its proxy did not`, status, reason, {
    operation: facts.id,
    retryAfterMs,
    outcome: mayBeDone(status, facts) ? "unknown" : "none",
    hint: "Check the session in the application, and what is served at `proxy`.",
  });
}

/** Recreates the error that a proxy reports, as an instance of its class. */
function revived(failure: RelayedFailure, facts: Operation, headers: Headers): KeyturnError {
  const { code, message, outcome, hint, requestId, retryAfterMs } = failure;
  const { status = 0, reason = "", apiCode = "", details = [], excerpt = "" } = failure;
  const known = { operation: facts.id, outcome, hint, requestId, retryAfterMs };
  switch (code) {
    case "invalid_request":
      return new InputError(failure.path ?? "", message, known);
    case "invalid_configuration":
      return new ConfigurationError(failure.option ?? "", reason, message, known);
    case "authentication_failed":
      return new AuthenticationError(message, status, reason, known);
    case "connection_failed":
      return new ConnectionError(message, known, reason as ConnectionError["reason"]);
    case "timeout":
      return new RequestTimeoutError(failure.timeoutMs ?? 0, known);
    case "aborted":
      return new RequestAbortedError(known);
    case "invalid_response":
      return new DecodeError(message, status, headers, excerpt, known);
    case "outcome_unknown":
      return new OutcomeUnknownError({ ...known, cause: revived(failure.cause as RelayedFailure, facts, headers) });
    case "proxy_refused":
      return new ProxyError(message, status, reason, known);
    case "internal":
      return new InternalError(message, known);
    default:
      return apiError({ ...known, status, headers, apiCode, apiMessage: message, details, excerpt });
  }
}
