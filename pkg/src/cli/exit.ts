/** Exit codes. The numbers are stable, because scripts depend on them. */

import { type Failure, KeyturnError } from "../base/errors.js";

/** The exit codes; `docs/cli.md` lists them. */
export const EXIT = {
  /** The work is done, or waits for its time. */
  done: 0,
  /** Something failed; the message says what. */
  failed: 1,
  /** The command line, `keyturn.json` or a variable is invalid. Nothing was done. */
  usage: 2,
  /** A condition was met: something is due, expiring, or not in order. */
  found: 3,
  /** A person must decide before it continues. */
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

/** One of {@link EXIT}. Commands that run another program also end with its code. */
export type Exit = number;

/** The codes by severity: of several targets, the most severe decides. */
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

/** The most severe of some codes. */
export function gravest(codes: Iterable<Exit>): Exit {
  const all = new Set(codes);
  return GRAVITY.find((code) => all.has(code)) ?? EXIT.done;
}

/** The command was used wrongly: an invalid flag, or a name that is not in `keyturn.json`. Nothing was done. */
export class UsageError extends Error {
  /** Which error it is, where that matters to whoever catches it. */
  readonly code: UsageCode | undefined;
  /** What to do about it, in a sentence. */
  readonly hint: string | undefined;
  constructor(message: string, { hint, code }: { hint?: string | undefined; code?: UsageCode | undefined } = {}) {
    super(message);
    this.hint = hint;
    this.code = code;
  }
}

/** The usage errors that are told apart. */
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

/** Someone asked the command to stop. */
export class Interruption extends Error {
  readonly signal: NodeJS.Signals;
  constructor(signal: NodeJS.Signals) {
    super("interrupted");
    this.signal = signal;
  }
  /** The code that shells give a program that ended by the signal. */
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

/** Whether a token endpoint has refused a login. One that cannot be reached, fails or limits requests has refused nobody. */
function isRefused(error: Failure): boolean {
  // An error with an official name has the package's own as its cause.
  const { status, reason } = ("status" in error ? error : (error.cause ?? {})) as { status?: number; reason?: string };
  return !["unreachable", "certificate"].includes(reason ?? "") && status !== 429 && !(Number(status) >= 500);
}

/** The exit code of a failure. */
export function exitOf(error: unknown): Exit {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof CommandError || error instanceof Interruption) return error.exit;
  if (!KeyturnError.is(error)) return EXIT.failed;
  const { kind, outcome } = error;
  if (kind !== "journal_failed" && outcome === "unknown") return EXIT.unknown;
  const { reason } = error as { reason?: unknown };
  if (kind === "authentication_failed" && !isRefused(error)) return EXIT.unavailable;
  if (["lifecycle_stopped", "sink_failed"].includes(kind) && typeof reason === "string")
    return BY_REASON[reason] ?? EXIT.failed;
  return BY_KIND[kind] ?? EXIT.failed;
}
