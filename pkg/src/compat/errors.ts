/**
 * The official SDK's errors, with their names, fields and messages: `keyturn/compat/sdk/models/errors`. The `cause` of
 * each is the error of this package that it represents. None holds a secret: bodies are bounded excerpts with secrets
 * replaced, and values from a caller or a server do not show when an error is printed or serialized.
 */

import type { ErrorCode, Failure, Outcome } from "../base/errors.js";
import { brandAsFailure, factsOf } from "../base/failure.js";
import { shown } from "../base/shown.js";

/** The parts of a response that errors are made from. */
export interface HTTPMeta {
  response: Response;
  /** Not kept. */
  request?: Request | undefined;
  body: string;
}

/** Defines fields that can be read, but are not printed. */
function hide(error: Error, fields: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(fields)) {
    Object.defineProperty(error, name, { value, configurable: true, writable: true });
  }
}

/**
 * Makes an error a failure of this package, with the facts of the error that it represents. These are not printed
 * either.
 */
export function standFor(error: Error, from: unknown, kind: ErrorCode, outcome?: Outcome): void {
  brandAsFailure(error);
  hide(error, factsOf(from, kind, outcome));
}

/** Further fields of the official SDK's errors: see {@link Failure}. */
type Facts = Omit<Failure, keyof Error | "code">;

/** The base of the errors that a response of the server causes. */
export class ConductoroneSDKTypescriptError extends Error implements Facts {
  declare readonly kind: ErrorCode;
  declare readonly outcome: Outcome;
  declare readonly hint: string | undefined;
  declare readonly retryAfterMs: number | undefined;
  declare readonly operation: string | undefined;
  declare readonly requestId: string | undefined;
  /** The HTTP status. */
  readonly statusCode: number;
  /** The beginning of the body, with secrets replaced. */
  readonly body: string;
  /** The response's headers. */
  declare readonly headers: Headers;
  /** The response's `Content-Type`. */
  readonly contentType: string;
  /** The response, whose body is already consumed. */
  declare readonly rawResponse: Response;

  constructor(message: string, { response, body }: HTTPMeta) {
    super(message);
    standFor(this, undefined, "unexpected_status", "answered");
    hide(this, { name: "ConductoroneSDKTypescriptError", headers: response.headers, rawResponse: response });
    this.statusCode = response.status;
    this.body = body;
    this.contentType = response.headers.get("content-type") ?? "";
  }
}

/** A response that is not a success, or not JSON. */
export class SDKError extends ConductoroneSDKTypescriptError {
  constructor(message: string, meta: HTTPMeta) {
    super(describe(message, meta), meta);
    hide(this, { name: "SDKError" });
  }
}

function describe(message: string, { response, body }: HTTPMeta): string {
  const parts = [`${message ? `${message}: ` : ""}Status ${response.status}`];
  const type = response.headers.get("content-type") || '""';
  if (type !== "application/json") parts.push(`Content-Type ${type.includes(" ") ? `"${type}"` : type}`);
  return `${parts.join(" ")}${body.length > 100 ? "\n" : ". "}Body: ${body || '""'}`.trim();
}

/** A successful response whose body does not match the operation. */
export class ResponseValidationError extends ConductoroneSDKTypescriptError {
  /** The beginning of the body, with secrets replaced. */
  declare readonly rawValue: unknown;
  declare readonly rawMessage: unknown;

  constructor(message: string, meta: HTTPMeta & { cause: unknown; rawValue: unknown; rawMessage: unknown }) {
    super(message, meta);
    standFor(this, meta.cause, "invalid_response", "answered");
    hide(this, {
      name: "ResponseValidationError",
      cause: meta.cause,
      rawValue: meta.rawValue,
      rawMessage: meta.rawMessage,
    });
  }

  /** Returns the message, and what was wrong. */
  pretty(): string {
    return pretty(this);
  }
}

/** A request, or a text that was passed to a `FromJSON` function, is invalid. Nothing was sent. */
export class SDKValidationError extends Error implements Facts {
  declare readonly kind: ErrorCode;
  declare readonly outcome: Outcome;
  declare readonly hint: string | undefined;
  declare readonly retryAfterMs: number | undefined;
  declare readonly operation: string | undefined;
  declare readonly requestId: string | undefined;
  /** The invalid value: the caller's own object. */
  declare readonly rawValue: unknown;
  declare readonly rawMessage: unknown;

  /** Compares the shape, as the official SDK does: a {@link ResponseValidationError} is an instance too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return (
      value instanceof Error &&
      "rawValue" in value &&
      "rawMessage" in value &&
      "pretty" in value &&
      typeof value.pretty === "function"
    );
  }

  constructor(message: string, cause: unknown, rawValue: unknown) {
    super(`${message}: ${shown(cause)}`);
    standFor(this, cause, "invalid_request");
    hide(this, { name: "SDKValidationError", cause, rawValue, rawMessage: message });
  }

  /** Returns the message, and what was wrong. */
  pretty(): string {
    return pretty(this);
  }
}

function pretty({ rawMessage, cause }: { rawMessage: unknown; cause?: unknown }): string {
  return `${String(rawMessage)}\n${cause instanceof Error ? cause.message : shown(cause)}`;
}

/** The base of the errors of calls that got no response. */
export class HTTPClientError extends Error implements Facts {
  declare readonly kind: ErrorCode;
  declare readonly outcome: Outcome;
  declare readonly hint: string | undefined;
  declare readonly retryAfterMs: number | undefined;
  declare readonly operation: string | undefined;
  declare readonly requestId: string | undefined;

  constructor(message: string, options?: { cause?: unknown }) {
    super(options?.cause ? `${message}: ${String(options.cause)}` : message, options);
    this.is("HTTPClientError", "internal");
  }

  /** @internal */
  protected is(name: string, kind: ErrorCode): void {
    standFor(this, this.cause, kind);
    hide(this, { name });
  }
}

/** An unexpected failure of a call: no token could be obtained, a hook failed, or the client is closed. */
export class UnexpectedClientError extends HTTPClientError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.is("UnexpectedClientError", "internal");
  }
}

/** An option of the client or of the call cannot be used. */
export class InvalidRequestError extends HTTPClientError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.is("InvalidRequestError", "invalid_configuration");
  }
}

/** The caller's signal aborted the call. */
export class RequestAbortedError extends HTTPClientError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.is("RequestAbortedError", "aborted");
  }
}

/** The deadline passed. */
export class RequestTimeoutError extends HTTPClientError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.is("RequestTimeoutError", "timeout");
  }
}

/** No response arrived. */
export class ConnectionError extends HTTPClientError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.is("ConnectionError", "connection_failed");
  }
}

/**
 * A call that issues a one-time secret got no readable response. The official SDK has no such error: there it looks
 * like any other failed connection, and programs that repeat those lose a secret.
 */
export class OutcomeUnknownError extends HTTPClientError {
  constructor(message: string, options: { cause: unknown }) {
    super(message, options);
    this.is("OutcomeUnknownError", "outcome_unknown");
  }
}

/** The errors of standalone functions. */
export type CallError =
  | ConductoroneSDKTypescriptError
  | ResponseValidationError
  | ConnectionError
  | RequestAbortedError
  | RequestTimeoutError
  | InvalidRequestError
  | UnexpectedClientError
  | OutcomeUnknownError
  | SDKValidationError;
