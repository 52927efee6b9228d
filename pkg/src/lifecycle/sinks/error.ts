/** The errors of sinks. */

import { KeyturnError, type Outcome, RequestAbortedError } from "../../base/errors.js";

/** The reasons for which a sink cannot be read or written, as stable codes. */
export type SinkReason =
  /** The format cannot carry the value to its readers unchanged. Nothing was written. */
  | "refused"
  /** The existing content does not have the sink's format. Nothing was written. */
  | "malformed"
  /** The place does not exist, and this sink does not create it: a secret, a folder, GitHub's public key. */
  | "missing"
  /** The token, the user or the process lacks the permission to do this. */
  | "denied"
  /** Another process holds the lock, or may hold it. */
  | "busy"
  /** This sink cannot return what was requested. */
  | "unreadable"
  /** No space is left, or a quota is used up. */
  | "full"
  /** Only some of the sinks of a list were reached: `missing` names the others. */
  | "partial"
  /** The system answered, but not with a success. */
  | "failed"
  /** The system did not answer. */
  | "unavailable";

/**
 * A sink cannot be read or written. `outcome` is `"none"` if nothing was changed, `"unknown"` if it may have been: read
 * before writing again. The message never contains a value.
 */
export class SinkError extends KeyturnError {
  /** The reason, as a stable code. */
  readonly reason: SinkReason;
  /** The name of the sink. */
  readonly sink: string;
  /** The names of the sinks that the pair did not reach, where the sink is a list. */
  readonly missing: readonly string[];
  /** The HTTP status, if there was one. */
  readonly status: number | undefined;
  /** @internal */
  constructor(
    sink: string,
    reason: SinkReason,
    message: string,
    {
      missing = [],
      status,
      ...facts
    }: {
      missing?: readonly string[];
      status?: number | undefined;
      cause?: unknown;
      hint?: string | undefined;
      outcome?: Outcome;
      requestId?: string | undefined;
    } = {},
  ) {
    super("SinkError", "sink_failed", `${sink}: ${message}`, facts);
    this.reason = reason;
    this.sink = sink;
    this.missing = missing;
    this.status = status;
  }
}

/** Throws if the caller has aborted. @internal */
export function unlessAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new RequestAbortedError({ cause: signal.reason });
}
