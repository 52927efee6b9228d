/** Errors over HTTP: serialises a failure, and recreates it on the other side. */

import { type ErrorCode, type Failure, KeyturnError, type Outcome } from "../base/errors.js";

/** A failure as JSON. It contains no stack, no cause, and nothing from errors of other packages. */
export interface RemoteFailure {
  readonly name: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly outcome: Outcome;
  readonly hint?: string | undefined;
  readonly operation?: string | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** The stable code of a refusal. */
  readonly reason?: string | undefined;
  readonly target?: string | undefined;
}

/**
 * Serialises a failure. It discloses nothing of errors of other packages, since their messages may contain anything.
 */
export function failureOf(error: unknown): RemoteFailure {
  if (!KeyturnError.is(error))
    return {
      name: "InternalError",
      code: "internal",
      message: "the server failed; see its log for the reason",
      outcome: "unknown",
    };
  const { name, kind: code, message, outcome, hint, operation, requestId, retryAfterMs } = error;
  const { reason, target } = error as Failure & { reason?: string; target?: string };
  return { name, code, message, outcome, hint, operation, requestId, retryAfterMs, reason, target };
}

/** The error of a call of a {@link remoteLifecycle}: the server's error, or a failure to reach the server. */
export class RemoteError extends KeyturnError {
  /** The stable code of a refusal, such as `rotation_active`; empty if there is none. */
  readonly reason: string;
  /** The target's name; empty if the error concerns none. */
  readonly target: string;
  /** How long the server asks to wait, in milliseconds, if it does. */
  readonly retryAfterMs: number | undefined;
  /** @internal */
  constructor(
    { name, code, message, reason = "", target = "", retryAfterMs, ...facts }: RemoteFailure,
    cause?: unknown,
  ) {
    super(name, code, message, cause === undefined ? facts : { ...facts, cause });
    this.reason = reason;
    this.target = target;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Returns the error that a value from a response describes; `undefined` if it does not have the form of one. */
export function remoteErrorOf(value: unknown): RemoteError | undefined {
  const { name, code, message, outcome } = (value ?? {}) as Partial<RemoteFailure>;
  const isWhole = [name, code, message, outcome].every((field) => typeof field === "string");
  return isWhole ? new RemoteError(value as RemoteFailure) : undefined;
}
