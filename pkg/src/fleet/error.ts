/** Errors of a fleet's queue. */

import { KeyturnError } from "../base/errors.js";

/** Why pg-boss cannot do what a fleet needs. */
export type QueueReason =
  /** The role may not create or use the tables of pg-boss. */
  | "denied"
  /** The tables of pg-boss do not exist, or are those of another version. */
  | "not_migrated"
  /** Anything else; `cause` says what. */
  | "unavailable";

/**
 * A failure to reach or use the queue. No rotation is lost: once the queue works again, a sweep finds what is
 * unfinished.
 */
export class QueueError extends KeyturnError {
  /** The reason, as a stable code. */
  readonly reason: QueueReason;
  /** @internal */
  constructor(reason: QueueReason, message: string, facts: { cause?: unknown; hint?: string | undefined } = {}) {
    super("QueueError", "queue_failed", message, { ...facts, outcome: "none" });
    this.reason = reason;
  }
}

/** Postgres error codes, and what they mean for the queue. */
const REASONS: Readonly<Record<string, readonly [QueueReason, string]>> = {
  "42501": ["denied", "this role lacks permissions on pg-boss's tables"],
  "3F000": ["not_migrated", "pg-boss's schema does not exist"],
  "42P01": ["not_migrated", "a table of pg-boss does not exist"],
};

const OWNER = "Call `migrateFleet` with the role that owns the tables, and name the workers' role in `workers`.";

/** Converts an error of a call to pg-boss to an error of this package. @internal */
export function queueFailure(cause: unknown, doing: string): QueueError {
  if (cause instanceof QueueError) return cause;
  const { code, message } = Object(cause) as { code?: unknown; message?: unknown };
  const known = REASONS[String(code)];
  // An aggregate of failed connection attempts has an empty message.
  const said = [message, code].find((text) => typeof text === "string" && text !== "") ?? "pg-boss gives no reason";
  const [reason, why] = known ?? (["unavailable", String(said)] as const);
  return new QueueError(reason, `cannot ${doing}: ${why}`, { cause, hint: known && OWNER });
}
