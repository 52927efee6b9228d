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
import { Effect } from "../generated/boundary.js";
import type { Answer } from "./answer.js";
import type { Outgoing } from "./driver.js";
import { RULES } from "./transport.js";

/** Where an application's proxy is. */
export interface ProxyAddress {
  /** Relative to the page, or absolute: `https`, or `http` to loopback. */
  url: string | URL;
  /** Which requests include the application's cookies. Default: `same-origin`. */
  credentials?: "same-origin" | "include" | undefined;
}

/** The header of each request to a proxy and each of its answers. A page of another site cannot send it. */
export const MARK = "keyturn-proxy";

/** What an answer of a proxy is, by its {@link MARK}: the tenant's, or an error as {@link Said}. */
export const ANSWER = "answer";
export const ERROR = "error";

/** An error as a proxy sends it to a page. Nothing in it is secret. */
export interface Said {
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
  readonly cause?: Said | undefined;
}

/** Options that belong to the proxy's client, and not to that of a page. */
const OTHERS =
  "credentials clientID clientSecret security serverURL tenantDomain accessToken refreshToken domain authURL";

/** Stands for the page's URL where there is no page. The name can never belong to anybody. */
const NO_PAGE = "https://page.invalid/";

/** The route to a proxy. */
export class Relay {
  readonly url: string;
  /** Whether the URL is relative, and there is no page: then no call can be made. */
  readonly #nowhere: boolean;
  /** How requests are sent: with the application's cookies, and the page's origin. */
  readonly rules: RequestInit;

  /**
   * A client with a relative URL can also be created where there is no page, as when a framework renders a page on its server.
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
   * The request for a call: it names the operation, and contains its input as JSON.
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

  /** What a proxy answered, if it is the tenant's answer, or what something before the proxy refused. */
  async received(facts: Operation, sent: Promise<Response>): Promise<Response> {
    const response = await sent;
    const mark = response.headers.get(MARK);
    if (mark === ERROR) throw revived((await response.json()) as Said, facts, response.headers);
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

/** The error for an answer from something in front of the proxy. */
function failed(facts: Operation, { status, retryAfterMs }: Answer): KeyturnError {
  const reason = REASONS[status] ?? (status >= 500 ? "unavailable" : status < 400 ? "redirected" : "unexpected");
  return new ProxyError(`the application answered ${status}, and its proxy did not`, status, reason, {
    operation: facts.id,
    retryAfterMs,
    outcome: status >= 500 && facts.effect !== Effect.read ? "unknown" : "none",
    hint: "Check the session in the application, and what is served at `proxy`.",
  });
}

/** The error that a proxy reports, as an instance of its class. */
function revived(said: Said, facts: Operation, headers: Headers): KeyturnError {
  const { code, message, outcome, hint, requestId, retryAfterMs } = said;
  const { status = 0, reason = "", apiCode = "", details = [], excerpt = "" } = said;
  const known = { operation: facts.id, outcome, hint, requestId, retryAfterMs };
  switch (code) {
    case "invalid_request":
      return new InputError(said.path ?? "", message, known);
    case "invalid_configuration":
      return new ConfigurationError(said.option ?? "", reason, message, known);
    case "authentication_failed":
      return new AuthenticationError(message, status, reason, known);
    case "connection_failed":
      return new ConnectionError(message, known, reason as ConnectionError["reason"]);
    case "timeout":
      return new RequestTimeoutError(said.timeoutMs ?? 0, known);
    case "aborted":
      return new RequestAbortedError(known);
    case "invalid_response":
      return new DecodeError(message, status, headers, excerpt, known);
    case "outcome_unknown":
      return new OutcomeUnknownError({ ...known, cause: revived(said.cause as Said, facts, headers) });
    case "proxy_refused":
      return new ProxyError(message, status, reason, known);
    case "internal":
      return new InternalError(message, known);
    default:
      return apiError({ ...known, status, headers, apiCode, apiMessage: message, details, excerpt });
  }
}
