/** The error of a replacement that stopped. */

import { KeyturnError } from "../base/errors.js";

/** The steps, in order. */
export type ReplacementStepName =
  | "inspect"
  | "create"
  | "dependents"
  | "verify"
  | "publish"
  | "settle"
  | "revoke"
  | "delete";

/** Why a replacement stopped, as a stable code. */
export type ReplacementReason =
  | "no_sink"
  | "no_reference"
  | "no_settle"
  | "not_found"
  | "own_credential"
  | "public_kind"
  | "unreadable"
  | "reference_taken"
  | "differs"
  | "refused"
  | "not_held"
  | "replacement_gone"
  | "changed";

/**
 * A replacement that stopped. The old credential is untouched; `newId` names the new one if it has been created. Once
 * the reason is resolved, the same call continues where this one stopped.
 */
export class ReplacementError extends KeyturnError {
  /** The step at which it stopped. */
  readonly step: ReplacementStepName;
  /** The reason, as a stable code. */
  readonly reason: ReplacementReason;
  /** The credential that was to be replaced. */
  readonly oldId: string;
  /** The credential that was to take its place, if there is one. */
  readonly newId: string | undefined;
  /** @internal */
  constructor(
    message: string,
    facts: { step: ReplacementStepName; reason: ReplacementReason; oldId: string; newId: string | undefined },
  ) {
    super("ReplacementError", "replacement_stopped", message, { operation: "api_credentials.replace" });
    ({ step: this.step, reason: this.reason, oldId: this.oldId, newId: this.newId } = facts);
  }
}
