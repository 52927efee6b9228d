/** The inputs and results of the lifecycle: the shapes of its API. */

import type { Clock } from "../base/options.js";
import type { LifecycleCaps, LifecyclePolicy } from "./policy.js";
import type { CredentialFacts, Journal, Provider, Sink } from "./ports.js";
import type { SealOptions } from "./seals/seal.js";

/** A place at a control plane that has a succession of credentials, and where its consumers read them. */
export interface LifecycleTarget {
  readonly provider: Provider;
  /** Where the credential is delivered. Their names are written to the journal. */
  readonly sinks: readonly Sink[];
  readonly policy?: LifecyclePolicy | undefined;
  /** Who is responsible for it. */
  readonly owner?: string | undefined;
  /** What reads the credential. */
  readonly consumers?: readonly string[] | undefined;
  /** Targets of one group move together: once one of them is due, all begin. */
  readonly group?: string | undefined;
}

/** Options of {@link openLifecycle}. */
export interface LifecycleOptions {
  /** The record of all rotations, and the only truth about them. All processes that rotate a target have to share it. */
  readonly journal: Journal;
  /** The targets by their names. A name is the journal's stream, so it has to stay the same. */
  readonly targets: Readonly<Record<string, LifecycleTarget>>;
  /** How many rotations {@link Lifecycle.advance} keeps under way at a time. */
  readonly caps?: LifecycleCaps | undefined;
  /** Where the time comes from. Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /**
   * The worker name in the journal. A random part is added, as each process is a worker of its own. Default:
   * `"keyturn"`.
   */
  readonly worker?: string | undefined;
  /**
   * Seals a copy of each new credential for a restart, until every sink has it. Without it the secret is in memory alone: if the process
   * dies before the delivery, another credential is issued.
   */
  readonly seal?: SealOptions | undefined;
  /**
   * How long a call of the journal may take, in milliseconds, before it is given up with a {@link JournalError}, `timeout`: a network file
   * system or a database that does not answer must not hold up whoever waits. Default: a minute.
   */
  readonly journalTimeoutMs?: number | undefined;
  /** Closes the lifecycle when it fires. */
  readonly signal?: AbortSignal | undefined;
}

