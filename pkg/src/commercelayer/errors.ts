/**
 * The errors of the official SDK, with their names and fields, and what those omit: the request, the response's
 * headers, the server's code, and what the call may have done. `cause` is the error of this package that an error
 * stands for, if there is one. None shows a secret.
 */

import type { ErrorCode, Failure, Outcome } from "../base/errors.js";
import { brandAsFailure, factsOf } from "../base/failure.js";

/** The kind of a failure. */
export enum ErrorType {
  /** The client cannot be used as it is, or no response arrived. */
  CLIENT = "client",
  /** The request is invalid. Nothing was sent. */
  REQUEST = "request",
  /** The response is not a success. */
  RESPONSE = "response",
  /** An interceptor or the caller's signal ended the call. */
  CANCEL = "cancel",
  /** The server reported success, but its body is not a document. */
  PARSE = "parse",
  /** The time limit passed. */
  TIMEOUT = "timeout",
  /** No access token could be obtained. */
  TOKEN_REFRESH = "token-refresh",
}

/** The facts of a call that failed. */
export interface ErrorContext {
  readonly method?: string | undefined;
  /** The URL, with its query. */
  readonly url?: string | undefined;
  /** The headers of the response. */
  readonly headers?: Headers | undefined;
  readonly requestId?: string | undefined;
  readonly operation?: string | undefined;
  readonly hint?: string | undefined;
  readonly outcome?: Outcome | undefined;
  /** What went wrong. Default: the kind of `cause`, or else that of the type. */
  readonly kind?: ErrorCode | undefined;
  readonly cause?: unknown;
  readonly source?: unknown;
}

/** The default kind for each type. */
const KINDS: Readonly<Record<ErrorType, ErrorCode>> = {
  client: "invalid_configuration",
  request: "invalid_request",
  response: "unexpected_status",
  cancel: "aborted",
  parse: "invalid_response",
  timeout: "timeout",
  "token-refresh": "authentication_failed",
};

/** The base of every failure of a call. */
export class SdkError extends Error implements Failure {
  static NAME = "SdkError";

  /** Checks the name and type, as the official SDK does: errors of another copy are recognised too. */
  static isSdkError(error: any): error is SdkError {
    return Boolean(error) && (error.name === SdkError.NAME || error.name === ApiError.NAME) && error.type in KINDS;
  }

  /** The kind of failure, in the official SDK's terms. */
  type: ErrorType;
  /** What went wrong, in the terms of all failures of this package. */
  readonly kind: ErrorCode;
  /** The HTTP status as text, if the server answered. */
  declare code?: string;
  /** The underlying error: an interceptor's, or that of `fetch`. */
  declare source?: Error;
  /** The method of the request. */
  declare readonly method?: string | undefined;
  /** The URL of the request, with its query. */
  declare readonly url?: string | undefined;
  /** The server's id of the request. */
  declare readonly requestId?: string | undefined;
  /** The operation: `api_credentials.create`. */
  declare readonly operation?: string | undefined;
  /** What to check or do next. */
  declare readonly hint?: string | undefined;
  /** How long the server asks to wait, in milliseconds, if it says so. */
  declare retryAfterMs?: number | undefined;
  /** What the call may have done on the server. */
  readonly outcome: Outcome;
  /** The response's headers. Not shown when the error is printed. */
  declare readonly headers: Headers | undefined;

  constructor(error: { message: string; type?: ErrorType | undefined }, context: ErrorContext = {}) {
    const { headers, cause, source, kind, ...known } = context;
    super(error.message || "the call failed", cause === undefined ? {} : { cause });
    name(this, SdkError.NAME);
    brandAsFailure(this);
    this.type = error.type ?? ErrorType.CLIENT;
    const facts = factsOf(cause, KINDS[this.type] ?? "internal");
    this.kind = kind ?? facts.kind;
    if (facts.retryAfterMs !== undefined) this.retryAfterMs = facts.retryAfterMs;
    this.outcome = known.outcome ?? "none";
    for (const [key, value] of Object.entries(known)) {
      if (value !== undefined)
        Object.defineProperty(this, key, { value, enumerable: true, configurable: true, writable: true });
    }
    if (source !== undefined) this.source = source as Error;
    Object.defineProperty(this, "headers", { value: headers, configurable: true, writable: true });
  }
}

/** One of the errors in the body of a response. */
export interface ApiErrorObject {
  /** A short summary of the error. */
  title?: string;
  /** An explanation of the error. */
  detail?: string;
  /** The API's own code: `VALIDATION_ERROR`. */
  code?: string;
  /** The HTTP status as text. */
  status?: string;
  /** The part of the request that the error is about. */
  source?: { pointer?: string; parameter?: string };
  meta?: Record<string, any>;
  [member: string]: any;
}

/** A response that is not a success. `code` is the status as text, as in the official SDK; `apiCode` is the API's. */
export class ApiError extends SdkError {
  static override NAME = "ApiError";

  /** Checks the name and type, as the official SDK does. */
  static isApiError(error: any): error is ApiError {
    return SdkError.isSdkError(error) && error.name === ApiError.NAME && error.type === ErrorType.RESPONSE;
  }

  /** The errors in the body, with secrets replaced. */
  errors: any[] = [];
  /** The HTTP status. */
  status?: number;
  /** The status text. Empty over HTTP/2. */
  statusText?: string;
  /** The code of the first error in the body: `VALIDATION_ERROR`. */
  apiCode?: string | undefined;
  constructor(error: { message: string }, context?: ErrorContext) {
    super({ message: error.message, type: ErrorType.RESPONSE }, context);
    name(this, ApiError.NAME);
  }

  /** Returns the first error in the body. */
  first(): any {
    return this.errors?.[0];
  }
}

function name(error: Error, value: string): void {
  Object.defineProperty(error, "name", { value, configurable: true, writable: true });
}

/**
 * Reads a value that the caller gave, and refuses it if reading throws.
 *
 * @throws {@link SdkError} of type `request`. Nothing has been sent.
 * @internal
 */
export function readable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (SdkError.isSdkError(cause)) throw cause;
    const message = `the ${what} could not be read: reading threw an error`;
    throw new SdkError({ message, type: ErrorType.REQUEST }, { cause });
  }
}
