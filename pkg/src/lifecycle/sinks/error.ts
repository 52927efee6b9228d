/** Why a sink fails. */

import { KeyturnError, type Outcome, RequestAbortedError } from "../../base/errors.js";

/** Why a sink cannot be read or written. */
export type SinkReason =
  /** The format cannot carry the value to its readers unchanged. Nothing was written. */
  | "refused"
  /** What is there is not of the sink's format. Nothing was written. */
  | "malformed"
  /** The place does not exist, and this sink does not make it: a secret, a folder, a key of GitHub's. */
  | "missing"
  /** The token, the user or the process has no right to it. */
  | "denied"
  /** Another process holds the lock, or may hold it. */
  | "busy"
  /** This sink cannot give back what was asked for. */
  | "unreadable"
  /** The disk is full. */
  | "full"
  /** Some of the sinks of a list were reached and others were not: `missing` names those. */
  | "partial"
  /** The system answered, and not with a success. */
  | "failed"
  /** The system did not answer. */
  | "unavailable";

/**
 * A sink cannot be read or written. `outcome` is `"none"` if nothing was changed, `"unknown"` if it may have been: read before writing
 * again. The message never holds a value.
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
