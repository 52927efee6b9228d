/** What makes an error with an official SDK's name and fields a failure of this package. */

import { type ErrorCode, type Failure, KeyturnError } from "./errors.js";

const brand = Symbol.for("keyturn.error");

/** Marks an error, so that {@link KeyturnError.is} knows it. */
export function brandAsFailure(error: Error): void {
  Object.defineProperty(error, brand, { value: "by its official name" });
}

/** What an error has of the one that it stands for; `kind` and `outcome` where that is none of this package. */
export function factsOf(
  from: unknown,
  kind: ErrorCode,
  outcome: Failure["outcome"] = "none",
): Omit<Failure, keyof Error> {
  if (!KeyturnError.is(from)) return { kind, outcome };
  const { hint, retryAfterMs, operation, requestId } = from;
  return { kind: from.kind, outcome: from.outcome, hint, retryAfterMs, operation, requestId };
}
