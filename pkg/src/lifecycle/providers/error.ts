/** Why a provider itself refuses, where no call has failed. */

import { KeyturnError, type Outcome } from "../../base/errors.js";

/** Why a provider refuses. */
export type ProviderReason =
  /** What has to be read before anything is issued could not be; `cause` says why. Nothing was issued. */
  | "not_read"
  /** There is no living credential to make another one like. Nothing was issued. */
  | "no_model"
  /** The control plane or a sink has a credential that the journal does not know, younger than what it knows. Nothing was issued. */
  | "newer_credential"
  /** The journal was restored from a backup, and nothing shows whether a credential was issued since then. Nothing was issued. */
  | "restored"
  /** The client uses this very credential, and would cut itself off. */
  | "own_credential"
  /** The client id is published where others know it, and would change. Nothing was issued. */
  | "public_kind"
  /** The token may not read what is needed. */
  | "unreadable"
  /** The new credential was not like the one before, and has been deleted again. */
  | "differs"
  /** A credential was issued, but the steps that complete it failed; `cause` says why. Its marker finds it. */
  | "unfinished"
  /** The control plane reported that it issued a credential, but not its id or its secret. */
  | "no_secret"
  /** Something at the control plane depends on the credential, which was not ended. */
  | "in_use"
  /** The place that a pair is tried at did not answer, or failed. */
  | "unavailable"
  /** The place that a pair is tried at answers, but does not say whether the pair is good. */
  | "unproven";

/**
 * A provider refuses a call, or cannot continue. `outcome` is `"none"` if nothing was changed, `"unknown"` if a
 * credential may have been issued.
 */
export class ProviderError extends KeyturnError {
  /** Which failure it is, as a stable code. */
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
