/** The inputs and results of the lifecycle: the shapes of its API. */

import type { Clock } from "../base/options.js";
import type { LifecycleCaps, LifecyclePolicy } from "./policy.js";
import type { CredentialFacts, Journal, Provider, Sink } from "./ports.js";
import type { SealOptions } from "./seals/seal.js";

/** A place at a control plane that has a succession of credentials, and the sinks from which consumers read them. */
export interface LifecycleTarget {
  readonly provider: Provider;
  /** Where the credential is delivered. The names of the sinks are written to the journal. */
  readonly sinks: readonly Sink[];
  readonly policy?: LifecyclePolicy | undefined;
  /** Who is responsible for it. */
  readonly owner?: string | undefined;
  /** What reads the credential. */
  readonly consumers?: readonly string[] | undefined;
  /** Targets of one group rotate together: once one of them is due, all begin. */
  readonly group?: string | undefined;
}

/** Options of {@link openLifecycle}. */
export interface LifecycleOptions {
  /**
   * The record of all rotations, and the only source of truth about them. All processes that rotate a target must share
   * it.
   */
  readonly journal: Journal;
  /** The targets by name. The name is also that of the target's stream in the journal, so it must not change. */
  readonly targets: Readonly<Record<string, LifecycleTarget>>;
  /** How many rotations {@link Lifecycle.advance} keeps under way at a time. */
  readonly caps?: LifecycleCaps | undefined;
  /** The source of the time. Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /**
   * The worker name in the journal. A random part is added, since each process is its own worker. Default: `"keyturn"`.
   */
  readonly worker?: string | undefined;
  /**
   * Keeps a sealed copy of each new credential until every sink has it, for use after a restart. Without this option
   * the secret is only in memory: if the process dies before the delivery, another credential is issued.
   */
  readonly seal?: SealOptions | undefined;
  /**
   * How long a call of the journal may take, in milliseconds. After that it rejects with a {@link JournalError},
   * `timeout`, so that a network file system or a database that does not answer blocks no caller. Default: a minute.
   */
  readonly journalTimeoutMs?: number | undefined;
  /** Closes the lifecycle when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** The progress of a target. */
export type LifecycleProgress = {
  readonly target: string;
  /** The number of the current or last rotation; 0 if there was none. */
  readonly rotation: number;
} & (
  | {
      /** No rotation is under way. */
      readonly state: "idle";
      /** How the last rotation ended; `undefined` if there was none. */
      readonly last: "done" | "rolled-back" | undefined;
    }
  | {
      /** There is something to do at once: call `advance`. */
      readonly state: "ready";
    }
  | {
      /** Nothing can be done before `until`. */
      readonly state: "waiting";
      /** In milliseconds since 1970. */
      readonly until: number;
    }
  | {
      /** The old credential ends only after a call of `approve`. */
      readonly state: "awaits-approval";
    }
  | {
      /** A person is needed. */
      readonly state: "stopped";
      /** Why, as a stable code. */
      readonly reason: LifecycleStop;
      /** The name of the sink, the id of the credential, or the error's code. */
      readonly about: string;
      /** What to do. */
      readonly hint: string;
    }
);

/** The reasons for which a rotation waits for a person, as stable codes. */
export type LifecycleStop = keyof typeof HINTS;

/** What a person should do about each reason. @internal */
export const HINTS = {
  "outcome-unknown":
    "Look for credentials created in the window of doubt, revoke none, and call `settle` with their ids or with " +
    "none.",
  "too-many-intents": "Find out why new credentials are not delivered, then call `resume`.",
  refused:
    "The control plane or a sink refuses: see the code, grant the permission or fix the location, then call " +
    "`resume`.",
  "new-credential-refused":
    "The new credential does not log in. Call `resume` with `{ reissue: true }`, or `rollback`.",
  "sink-differs":
    "A sink contains a credential that does not belong to this target. Find out whose it is, then call `resume`.",
  "restore-by-hand": "Put the old credential back into the sink, then call `resume` with `{ restored: true }`.",
  "sink-changed":
    "The sink no longer contains the delivered credential. Call `resume`, with `{ reissue: true }` to issue " +
    "another.",
  "sink-added":
    "A sink was added after the delivery, and the secret for it is gone. Call `resume` with `{ reissue: true }`, or " +
    "put the new pair there and call it with `{ provisioned: true }`.",
  "too-many-failures": "See the failures in `history`, fix their cause, then call `resume`.",
};

/** A credential of a target, as the journal knows it. Times are milliseconds since 1970. */
export interface LifecycleCredential {
  readonly id: string;
  readonly clientId: string;
  /**
   * Its role for the target. `leftover`: its secret was lost during the rotation. `orphan`: nobody has its secret. Both
   * will be ended.
   */
  readonly role: "current" | "new" | "leftover" | "orphan" | "ended";
  readonly createdAt: number | undefined;
  readonly expiresAt: number | undefined;
  /** When it became known. */
  readonly since: number;
}

/** A period in which a credential may have been issued without anybody noticing. Times are milliseconds since 1970. */
export interface LifecycleDoubt {
  /** The number of the rotation within the target. */
  readonly rotation: number;
  /** The number of the attempt within the rotation. */
  readonly intent: number;
  /** The marker to search for. */
  readonly marker: string;
  readonly since: number;
  readonly until: number;
}

/** When a rotation is due. Times are milliseconds since 1970. */
export interface LifecycleDue {
  /** Since when the policy requires it. */
  readonly since: number;
  /** When it may begin: in a window, and not in the past. */
  readonly at: number;
  /** Whether the credential will expire, or has reached the age at which it is replaced. */
  readonly why: "expiry" | "age";
  /** False if no window is left before the credential expires, so that the rotation begins outside of one. */
  readonly inWindow: boolean;
  /** When the credential expires. */
  readonly expiresAt?: number;
}

/** The result of selecting which due targets begin now. */
export interface LifecycleTurn {
  /** The targets whose rotation would begin now, the most urgent first. */
  readonly begin: readonly string[];
  /** The targets that could begin, and wait only for the caps. */
  readonly waiting: readonly string[];
  /** The earliest time at which another target could begin, in milliseconds since 1970. */
  readonly wakeAt?: number;
}

/** The kinds of findings, as stable codes. */
export type LifecycleFindingCode =
  /** The credential in use has expired. */
  | "expired"
  /** The control plane no longer has the credential in use. */
  | "gone"
  /** It expires within 30, 14, 7 or 1 days: `number` says which. */
  | "expiring"
  /** The policy requires a rotation that has not taken place. */
  | "overdue"
  /** The credential in use is older than the policy's `staleAfter`. */
  | "stale"
  /** The credential in use was never used. */
  | "never-used"
  /** The credential in use has not been used for a long time. */
  | "idle"
  /** More credentials are alive than the policy allows: `number` says how many. */
  | "too-many-active"
  /** There is a living credential that no consumer has. */
  | "orphan"
  /** It is unknown whether a credential was issued. */
  | "window-of-doubt"
  /** A sink does not hold the credential that it should. */
  | "sink-differs"
  /** A sink could not be read. */
  | "sink-unreadable"
  /** The control plane could not be read. */
  | "control-plane-unreadable"
  /** The target has no named owner. */
  | "owner-missing"
  /** No policy says when to rotate. */
  | "no-policy";

/** One problem. It contains no secret. */
export interface LifecycleFinding {
  readonly code: LifecycleFindingCode;
  readonly severity: "critical" | "high" | "medium" | "low";
  readonly target: string;
  /** The id of the credential concerned. */
  readonly credential?: string;
  /** What else is concerned: a sink's name, or a marker to search for. */
  readonly about?: string;
  /** Since when the problem exists, in milliseconds since 1970. */
  readonly since?: number;
  /** The number of days or of credentials, depending on the code. */
  readonly number?: number;
  /** The consumers of the credential, if the problem affects them. */
  readonly consumers?: readonly string[];
  /** The finding in a sentence. */
  readonly message: string;
}

/** A credential as the journal and the control plane have it. Times are milliseconds since 1970. */
export interface LifecycleComparison {
  readonly id: string;
  readonly clientId: string;
  /** Its role for the target; `undefined` if the journal does not know it. */
  readonly role: LifecycleCredential["role"] | undefined;
  /**
   * Whether it can log in; `"gone"` if the control plane does not have it, `"unknown"` if it was not asked or did not
   * answer.
   */
  readonly controlPlane: "alive" | "ended" | "gone" | "unknown";
  readonly lastUsedAt: number | undefined;
  readonly expiresAt: number | undefined;
}

/** A target's journal compared with its control plane and its sinks. */
export interface LifecycleReconciliation {
  readonly target: string;
  /** When the control plane was read, in milliseconds since 1970. */
  readonly at: number;
  /** The code of the error, if it could not be read. */
  readonly error: string | undefined;
  readonly credentials: readonly LifecycleComparison[];
  /** What each sink that can be read holds, by the sink's name. */
  readonly sinks: Readonly<
    Record<string, { readonly clientId?: string | undefined; readonly error?: string | undefined }>
  >;
}

/** A client id that was found in use by a target's consumers. */
export interface LifecycleImport {
  readonly target: string;
  readonly clientId: string;
  /** Where it was found: a path, a cluster. It is written to the journal. */
  readonly source: string;
}

/** The state of a target. */
export interface LifecycleStatus {
  readonly target: string;
  readonly owner: string | undefined;
  readonly consumers: readonly string[];
  readonly group: string | undefined;
  /** The kind of the provider. */
  readonly provider: string;
  /** The complete policy, with defaults for omitted fields; durations are texts. */
  readonly policy: LifecyclePolicy;
  readonly progress: LifecycleProgress;
  /**
   * When the policy requires the next rotation; `undefined` if it never does, a rotation is under way, or the target
   * has no credential or is forgotten.
   */
  readonly due: LifecycleDue | undefined;
  /** The phase of the rotation that is under way. */
  readonly phase: "planned" | "issuing" | "unknown" | "issued" | "grace" | undefined;
  readonly rollingBack: boolean;
  /** Why `rollback` would be refused; `undefined` if it would not. */
  readonly cannotRollBack: string | undefined;
  readonly current: LifecycleCredential | undefined;
  /** All credentials that the journal names. */
  readonly credentials: readonly LifecycleCredential[];
  readonly doubt: LifecycleDoubt | undefined;
  /**
   * Whether the control plane leaves the old credential alive when it issues a new one; `undefined` if this was never
   * observed.
   */
  readonly overlap: boolean | undefined;
  readonly forgotten: boolean;
  /** The number and hash of the last event. Stored elsewhere, they show that the journal was not recreated. */
  readonly sequence: number;
  readonly hash: string;
}

/** What a rotation of a target would change. */
export interface LifecyclePlan {
  readonly target: string;
  /** The credential that would be replaced, as the control plane has it now. */
  readonly old: CredentialFacts | undefined;
  readonly sinks: readonly {
    readonly name: string;
    /** The client id that it holds; `undefined` if it holds none or cannot be read. */
    readonly holds: string | undefined;
    /** Whether that client id belongs to a credential of the target; `undefined` if `holds` is. */
    readonly known: boolean | undefined;
    readonly compares: boolean;
    readonly restores: boolean;
    /** The code of the error, if it cannot be read. */
    readonly error: string | undefined;
  }[];
  /**
   * True if the control plane was observed to end the old credential at once, so that a rotation cuts off its consumers
   * until they have the new one.
   */
  readonly cuts: boolean;
  /** Why `rotate` would be refused. */
  readonly blocked: "rotation_active" | "forgotten" | "adopt_first" | undefined;
  /** Why a server that exposes the lifecycle to a page would refuse, in words. A lifecycle itself never sets this. */
  readonly refusal?: string | undefined;
}

/** An event of a target's journal. Its further fields depend on `event`. */
export interface LifecycleEvent {
  readonly target: string;
  /** Its number within the target, from 1. */
  readonly sequence: number;
  /** When it was written, in milliseconds since 1970. */
  readonly at: number;
  /** The worker or person that wrote it. */
  readonly by: string;
  /** What happened, as a stable code, such as `issued`. */
  readonly event: string;
  readonly [field: string]: unknown;
}

/** The result of {@link Lifecycle.verify} for one stream. */
export interface LifecycleVerification {
  readonly target: string;
  /** How many events, from the first on, are intact. */
  readonly events: number;
  /** The first event that is not intact, and why. */
  readonly broken: { readonly sequence: number; readonly reason: string; readonly message: string } | undefined;
}

/** The result for one target, from a call for several. */
export type LifecycleResult =
  | { readonly target: string; readonly progress: LifecycleProgress; readonly error: undefined }
  | { readonly target: string; readonly progress: undefined; readonly error: unknown };
