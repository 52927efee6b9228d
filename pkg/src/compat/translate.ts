/** This package's errors as those of the official SDK. */

import { type ApiError, type DecodeError, KeyturnError } from "../base/errors.js";
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
  UnexpectedClientError,
} from "./errors.js";

/** A hook threw. It passes through the engine, which takes any other error of sending for one of the connection. */
export class HookError extends KeyturnError {
  constructor(message: string, cause: unknown) {
    super("HookError", "internal", message, { cause });
  }
}

/** The official error for one of this package, or for whatever was thrown. */
export function translated(error: unknown, response: Response | undefined, request: unknown): CallError {
  if (isTranslated(error)) return error;
  const thrown = error instanceof HookError ? error.cause : error;
  // It is not one of these, and must reach its framework.
  if (isSignal(thrown)) return thrown as CallError;
  if (error instanceof HookError) return new UnexpectedClientError(error.message, { cause: error.cause });
  if (!KeyturnError.is(error)) return new UnexpectedClientError("Unexpected HTTP client error", { cause: error });
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
      return new OutcomeUnknownError("It is unknown whether a secret was issued", options as { cause: KeyturnError });
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
  const told = new SDKError("Unexpected Status or Content-Type", { response, body });
  Object.defineProperty(told, "cause", { value: error, configurable: true, writable: true });
  return told;
}
