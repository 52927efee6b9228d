/** Turns errors with an official SDK's name and fields into failures of this package. */

import type { ErrorCode, Failure } from "./errors.js";

const brand = Symbol.for("keyturn.error");

/** Marks an error, so that {@link KeyturnError.is} recognizes it. */
export function brandAsFailure(error: Error): void {
  Object.defineProperty(error, brand, { value: "by its official name" });
}

/** Turns an error of the language itself, such as a `TypeError` that programs expect, into a failure. */
export function asFailure<E extends Error>(error: E, kind: ErrorCode): E {
  brandAsFailure(error);
  return Object.assign(error, { kind, outcome: "none" });
}

/**
 * Does the same as {@link KeyturnError.is} without the class, so that code that uses only official errors loads nothing
 * else of this package.
 */
function isFailure(error: unknown): error is Failure {
  return typeof error === "object" && error !== null && brand in error;
}

/**
 * Returns the properties that an error takes over from the one that it represents. If that is not an error of this
 * package, `kind` and `outcome` apply.
 */
export function factsOf(
  from: unknown,
  kind: ErrorCode,
  outcome: Failure["outcome"] = "none",
): Omit<Failure, keyof Error> {
  if (!isFailure(from)) return { kind, outcome };
  const { hint, retryAfterMs, operation, requestId } = from;
  return { kind: from.kind, outcome: from.outcome, hint, retryAfterMs, operation, requestId };
}