/** How far a target has come. */
export type LifecycleProgress = {
  readonly target: string;
  /** The number of the rotation that is under way or was the last; 0 if there was none. */
  readonly rotation: number;
} & (
  | {
      /** No rotation is under way. */
      readonly state: "idle";
      /** How the last one ended; `undefined` if there was none. */
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
      /** The old credential ends once `approve` is called. */
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

/** Why a rotation waits for a person. */
export type LifecycleStop = keyof typeof HINTS;

/** What to do about each. @internal */
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
  /** What it is to the target. `leftover`: its secret was lost on the way. `orphan`: nobody has its secret. Both will be ended. */
  readonly role: "current" | "new" | "leftover" | "orphan" | "ended";
  readonly createdAt: number | undefined;
  readonly expiresAt: number | undefined;
  /** When it became known. */
  readonly since: number;
}

/** A period in which a credential may have been issued without anybody seeing it, in milliseconds since 1970. */
export interface LifecycleDoubt {
  /** The number of the rotation within the target. */
  readonly rotation: number;
  /** The number of the attempt within the rotation. */
  readonly intent: number;
  /** What to look for. */
  readonly marker: string;
  readonly since: number;
  readonly until: number;
}

/** When a rotation is due. Times are milliseconds since 1970. */
export interface LifecycleDue {
  /** The time from which on the policy asks for it. */
  readonly since: number;
  /** When it may begin: in a window, and not in the past. */
  readonly at: number;
  /** Whether the credential would expire, or has reached the age at which it is replaced. */
  readonly why: "expiry" | "age";
  /** False if no window is left before the credential expires, so that it begins outside of one. */
  readonly inWindow: boolean;
  /** When the credential expires. */
  readonly expiresAt?: number;
}

/** Which of the due targets begin now. */
export interface LifecycleTurn {
  /** The targets whose rotation would begin now, the most urgent first. */
  readonly begin: readonly string[];
  /** The targets that could begin, and wait only for the caps. */
  readonly waiting: readonly string[];
  /** When the next one that cannot begin now could begin, in milliseconds since 1970. */
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
  /** The policy has asked for a rotation, and it has not happened. */
  | "overdue"
  /** The credential in use is old, whatever the policy says. */
  | "stale"
  /** The credential in use was never used. */
  | "never-used"
  /** The credential in use has not been used for long. */
  | "idle"
  /** More credentials are alive than the policy allows: `number` says how many. */
  | "too-many-active"
  /** A credential is alive that no consumer has. */
  | "orphan"
  /** It is unknown whether a credential was issued. */
  | "window-of-doubt"
  /** A sink does not hold the credential that it should. */
  | "sink-differs"
  /** A sink could not be read. */
  | "sink-unreadable"
  /** The control plane could not be read. */
  | "control-plane-unreadable"
  /** Nobody is named who is responsible for the target. */
  | "owner-missing"
  /** No policy says when to rotate. */
  | "no-policy";

/** One problem. Nothing in it is secret. */
export interface LifecycleFinding {
  readonly code: LifecycleFindingCode;
  readonly severity: "critical" | "high" | "medium" | "low";
  readonly target: string;
  /** The id of the credential that it is about. */
  readonly credential?: string;
  /** What else it is about: a sink's name, a marker to look for. */
  readonly about?: string;
  /** Since when this is the case, in milliseconds since 1970. */
  readonly since?: number;
  /** How many days or credentials, as the code says. */
  readonly number?: number;
  /** What uses the credential, where the problem affects consumers. */
  readonly consumers?: readonly string[];
  /** The finding in a sentence. */
  readonly message: string;
}

/** A credential as the journal and the control plane have it. Times are milliseconds since 1970. */
export interface LifecycleComparison {
  readonly id: string;
  readonly clientId: string;
  /** What it is to the target; `undefined` if the journal does not know it. */
  readonly role: LifecycleCredential["role"] | undefined;
  /** Whether it can log in; `"gone"` if the control plane does not have it, `"unknown"` if that was not asked or not answered. */
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
  /** What each sink holds that can be read, by its name. */
  readonly sinks: Readonly<
    Record<string, { readonly clientId?: string | undefined; readonly error?: string | undefined }>
  >;
}

/** A client id that a target's consumers were found to use. */
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
  /** The policy with every field that was left out; durations are texts. */
  readonly policy: LifecyclePolicy;
  readonly progress: LifecycleProgress;
  /** When the policy asks for the next rotation; `undefined` if it never does, or one is under way. */
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
  /** Whether the control plane leaves the old credential alive when it issues one; `undefined` if that was never seen. */
  readonly overlap: boolean | undefined;
  readonly forgotten: boolean;
  /** The number and hash of the last event: kept elsewhere, they show that the journal was not recreated. */
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
    /** Whether that is a credential of the target. `undefined` if nobody can tell. */
    readonly known: boolean | undefined;
    readonly compares: boolean;
    readonly restores: boolean;
    /** The code of the error, if it cannot be read. */
    readonly error: string | undefined;
  }[];
  /**
   * True if the control plane was seen to end the old credential at once: a rotation cuts off its consumers until
   * they have the new one.
   */
  readonly cuts: boolean;
  /** Why `rotate` would be refused. */
  readonly blocked: "rotation_active" | "forgotten" | "adopt_first" | undefined;
  /** Why whoever serves the lifecycle to a page would refuse, in words. A lifecycle itself has no such reason. */
  readonly refusal?: string | undefined;
}

/** An event of a target's journal. What else it has depends on `event`. */
export interface LifecycleEvent {
  readonly target: string;
  /** Its number within the target, from 1. */
  readonly sequence: number;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** By which worker or person. */
  readonly by: string;
  /** What happened, as a stable code: `issued`. */
  readonly event: string;
  readonly [field: string]: unknown;
}

/** What {@link Lifecycle.verify} found in a stream. */
export interface LifecycleVerification {
  readonly target: string;
  /** How many events fit. */
  readonly events: number;
  /** The first event that does not, and why. */
  readonly broken: { readonly sequence: number; readonly reason: string; readonly message: string } | undefined;
}

/** The result for one target in a call for all of them. */
export type LifecycleResult =
  | { readonly target: string; readonly progress: LifecycleProgress; readonly error: undefined }
  | { readonly target: string; readonly progress: undefined; readonly error: unknown };
