/** Why a sink fails. */

import { KeyturnError, type Outcome, RequestAbortedError } from "../../base/errors.js";

/** Why a sink cannot be read or written. */
export type SinkReason =
  /** The format cannot carry the value to its readers unchanged. Nothing was written. */
  | "refused"
  /** The existing content does not have the sink's format. Nothing was written. */
  | "malformed"
  /** The place does not exist, and this sink does not create it: a secret, a folder, a key of GitHub's. */
  | "missing"
  /** The token, the user or the process does not have the right to do this. */
  | "denied"
  /** Another process holds the lock, or may hold it. */
  | "busy"
  /** This sink cannot return what was requested. */
  | "unreadable"
  /** The disk is full. */
  | "full"
  /** Some of the sinks of a list were reached and others were not: `missing` names those. */
  | "partial"
  /** The system did not answer with a success. */
  | "failed"
  /** The system did not answer. */
  | "unavailable";

/**
 * A sink cannot be read or written. `outcome` is `"none"` if nothing was changed, `"unknown"` if it may have been: read before writing
 * again. The message never contains a value.
 */
export class SinkError extends KeyturnError {
  /** Which failure it is, as a stable code. */
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

/** Rejects if the caller has given up. @internal */
export function unlessAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new RequestAbortedError({ cause: signal.reason });
}
