/** The errors of the lifecycle itself. */

import { KeyturnError } from "../base/errors.js";

/** The reasons for which the lifecycle refuses a call, or cannot continue, as stable codes. */
export type LifecycleReason =
  /** There is no target with this name. */
  | "unknown_target"
  /** A rotation of the target is already under way; only one may be at a time. */
  | "rotation_active"
  /** No rotation is under way. */
  | "no_rotation"
  /** The target is no longer managed: adopt a credential to begin again. */
  | "forgotten"
  /** A sink holds a credential that neither the journal nor the control plane's list knows: adopt it first. */
  | "adopt_first"
  /** The control plane does not know the credential, or it has ended. */
  | "unknown_credential"
  /** The journal says that the credential has ended or is about to end. */
  | "ended"
  /** A sink holds a different credential from the one to adopt. */
  | "sink_differs"
  /** The old credential is ending or has ended, or there is none. */
  | "cannot_roll_back"
  /** The rotation is being undone. */
  | "rolling_back"
  /** No attempt has an unknown outcome. */
  | "nothing_to_settle"
  /** The attempt may still take effect: the message says when to look. */
  | "too_early"
  /** The credential was known before, so the attempt did not create it. */
  | "known_credential"
  /** The rotation is not stopped for that reason. */
  | "not_stopped"
  /** The rotation has no new credential. */
  | "nothing_issued"
  /** An event of the journal is not what was written. */
  | "journal_damaged"
  /** A newer version of this package wrote an event that this one does not know. Nothing was done. */
  | "journal_newer"
  /** An event of the journal belongs elsewhere, or one before it is missing. */
  | "journal_out_of_place"
  /** Other processes kept writing to the target's journal. */
  | "busy"
  /** A reader of `events` left too many of them unread. Nothing is lost: `history` has them. */
  | "behind";

/**
 * The lifecycle refuses a call, or must not continue. Nothing was changed at the control plane or in a sink. `target`
 * names the target; `sequence` is the number of an event in its journal, if that event is the cause.
 */
export class LifecycleError extends KeyturnError {
  /** The reason, as a stable code. */
  readonly reason: LifecycleReason;
  /** The target's name. */
  readonly target: string;
  /** The number of the event that cannot be read; 0 if no event is the cause. */
  readonly sequence: number;
  /** @internal */
  constructor(
    target: string,
    reason: LifecycleReason,
    message: string,
    { sequence = 0, ...facts }: { sequence?: number; cause?: unknown; hint?: string | undefined } = {},
  ) {
    super("LifecycleError", "lifecycle_stopped", `${target}: ${message}`, facts);
    this.reason = reason;
    this.target = target;
    this.sequence = sequence;
  }
}
