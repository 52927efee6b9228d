/**
 * Every failure that a caller can encounter. All of them extend {@link KeyturnError}, carry a stable `code`, say what
 * to do, and never hold a secret: bodies are bounded excerpts with secret fields replaced.
 */

/** What a call may have done on the server before it failed. */
export type Outcome =
  /** Nothing: the request was not sent, or the server provably refused it. */
  | "none"
  /** The server responded; `status` says with what. */
  | "answered"
  /** The request may have been carried out, but its response never came or could not be read. */
  | "unknown";

/** The stable `code` of each error class. */
export type ErrorCode =
  | "invalid_request"
  | "invalid_configuration"
  | "authentication_failed"
  | "invalid_token"
  | "bad_request"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "precondition_failed"
  | "unprocessable"
  | "rate_limited"
  | "server_error"
  | "unexpected_status"
  | "connection_failed"
  | "timeout"
  | "aborted"
  | "invalid_response"
  | "outcome_unknown"
  | "replacement_stopped"
  | "journal_failed"
  | "sink_failed"
  | "provider_failed"
  | "lifecycle_stopped"
  | "queue_failed"
  | "proxy_refused"
  | "closed"
  | "internal";

/** The properties that all errors can have. */
export interface ErrorFacts {
  /** The operation's id in the API document. */
  operation?: string | undefined;
  /** The server's id of the request, from its headers. */
  requestId?: string | undefined;
  /** What to check or to do next. */
  hint?: string | undefined;
  /** The underlying error. */
  cause?: unknown;
  /** What the call may have done. */
  outcome?: Outcome | undefined;
}

/**
 * The common shape of all failures of either API: the errors of this package, and those of `keyturn/commercelayer` and
 * `keyturn/compat`, which also have the official SDKs' names and fields.
 */
export interface Failure extends Error {
  /** What went wrong, as a stable code: safe to switch on, even if a minifier changes class names. */
  readonly kind: ErrorCode;
  /** What the call may have done on the server. */
  readonly outcome: Outcome;
  /** What to check or to do next. */
  readonly hint?: string | undefined;
  /** How long the server asks to wait, in milliseconds, if it says so. */
  readonly retryAfterMs?: number | undefined;
  /** The operation's id in the API document, if a call failed. */
  readonly operation?: string | undefined;
  /** The server's id of the request, if it sent one. */
  readonly requestId?: string | undefined;
  /** The same as `kind`; in an error of `keyturn/commercelayer` the HTTP status as text, as in the official SDK. */
  readonly code?: string | undefined;
}

/** The mark of every failure: `true` on the classes below, another value on those with official names. */
const brand: unique symbol = Symbol.for("keyturn.error") as never;

/** The base of all errors. */
export class KeyturnError extends Error implements Failure {
  /** A stable code: safe to switch on, even if a minifier changes class names. */
  readonly code: ErrorCode;
  /** The operation's id in the API document, if a call failed. */
  readonly operation: string | undefined;
  /** The server's id of the request, if it sent one. */
  readonly requestId: string | undefined;
  /** What to check or to do next. */
  readonly hint: string | undefined;
  /** What the call may have done on the server. */
  readonly outcome: Outcome;

  /** @internal */
  constructor(name: string, code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(facts.operation ? `${facts.operation}: ${message}` : message, "cause" in facts ? { cause: facts.cause } : {});
    Object.defineProperty(this, "name", { value: name, configurable: true, writable: true });
    Object.defineProperty(this, brand, { value: true });
    this.code = code;
    this.operation = facts.operation;
    this.requestId = facts.requestId;
    this.hint = facts.hint;
    this.outcome = facts.outcome ?? "none";
  }

  /** The same as `code`, under the name that every {@link Failure} has. */
  get kind(): ErrorCode {
    return this.code;
  }

  /**
   * Returns whether an error is a failure of either API: an error of this package, under its own or an official name,
   * even one of another copy or realm, where `instanceof` fails.
   */
  static is(error: unknown): error is Failure {
    try {
      return typeof error === "object" && error !== null && brand in error;
    } catch {
      // A proxy that throws when it is inspected.
      return false;
    }
  }
}

/** Returns whether an error is of a class in this module, possibly in another copy. @internal */
export function isOwn(error: unknown): error is KeyturnError {
  return KeyturnError.is(error) && (error as { [brand]?: unknown })[brand] === true;
}

/** The request does not fit the operation. Nothing was sent. */
export class InputError extends KeyturnError {
  /** The field that does not fit, such as `connector.userIds[2]`; empty for the request itself. */
  readonly path: string;
  /** @internal */
  constructor(path: string, problem: string, facts?: ErrorFacts) {
    super("InputError", "invalid_request", path ? `\`${path}\` ${problem}` : `the request ${problem}`, facts);
    this.path = path;
  }
}

