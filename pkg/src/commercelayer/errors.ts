/**
 * The errors of the official SDK, with their names and fields, and what those omit: the request, the answer's headers,
 * the server's code, and what the call may have done. `cause` is the error of this package that one stands for, if there is
 * one. None shows a secret.
 */

import type { ErrorCode, Failure, Outcome } from "../base/errors.js";
import { brandAsFailure, factsOf } from "../base/failure.js";

/** What kind of failure it was. */
export enum ErrorType {
  /** The client cannot be used as it is, or no answer arrived. */
  CLIENT = "client",
  /** The request does not fit. Nothing was sent. */
  REQUEST = "request",
  /** The server did not answer with a success. */
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

/** What is known of a call that failed. */
export interface ErrorContext {
  readonly method?: string | undefined;
  /** With its query. */
  readonly url?: string | undefined;
  /** Those of the answer. */
  readonly headers?: Headers | undefined;
  readonly requestId?: string | undefined;
  readonly operation?: string | undefined;
  readonly hint?: string | undefined;
  readonly outcome?: Outcome | undefined;
  /** What went wrong. Default: what `cause` says, or what follows from the type. */
  readonly kind?: ErrorCode | undefined;
  readonly cause?: unknown;
  readonly source?: unknown;
}

/** The defaults for an error of which only the type is known. */
const KINDS: Readonly<Record<ErrorType, ErrorCode>> = {
  client: "invalid_configuration",
  request: "invalid_request",
  response: "unexpected_status",
  cancel: "aborted",
  parse: "invalid_response",
  timeout: "timeout",
  "token-refresh": "authentication_failed",
};

/** Every failure of a call. */
export class SdkError extends Error implements Failure {
  static NAME = "SdkError";

  /** Checks the name and type, as in the official SDK: errors of another copy are recognised too. */
  static isSdkError(error: any): error is SdkError {
    return Boolean(error) && (error.name === SdkError.NAME || error.name === ApiError.NAME) && error.type in KINDS;
  }

  /** What kind of failure it was, in the official SDK's words. */
  type: ErrorType;
  /** What went wrong, in the words of all failures of this package. */
  readonly kind: ErrorCode;
  /** The HTTP status as text, if the server answered. */
  declare code?: string;
  /** What was thrown beneath: an interceptor's error, or that of `fetch`. */
  declare source?: Error;
  /** The method of the request. */
  declare readonly method?: string | undefined;
  /** Where the request went, with its query. */
  declare readonly url?: string | undefined;
  /** The server's id of the request. */
  declare readonly requestId?: string | undefined;
  /** The operation: `api_credentials.create`. */
  declare readonly operation?: string | undefined;
  /** What to check or to do next. */
  declare readonly hint?: string | undefined;
  /** How long the server asks to wait, in milliseconds, if it says so. */
  declare retryAfterMs?: number | undefined;
  /** What the call may have done on the server. */
  readonly outcome: Outcome;
  /** The answer's headers. Not shown when the error is printed. */
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

/** One of the errors in the body of an answer. */
export interface ApiErrorObject {
  /** What it is about, in few words. */
  title?: string;
  /** What it is about. */
  detail?: string;
  /** The API's own code: `VALIDATION_ERROR`. */
  code?: string;
  /** The HTTP status as text. */
  status?: string;
  /** Where in the request. */
  source?: { pointer?: string; parameter?: string };
  meta?: Record<string, any>;
  [member: string]: any;
}

/** The server did not answer with a success. `code` is the status as text, as in the official SDK; `apiCode` is the API's. */
export class ApiError extends SdkError {
  static override NAME = "ApiError";

  /** Checks the name and type, as in the official SDK. */
  static isApiError(error: any): error is ApiError {
    return SdkError.isSdkError(error) && error.name === ApiError.NAME && error.type === ErrorType.RESPONSE;
  }

  /** What the body says, secrets replaced. */
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

  /** The first error in the body. */
  first(): any {
    return this.errors?.[0];
  }
}

function name(error: Error, value: string): void {
  Object.defineProperty(error, "name", { value, configurable: true, writable: true });
}

/**
 * Reads what the caller gave.
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
