/** Exit codes. The numbers are stable, because scripts depend on them. */

import { type Failure, KeyturnError } from "../base/errors.js";

/** The exit codes; `docs/cli.md` lists them. */
export const EXIT = {
  /** The work is done, or waits until it is due. */
  done: 0,
  /** Something failed; the message says what. */
  failed: 1,
  /** The command line, `keyturn.json` or a variable is invalid. Nothing was done. */
  usage: 2,
  /** A condition was met: something is due, expiring, or not in order. */
  found: 3,
  /** A person must decide before the work continues. */
  person: 4,
  /** The control plane or a sink rejects the credentials, or they lack a permission. */
  refused: 5,
  /** It is not known whether a call was carried out. */
  unknown: 6,
  /** A server could not be reached, or asks to try again later. */
  unavailable: 7,
  /** The journal cannot be read or written, or has been tampered with. */
  journal: 8,
  /** Ended by Ctrl-C. */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;

/** One of {@link EXIT}, or the code of a program that the command ran. */
export type Exit = number;

/** The codes by severity. The most severe code of several targets is the command's. */
const GRAVITY: readonly Exit[] = [
  EXIT.interrupted,
  EXIT.terminated,
  EXIT.unknown,
  EXIT.journal,
  EXIT.person,
  EXIT.refused,
  EXIT.failed,
  EXIT.unavailable,
  EXIT.usage,
  EXIT.found,
];

/** Returns the most severe of some codes. */
export function gravest(codes: Iterable<Exit>): Exit {
  const all = new Set(codes);
  return GRAVITY.find((code) => all.has(code)) ?? EXIT.done;
}

/** The error for wrong usage: an invalid flag, or a name that is not in `keyturn.json`. Nothing was done. */
export class UsageError extends Error {
  /** The code of the error, if callers need to distinguish it. */
  readonly code: UsageCode | undefined;
  /** What to do about it, in a sentence. */
  readonly hint: string | undefined;
  constructor(message: string, { hint, code }: { hint?: string | undefined; code?: UsageCode | undefined } = {}) {
    super(message);
    this.hint = hint;
    this.code = code;
  }
}

/** The usage errors that callers distinguish. */
export type UsageCode = "no_profile";

/** A failure with an exit code of its own. */
export class CommandError extends Error {
  readonly exit: Exit;
  readonly hint: string | undefined;
  constructor(exit: Exit, message: string, { hint, cause }: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, { cause });
    this.exit = exit;
    this.hint = hint;
  }
}

/** The error for a command that somebody asked to stop. */
export class Interruption extends Error {
  readonly signal: NodeJS.Signals;
  constructor(signal: NodeJS.Signals) {
    super("interrupted");
    this.signal = signal;
  }
  /** The exit code that shells report for a program that the signal ended. */
  get exit(): Exit {
    return this.signal === "SIGINT" ? EXIT.interrupted : this.signal === "SIGHUP" ? 129 : EXIT.terminated;
  }
}

const BY_KIND: Readonly<Record<string, Exit>> = {
  authentication_failed: EXIT.refused,
  unauthorized: EXIT.refused,
  forbidden: EXIT.refused,
  outcome_unknown: EXIT.unknown,
  invalid_request: EXIT.usage,
  invalid_configuration: EXIT.usage,
  rate_limited: EXIT.unavailable,
  server_error: EXIT.unavailable,
  connection_failed: EXIT.unavailable,
  timeout: EXIT.unavailable,
  journal_failed: EXIT.journal,
};

const BY_REASON: Readonly<Record<string, Exit>> = {
  unknown_target: EXIT.usage,
  adopt_first: EXIT.person,
  sink_differs: EXIT.person,
  journal_damaged: EXIT.journal,
  journal_newer: EXIT.journal,
  journal_out_of_place: EXIT.journal,
  busy: EXIT.unavailable,
  // Sinks.
  denied: EXIT.refused,
  unavailable: EXIT.unavailable,
};

/** Returns whether a token endpoint refused a login, as opposed to being unreachable, failing or limiting requests. */
function isRefused(error: Failure): boolean {
  // An error with the official SDK's name has the package's own error as its cause.
  const { status, reason } = ("status" in error ? error : (error.cause ?? {})) as { status?: number; reason?: string };
  return !["unreachable", "certificate"].includes(reason ?? "") && status !== 429 && !(Number(status) >= 500);
}

/** Returns whether a server limits requests, or has failed. */
function asksToTryLater(error: Failure): boolean {
  const { status } = error as { status?: unknown };
  return status === 429 || Number(status) >= 500;
}

/** Returns the exit code of a failure. */
export function exitOf(error: unknown): Exit {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof CommandError || error instanceof Interruption) return error.exit;
  if (!KeyturnError.is(error)) return EXIT.failed;
  const { kind, outcome } = error;
  if (kind !== "journal_failed" && outcome === "unknown") return EXIT.unknown;
  const { reason } = error as { reason?: unknown };
  if (kind === "authentication_failed" && !isRefused(error)) return EXIT.unavailable;
  if (["lifecycle_stopped", "sink_failed"].includes(kind) && typeof reason === "string")
    return BY_REASON[reason] ?? (asksToTryLater(error) ? EXIT.unavailable : EXIT.failed);
  return BY_KIND[kind] ?? EXIT.failed;
}