/** A client option cannot be used. */
export class ConfigurationError extends KeyturnError {
  /** The option, such as `clientSecret`. */
  readonly option: string;
  /** Which part of the option is wrong, as a stable code. */
  readonly reason: string;
  /** @internal */
  constructor(option: string, reason: string, message: string, facts?: ErrorFacts) {
    super("ConfigurationError", "invalid_configuration", message, facts);
    this.option = option;
    this.reason = reason;
  }
}

/** No access token could be obtained. */
export class AuthenticationError extends KeyturnError {
  /** The HTTP status of the token endpoint; 0 if it did not respond. */
  readonly status: number;
  /** Which failure it was, as a stable code: an OAuth `error`, one of C1's reasons, or the kind of response. */
  readonly reason: string;
  /** How far this machine's clock is behind the server's, in milliseconds, if that may be the reason. */
  readonly clockOffsetMs: number | undefined;
  /** @internal */
  constructor(message: string, status: number, reason: string, facts: ErrorFacts & { clockOffsetMs?: number } = {}) {
    super("AuthenticationError", "authentication_failed", message, facts);
    this.status = status;
    this.reason = reason;
    this.clockOffsetMs = facts.clockOffsetMs;
  }
}

/** The contents of a response that is not a success. */
export interface AnswerFacts extends ErrorFacts {
  status: number;
  headers: Headers;
  /** The response, its body already consumed. */
  response?: Response | undefined;
  apiCode: string;
  apiMessage: string;
  details: readonly unknown[];
  excerpt: string;
  retryAfterMs?: number | undefined;
}

/** The server did not respond with a success. Subclasses exist for the usual statuses. */
export class ApiError extends KeyturnError {
  /** The HTTP status. */
  readonly status: number;
  /**
   * The response's headers. Not shown when the error is printed: servers set cookies, and repeat what they were sent.
   */
  declare readonly headers: Headers;
  /** The code in the response's body: a gRPC status number as text, or an OAuth error. Empty if there is none. */
  readonly apiCode: string;
  /** `details` of the response's body, with secrets replaced. */
  readonly details: readonly unknown[];
  /** The beginning of the response's body, with secrets replaced. */
  readonly excerpt: string;
  /** How long the server asks to wait, in milliseconds, if it says so. */
  declare readonly retryAfterMs?: number | undefined;
  /** @internal */
  constructor(name: string, code: ErrorCode, facts: AnswerFacts) {
    const said = facts.apiMessage || facts.excerpt || "no explanation";
    super(name, code, `the server answered ${facts.status}: ${said}`, { outcome: "answered", ...facts });
    this.status = facts.status;
    Object.defineProperty(this, "headers", { value: facts.headers });
    this.apiCode = facts.apiCode;
    this.details = facts.details;
    this.excerpt = facts.excerpt;
    if (facts.retryAfterMs !== undefined) this.retryAfterMs = facts.retryAfterMs;
  }
}

/** 400: the server refused the request as malformed. */
export class BadRequestError extends ApiError {
  /** @internal */
  constructor(facts: AnswerFacts) {
    super("BadRequestError", "bad_request", facts);
  }
}

/** 401: the server did not accept the token, not even a fresh one. */
export class UnauthorizedError extends ApiError {
  /** @internal */
  constructor(facts: AnswerFacts) {
    super("UnauthorizedError", "unauthorized", facts);
  }
}

/** 403: the token is valid, but its permissions are insufficient. */
export class ForbiddenError extends ApiError {
  /** @internal */
  constructor(facts: AnswerFacts) {
    super("ForbiddenError", "forbidden", facts);
  }
}

/** 404: no such resource, or none that this token may see. */
export class NotFoundError extends ApiError {
  /** @internal */
  constructor(facts: AnswerFacts) {
    super("NotFoundError", "not_found", facts);
  }
}

/** 409: another caller changed or already created it. */
export class ConflictError extends ApiError {
  /** @internal */
  constructor(facts: AnswerFacts) {
    super("ConflictError", "conflict", facts);
  }
}

/** 412: a precondition of the request does not hold. */
export class PreconditionFailedError extends ApiError {
  /** @internal */
  constructor(facts: AnswerFacts) {
    super("PreconditionFailedError", "precondition_failed", facts);
  }
}

/** 422: well-formed, but not acceptable. */
export class UnprocessableEntityError extends ApiError {
  /** @internal */
  constructor(facts: AnswerFacts) {
    super("UnprocessableEntityError", "unprocessable", facts);
  }
}

/** 429: too many requests. */
export class RateLimitedError extends ApiError {
  /** @internal */
  constructor(facts: AnswerFacts) {
    super("RateLimitedError", "rate_limited", facts);
  }
}

/**
 * 5xx: the server failed. After a call that changes something, check its effect before you call again: `outcome` is
 * `unknown`.
 */
export class ServerError extends ApiError {
  /** @internal */
  constructor(facts: AnswerFacts) {
    super("ServerError", "server_error", facts);
  }
}

