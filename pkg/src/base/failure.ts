/** What makes an error with an official SDK's name and fields a failure of this package. */

import type { ErrorCode, Failure } from "./errors.js";

const brand = Symbol.for("keyturn.error");

/** Marks an error, so that {@link KeyturnError.is} knows it. */
export function brandAsFailure(error: Error): void {
  Object.defineProperty(error, brand, { value: "by its official name" });
}

/** Makes a failure of an error of the language itself, such as a `TypeError` that programs expect. */
export function asFailure<E extends Error>(error: E, kind: ErrorCode): E {
  brandAsFailure(error);
  return Object.assign(error, { kind, outcome: "none" });
}

/**
 * {@link KeyturnError.is} without the class, so that code that uses only official errors loads nothing else of this
 * package.
 */
function isFailure(error: unknown): error is Failure {
  return typeof error === "object" && error !== null && brand in error;
}

/**
 * The properties that an error takes from the one that it stands for; `kind` and `outcome` where that is not an error
 * of this package.
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
