/** The errors of journals. */

import { KeyturnError, type Outcome } from "../../base/errors.js";

/** The reasons for which a journal cannot store or read an event, as stable codes. */
export type JournalReason =
  /** No space is left, or a quota is used up. */
  | "full"
  /** The stored events can be read but not written: a file system that is mounted read-only. */
  | "read_only"
  /** This user, or this page, lacks the permission to do this. */
  | "denied"
  /** The place cannot do what a journal needs, such as hard links. */
  | "unsupported"
  /** A stored event is incomplete or damaged. */
  | "torn"
  /** The place contains something that the journal did not write. */
  | "foreign"
  /** The database's tables do not exist, or are those of an older version. */
  | "not_migrated"
  /** A newer version of this package created the place, and this one does not know its format. */
  | "newer"
  /** An event is missing before one that is there, or before the one to append. */
  | "gap"
  /** The name of the stream, the sequence number or the event cannot be stored. */
  | "invalid"
  /** It did not answer in time: a network file system whose server is gone, a lost connection to a database. */
  | "timeout"
  /** Anything else; `cause` says what. */
  | "unavailable";

/**
 * A journal cannot store or read. `outcome` is `"none"` if the event is certainly not stored, and `"unknown"` if it may
 * be: read again before the next append.
 */
export class JournalError extends KeyturnError {
  /** The reason, as a stable code. */
  readonly reason: JournalReason;
  /** The file, folder or database; empty if there is none. */
  readonly path: string;
  /** @internal */
  constructor(
    reason: JournalReason,
    message: string,
    { path = "", ...facts }: { path?: string; cause?: unknown; hint?: string | undefined; outcome?: Outcome } = {},
  ) {
    super("JournalError", "journal_failed", message, facts);
    this.reason = reason;
    this.path = path;
  }
}

/**
 * Throws for what every journal refuses before it stores anything: an invalid sequence number, and texts that UTF-8
 * cannot encode, which would come back changed. @internal
 */
export function checkAppend(stream: string, sequence: number, event: string): void {
  if (!Number.isSafeInteger(sequence) || sequence < 1)
    throw new JournalError("invalid", `${sequence} is not a sequence number: it must be an integer of 1 or more`);
  if (!wellFormed(stream)) throw new JournalError("invalid", "the name of the stream has a lone surrogate");
  if (!wellFormed(event)) throw new JournalError("invalid", "the event has a lone surrogate");
}

/** Returns the error for an append beyond the next sequence number. @internal */
export function gap(stream: string, sequence: number, path?: string): JournalError {
  const message = `the stream ${JSON.stringify(stream)} has no event ${sequence - 1}, so number ${sequence} cannot be appended`;
  return new JournalError("gap", message, path === undefined ? {} : { path });
}

function wellFormed(text: string): boolean {
  return !/[\uD800-\uDFFF]/u.test(text);
}