/** No response arrived. In a page, missing CORS permission looks the same. */
export class ConnectionError extends KeyturnError {
  /**
   * What failed, as a stable code: `unreachable` if no connection could be made; `certificate` if the server's
   * certificate is not trusted; `request` if `fetch` refused to send the request; `broken` if the failure may have come
   * later, or nothing tells when it came. Only with `broken` may anything have been sent.
   */
  readonly reason: "unreachable" | "certificate" | "request" | "broken";
  /** @internal */
  constructor(message: string, facts?: ErrorFacts, reason: ConnectionError["reason"] = "broken") {
    super("ConnectionError", "connection_failed", message, facts);
    this.reason = reason;
  }
}

/** The deadline passed. */
export class RequestTimeoutError extends KeyturnError {
  /** The time allowed, in milliseconds. */
  readonly timeoutMs: number;
  /** @internal */
  constructor(timeoutMs: number, facts?: ErrorFacts) {
    super("RequestTimeoutError", "timeout", `no response within ${timeoutMs} ms`, facts);
    this.timeoutMs = timeoutMs;
  }
}

/** The caller's signal aborted the call; `cause` is the signal's reason. */
export class RequestAbortedError extends KeyturnError {
  /** @internal */
  constructor(facts?: ErrorFacts) {
    super("RequestAbortedError", "aborted", "the caller aborted the call", facts);
  }
}

/** The server reported success, but the body is not a response of the operation. */
export class DecodeError extends KeyturnError {
  /** The HTTP status. */
  readonly status: number;
  /**
   * The response's headers. Not shown when the error is printed: servers set cookies, and repeat what they were sent.
   */
  declare readonly headers: Headers;
  /** The beginning of the body, with secrets replaced. */
  readonly excerpt: string;
  /** @internal */
  constructor(message: string, status: number, headers: Headers, excerpt: string, facts?: ErrorFacts) {
    super("DecodeError", "invalid_response", message, { outcome: "answered", ...facts });
    this.status = status;
    Object.defineProperty(this, "headers", { value: headers });
    this.excerpt = excerpt;
  }
}

/**
 * A call that issues a one-time secret got no readable response: it may or may not have been carried out. It is never
 * repeated automatically, since that could issue a second secret and leave the first one without an owner. `cause` says
 * what went wrong, `hint` what to do.
 */
export class OutcomeUnknownError extends KeyturnError {
  /** @internal */
  constructor(facts: ErrorFacts & { cause: KeyturnError }) {
    super(
      "OutcomeUnknownError",
      "outcome_unknown",
      "the response was lost or unreadable, so it is unknown whether a secret was issued. The call was not repeated",
      {
        outcome: "unknown",
        hint:
          "Look for a credential created in the last minute (a list, or the system log), revoke it if its secret is lost, " +
          "and only then call again.",
        ...facts,
      },
    );
  }
}

/**
 * The application's own proxy, or something in front of it, refused a call: the response is not the tenant's. If the
 * page's session has ended, `status` is 401; an {@link UnauthorizedError}, in contrast, says that the tenant refused
 * the proxy's credential.
 */
export class ProxyError extends KeyturnError {
  /**
   * The HTTP status of the refusal; 0 for a redirect in a browser, which reveals no more of one that is not followed.
   */
  readonly status: number;
  /**
   * Why, as a stable code. `unauthorized` and `forbidden` come from the application, `rate_limited` and `unavailable`
   * from whatever is in front of the proxy; the proxy's own codes are listed in `docs/proxy.md`.
   */
  readonly reason: string;
  /** How long to wait, in milliseconds, if the response says so. */
  readonly retryAfterMs: number | undefined;
  /** @internal */
  constructor(
    message: string,
    status: number,
    reason: string,
    facts: ErrorFacts & { retryAfterMs?: number | undefined } = {},
  ) {
    super("ProxyError", "proxy_refused", message, facts);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** The client has been closed. */
export class ClosedError extends KeyturnError {
  /** @internal */
  constructor(facts?: ErrorFacts) {
    super("ClosedError", "closed", "this client has been closed; create a new one", facts);
  }
}

/** A defect in this package. The next call starts from a fresh core. */
export class InternalError extends KeyturnError {
  /** @internal */
  constructor(message: string, facts?: ErrorFacts) {
    super("InternalError", "internal", message, facts);
  }
}

/** Creates the error for a response, of the class for its status. @internal */
export function apiError(facts: AnswerFacts): ApiError {
  switch (facts.status) {
    case 400:
      return new BadRequestError(facts);
    case 401:
      return new UnauthorizedError(facts);
    case 403:
      return new ForbiddenError(facts);
    case 404:
      return new NotFoundError(facts);
    case 409:
      return new ConflictError(facts);
    case 412:
      return new PreconditionFailedError(facts);
    case 422:
      return new UnprocessableEntityError(facts);
    case 429:
      return new RateLimitedError(facts);
    default:
      return facts.status >= 500 ? new ServerError(facts) : new ApiError("ApiError", "unexpected_status", facts);
  }
}
