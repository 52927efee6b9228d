/** Translates this package's errors to those of the official SDK. */

import { isOwn, type KeyturnError, type ApiError as Refused } from "../base/errors.js";
import { isSignal } from "../base/signal.js";
import type { Answer } from "../http/answer.js";
import { scopeHint } from "./auth/jwt.js";
import { ApiError, type ApiErrorObject, type ErrorContext, ErrorType, SdkError } from "./errors.js";
import { FetchError, InterceptorError } from "./interceptors.js";

/** The request that an error is about. */
export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly operation: string;
}

interface AnswerDetails {
  readonly statusText: string;
  readonly errors: ApiErrorObject[];
  /** A hint about the token, if the token explains the refusal. */
  readonly hint?: string | undefined;
}

const answers = new WeakMap<object, AnswerDetails>();

/** Keeps the details of a refusal with the error that stands for it. */
export function remember(error: KeyturnError, answer: Answer): KeyturnError {
  const { details } = error as Refused;
  const { status, response, authorization } = answer;
  const errors = (Array.isArray(details) ? details : []) as ApiErrorObject[];
  answers.set(error, { statusText: response.statusText, errors, hint: scopeHint(status, authorization) });
  return error;
}

/** Converts an error of this package, or whatever was thrown, to the official SDK's error. */
export function translated(error: unknown, sent?: Sent): SdkError {
  if (SdkError.isSdkError(error) && error instanceof Error) return error;
  const thrown = error instanceof InterceptorError ? error.cause : error;
  // It is not one of the SDK's errors, and must reach its framework.
  if (isSignal(thrown)) return thrown as SdkError;
  if (error instanceof InterceptorError) return intercepted(error, sent);
  if (!isOwn(error)) return new SdkError({ message: messageOf(error) }, { ...sent, kind: "internal", source: error });
  const context: ErrorContext = { ...sent, ...contextOf(error) };
  const source: unknown = error.cause ?? error;
  switch (error.code) {
    case "invalid_request":
      return new SdkError({ message: error.message, type: ErrorType.REQUEST }, context);
    case "authentication_failed":
      return new SdkError({ message: error.message, type: ErrorType.TOKEN_REFRESH }, { ...context, source });
    case "timeout":
      return new SdkError({ message: error.message, type: ErrorType.TIMEOUT }, context);
    case "aborted":
      return new SdkError({ message: error.message, type: ErrorType.CANCEL }, { ...context, source });
    case "invalid_response":
      return new SdkError({ message: error.message, type: ErrorType.PARSE }, context);
    case "outcome_unknown": {
      const { type, message } = translated(error.cause, sent);
      return new SdkError({ message, type }, { ...context, source });
    }
    case "connection_failed":
      return new SdkError(
        { message: error.message, type: typeOfName(error.cause) ?? ErrorType.CLIENT },
        { ...context, source },
      );
    case "proxy_refused":
    case "invalid_configuration":
    case "closed":
    case "internal":
      return new SdkError({ message: error.message, type: ErrorType.CLIENT }, { ...context, source });
    default:
      return refused(error as Refused, context);
  }
}

function contextOf(error: KeyturnError): ErrorContext {
  const { operation, requestId, hint, outcome } = error;
  const { headers } = error as { headers?: Headers };
  return { ...(operation ? { operation } : {}), requestId, hint, outcome, headers, cause: error };
}

/** Converts what an interceptor threw, keeping its meaning. */
function intercepted(error: InterceptorError, sent: Sent | undefined): SdkError {
  const { cause, outcome } = error;
  if (SdkError.isSdkError(cause) && cause instanceof Error) return cause;
  // The caller's own code ended the call.
  const context: ErrorContext = { ...sent, outcome, kind: "aborted", cause };
  const message = messageOf(cause);
  const type = typeOfName(cause);
  if (type) return new SdkError({ message, type }, context);
  return new SdkError(
    { message, type: cause instanceof TypeError ? ErrorType.REQUEST : ErrorType.CLIENT },
    { ...context, source: cause },
  );
}

/** Returns the meaning of a `DOMException`'s name. A caller's signal may have created the exception in any realm. */
function typeOfName(error: unknown): ErrorType | undefined {
  let name: unknown;
  try {
    ({ name } = (error ?? {}) as { name?: unknown });
  } catch {
    // Reading the name threw.
  }
  return name === "AbortError" ? ErrorType.CANCEL : name === "TimeoutError" ? ErrorType.TIMEOUT : undefined;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error && error.message;
  return (typeof message === "string" && message) || "an unexpected value was thrown";
}

function refused(error: Refused, context: ErrorContext): ApiError {
  // The proxy's server has already read the response of a proxied call.
  const details: AnswerDetails = answers.get(error) ?? { statusText: "", errors: error.details as ApiErrorObject[] };
  return apiError(
    { status: error.status, ...details },
    details.hint ? { ...context, hint: details.hint } : context,
    (error as { retryAfterMs?: number }).retryAfterMs,
  );
}

function apiError(
  { status, statusText, errors }: AnswerDetails & { readonly status: number },
  context: ErrorContext,
  retryAfterMs: number | undefined,
): ApiError {
  const [first] = errors;
  const error = new ApiError(
    { message: statusText || first?.detail || first?.title || `the server answered ${status}` },
    context,
  );
  error.status = status;
  error.statusText = statusText;
  error.code = String(status);
  error.errors = errors;
  error.apiCode = first?.code;
  if (retryAfterMs !== undefined) error.retryAfterMs = retryAfterMs;
  return error;
}

/** Converts an error to what error interceptors see; `undefined` if it does not stand for a response. */
export function fetchError(error: SdkError): FetchError | undefined {
  if (!ApiError.isApiError(error)) return undefined;
  const { status = 0, statusText = "", errors, method, url, headers } = error;
  return new FetchError(status, statusText, { errors }, { method, url, headers });
}

/** Converts what interceptors made of an error back to an error of the SDK. */
export function retranslated(error: SdkError, made: unknown): SdkError {
  const { status, statusText, errors } = (typeof made === "object" && made !== null ? made : {}) as Partial<FetchError>;
  if (SdkError.isSdkError(made) && made instanceof Error) return made;
  if (typeof status !== "number")
    return made instanceof Error ? intercepted(new InterceptorError(made, error.outcome), undefined) : error;
  const { method, url, requestId, operation, hint, outcome, headers, cause, retryAfterMs } = error as ApiError;
  return apiError(
    { status, statusText: statusText ?? "", errors: errors ?? [] },
    { method, url, requestId, operation, hint, outcome, headers, cause },
    retryAfterMs,
  );
}
