/** Errors over HTTP: how a failure is serialised, and how the other side recreates it. */

import { type ErrorCode, type Failure, KeyturnError, type Outcome } from "../base/errors.js";

/** A failure as JSON. It contains no stack, no cause and nothing of foreign errors. */
export interface SaidFailure {
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
 * Serialises a failure. Nothing is disclosed of an error that is not the package's, since its message may contain
 * anything.
 */
export function failureOf(error: unknown): SaidFailure {
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

/** Why a {@link remoteLifecycle} fails: the server's error, or that the server could not be reached. */
export class RemoteError extends KeyturnError {
  /** The stable code of a refusal, such as `rotation_active`; empty if there is none. */
  readonly reason: string;
  /** The target's name; empty if the error concerns none. */
  readonly target: string;
  /** How long the server asks to wait, in milliseconds, if it says so. */
  readonly retryAfterMs: number | undefined;
  /** @internal */
  constructor({ name, code, message, reason = "", target = "", retryAfterMs, ...facts }: SaidFailure, cause?: unknown) {
    super(name, code, message, cause === undefined ? facts : { ...facts, cause });
    this.reason = reason;
    this.target = target;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A value from a response as an error, as far as it has the form of one. */
export function heard(value: unknown): RemoteError | undefined {
  const { name, code, message, outcome } = (value ?? {}) as Partial<SaidFailure>;
  const isWhole = [name, code, message, outcome].every((field) => typeof field === "string");
  return isWhole ? new RemoteError(value as SaidFailure) : undefined;
}
