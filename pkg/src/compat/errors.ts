/**
 * The official SDK's errors, by their names, fields and messages: `keyturn/compat/sdk/models/errors`. Each one's `cause` is
 * the error of this package that it stands for. None holds a secret: bodies are bounded excerpts with secrets replaced,
 * and what a caller passed in, or a server sent, does not show when an error is printed or serialised.
 */

import type { ErrorCode, Failure, Outcome } from "../base/errors.js";
import { brandAsFailure, factsOf } from "../base/failure.js";

/** An answer, as errors are made of it. */
export interface HTTPMeta {
  response: Response;
  /** Not kept. */
  request?: Request | undefined;
  body: string;
}

/** Sets fields that are there to be read, not to be printed. */
function hide(error: Error, fields: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(fields)) {
    Object.defineProperty(error, name, { value, configurable: true, writable: true });
  }
}

/** Makes an error a failure of this package, with the facts of the one that it stands for. They are there to be read, too. */
export function standFor(error: Error, from: unknown, kind: ErrorCode, outcome?: Outcome): void {
  brandAsFailure(error);
  hide(error, factsOf(from, kind, outcome));
}

/** What the official SDK's errors have besides: see {@link Failure}. */
type Facts = Omit<Failure, keyof Error | "code">;

/** The base of the errors that an answer of the server causes. */
export class ConductoroneSDKTypescriptError extends Error implements Facts {
  declare readonly kind: ErrorCode;
  declare readonly outcome: Outcome;
  declare readonly hint: string | undefined;
  declare readonly retryAfterMs: number | undefined;
  declare readonly operation: string | undefined;
  declare readonly requestId: string | undefined;
  /** The HTTP status. */
  readonly statusCode: number;
  /** The beginning of the body, secrets replaced. */
  readonly body: string;
  /** The answer's headers. */
  declare readonly headers: Headers;
  /** The answer's `Content-Type`. */
  readonly contentType: string;
  /** The answer, its body already consumed. */
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

/** An answer that is not a success, or not JSON. */
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

/** A success whose body is not what the operation answers with. */
export class ResponseValidationError extends ConductoroneSDKTypescriptError {
  /** What the body begins with, secrets replaced. */
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

  /** The message, and what was wrong. */
  pretty(): string {
    return pretty(this);
  }
}

/** A request, or a text given to a `FromJSON` function, does not fit. Nothing was sent. */
export class SDKValidationError extends Error implements Facts {
  declare readonly kind: ErrorCode;
  declare readonly outcome: Outcome;
  declare readonly hint: string | undefined;
  declare readonly retryAfterMs: number | undefined;
  declare readonly operation: string | undefined;
  declare readonly requestId: string | undefined;
  /** What was to be sent or read: the caller's own object. */
  declare readonly rawValue: unknown;
  declare readonly rawMessage: unknown;

  /** By its shape, as in the official SDK: a {@link ResponseValidationError} is one too. */
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
    super(`${message}: ${String(cause)}`);
    standFor(this, cause, "invalid_request");
    hide(this, { name: "SDKValidationError", cause, rawValue, rawMessage: message });
  }

  /** The message, and what was wrong. */
  pretty(): string {
    return pretty(this);
  }
}

function pretty({ rawMessage, cause }: { rawMessage: unknown; cause?: unknown }): string {
  return `${String(rawMessage)}\n${cause instanceof Error ? cause.message : String(cause)}`;
}

/** The base of the errors of calls that got no answer. */
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

/** Something unexpected while calling: no token could be had, a hook failed, the client is closed. */
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

/** No answer came. */
export class ConnectionError extends HTTPClientError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.is("ConnectionError", "connection_failed");
  }
}

/**
 * A call that issues a one-time secret got no readable answer. The official SDK has no name for it: there it looks like
 * any other failed connection, and programs that repeat those lose a secret.
 */
export class OutcomeUnknownError extends HTTPClientError {
  constructor(message: string, options: { cause: unknown }) {
    super(message, options);
    this.is("OutcomeUnknownError", "outcome_unknown");
  }
}

/** What a standalone function can end with. */
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
