/** Translates this package's errors to those of the official SDK. */

import { type ApiError, type DecodeError, isOwn, KeyturnError, type Outcome } from "../base/errors.js";
import { isSignal } from "../base/signal.js";
import {
  type CallError,
  ConductoroneSDKTypescriptError,
  ConnectionError,
  HTTPClientError,
  InvalidRequestError,
  OutcomeUnknownError,
  RequestAbortedError,
  RequestTimeoutError,
  ResponseValidationError,
  SDKError,
  SDKValidationError,
  standFor,
  UnexpectedClientError,
} from "./errors.js";

/**
 * The error of a hook that threw. It passes through the engine, which treats any other error of sending as one of the
 * connection.
 */
export class HookError extends KeyturnError {
  constructor(message: string, cause: unknown, outcome: Outcome) {
    super("HookError", "internal", message, { cause, outcome });
  }
}

/** Returns the official error for an error of this package, or for anything else that was thrown. */
export function translated(error: unknown, response: Response | undefined, request: unknown): CallError {
  if (isTranslated(error)) return error;
  const thrown = error instanceof HookError ? error.cause : error;
  // A framework's own signal must reach the framework unchanged.
  if (isSignal(thrown)) return thrown as CallError;
  if (error instanceof HookError) {
    const official = new UnexpectedClientError(error.message, { cause: error.cause });
    // The caller's own code aborted the call.
    if (official.kind === "internal") standFor(official, undefined, "aborted", error.outcome);
    return official;
  }
  if (!isOwn(error)) return new UnexpectedClientError("Unexpected HTTP client error", { cause: error });
  const options = { cause: error };
  switch (error.code) {
    case "invalid_request":
      return new SDKValidationError("Input validation failed", error, request);
    case "invalid_configuration":
      return new InvalidRequestError("The options cannot be used", options);
    case "connection_failed":
      return new ConnectionError("Unable to make request", options);
    case "timeout":
      return new RequestTimeoutError("Request timed out", options);
    case "aborted":
      return new RequestAbortedError("Request aborted by client", options);
    case "outcome_unknown":
      return new OutcomeUnknownError("It is unknown whether a secret was issued", options);
    case "authentication_failed":
      return new UnexpectedClientError("Failed to get token", options);
    case "closed":
    case "internal":
      return new UnexpectedClientError("Unexpected HTTP client error", options);
    default:
      return response
        ? answered(error as ApiError | DecodeError, response)
        : new UnexpectedClientError("Unexpected HTTP client error", options);
  }
}

function isTranslated(error: unknown): error is CallError {
  return (
    error instanceof ConductoroneSDKTypescriptError ||
    error instanceof HTTPClientError ||
    error instanceof SDKValidationError
  );
}

function answered(error: ApiError | DecodeError, response: Response): CallError {
  const { excerpt: body } = error;
  const type = response.headers.get("content-type") ?? "";
  const isJSON = type === "" || /[/+]json\b/i.test(type);
  if (error.code === "invalid_response" && isJSON) {
    const rawMessage = "Response validation failed";
    return new ResponseValidationError(`${rawMessage}: ${error.message}`, {
      response,
      body,
      cause: error,
      rawValue: body,
      rawMessage,
    });
  }
  const failure = new SDKError("Unexpected Status or Content-Type", { response, body });
  standFor(failure, error, error.code, error.outcome);
  Object.defineProperty(failure, "cause", { value: error, configurable: true, writable: true });
  return failure;
}
