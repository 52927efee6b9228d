/**
 * The error of a call as it is sent to the page: enough to throw the same class there, and nothing about this machine.
 */

import {
  type ApiError,
  type AuthenticationError,
  type ConfigurationError,
  type ConnectionError,
  type DecodeError,
  type Failure,
  type InputError,
  isOwn,
  KeyturnError,
  type ProxyError,
  type RequestTimeoutError,
} from "../base/errors.js";
import type { RelayedFailure } from "../http/relay.js";

/**
 * The statuses of the tenant that the proxy passes on. Browsers and intermediaries might act on others: 401 and 403 end
 * sessions, and after a 408, 421 or 425 a browser may repeat the request by itself.
 */
const SAME = [400, 404, 409, 412, 422, 423, 429, 500, 503];

/** Returns the status of an answer that reports an error. */
export function statusOf({ code, status = 0 }: RelayedFailure): number {
  if (code === "proxy_refused") return status;
  if (code === "invalid_request") return 400;
  if (code === "timeout") return 504;
  return SAME.includes(status) && code !== "authentication_failed" ? status : 502;
}

/** Converts an error to what is sent to a page. */
export function failureOf(thrown: unknown): RelayedFailure {
  if (!KeyturnError.is(thrown))
    return { code: "internal", message: "an unexpected value was thrown", outcome: "unknown" };
  // Commerce Layer's client throws the official SDK's errors, each with one of this package as its cause.
  const error = isOwn(thrown) ? thrown : isOwn(thrown.cause) ? thrown.cause : undefined;
  const { hint, requestId, retryAfterMs, outcome } = thrown;
  const known = { hint, requestId, retryAfterMs, outcome };
  if (error === undefined) return { ...known, code: thrown.kind, message: thrown.message };
  // The client on the server is closed, not the page's.
  if (error.code === "closed") return { ...known, code: "internal", message: "the proxy's client has been closed" };
  return { ...known, code: error.code, ...detailsOf(error) };
}

function detailsOf(error: KeyturnError): Omit<RelayedFailure, "code" | "outcome"> {
  const message = textOf(error);
  switch (error.code) {
    case "invalid_request": {
      const { path } = error as InputError;
      return { message: message.slice(path ? path.length + 3 : "the request ".length), path };
    }
    case "invalid_configuration": {
      const { option, reason } = error as ConfigurationError;
      return { message, option, reason };
    }
    case "authentication_failed": {
      const { status, reason } = error as AuthenticationError;
      return { message, status, reason };
    }
    case "proxy_refused": {
      const { status, reason } = error as ProxyError;
      return { message, status, reason };
    }
    case "connection_failed":
      return { message, reason: (error as ConnectionError).reason };
    case "timeout":
      return { message, timeoutMs: (error as RequestTimeoutError).timeoutMs };
    case "invalid_response": {
      const { status, excerpt } = error as DecodeError;
      return { message, status, excerpt };
    }
    case "outcome_unknown":
      return { message, cause: failureOf(error.cause) };
    case "aborted":
    case "internal":
      return { message };
    default: {
      const { status, apiCode, details, excerpt } = error as ApiError;
      return { message: message.slice(`the server answered ${status}: `.length), status, apiCode, details, excerpt };
    }
  }
}

/** Returns the message without the operation, which the page adds again. */
function textOf({ message, operation }: Failure): string {
  const before = `${operation}: `;
  return message.startsWith(before) ? message.slice(before.length) : message;
}
