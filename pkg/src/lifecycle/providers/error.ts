/** The errors that providers themselves raise. */

import { KeyturnError, type Outcome } from "../../base/errors.js";

/** The reasons for which a provider refuses, as stable codes. */
export type ProviderReason =
  /** Something that must be read before anything is issued could not be read; `cause` says why. Nothing was issued. */
  | "not_read"
  /** There is no living credential to copy. Nothing was issued. */
  | "no_model"
  /**
   * The control plane or a sink has a credential that the journal does not know, newer than those it knows. Nothing was
   * issued.
   */
  | "newer_credential"
  /**
   * The journal was restored from a backup, and nothing shows whether a credential was issued since then. Nothing was
   * issued.
   */
  | "restored"
  /** The client uses this very credential, and would lock itself out. */
  | "own_credential"
  /** The client id is known to others, and a rotation would change it. Nothing was issued. */
  | "public_kind"
  /** The token may not read what is needed. */
  | "unreadable"
  /** The new credential differed from the one that it copies, and was deleted again. */
  | "differs"
  /** A credential was issued, but the steps that complete it failed; `cause` says why. Its marker finds it. */
  | "unfinished"
  /** The control plane reported that it issued a credential, but not its id or its secret. */
  | "no_secret"
  /** Something at the control plane depends on the credential, which was not ended. */
  | "in_use"
  /** The endpoint at which a pair is tried did not answer, or failed. */
  | "unavailable"
  /** The endpoint at which a pair is tried answers, but does not show whether the pair is valid. */
  | "unproven";

/**
 * A provider refuses a call, or cannot continue. `outcome` is `"none"` if nothing was changed, `"unknown"` if a
 * credential may have been issued.
 */
export class ProviderError extends KeyturnError {
  /** The reason, as a stable code. */
  readonly reason: ProviderReason;
  /** The provider's `kind`. */
  readonly provider: string;
  /** @internal */
  constructor(
    provider: string,
    reason: ProviderReason,
    message: string,
    facts: { cause?: unknown; hint?: string | undefined; outcome?: Outcome } = {},
  ) {
    super("ProviderError", "provider_failed", `${provider}: ${message}`, facts);
    this.reason = reason;
    this.provider = provider;
  }
}
