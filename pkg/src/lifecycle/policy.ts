/** The policy of a target: as users write it, and as Rust reads it. */

import { ConfigurationError } from "../base/errors.js";
import { instanceId, type Rust, rust } from "./wasm.js";

/**
 * A duration: a number of milliseconds, or a whole number with a unit, `ms`, `s`, `m`, `h`, `d` or `w`, such as `"60d"`
 * or `"24h"`.
 */
export type LifecycleDuration = number | string;

/** A proof that a rotation can require before the old credential ends. The first two always come first. */
export type LifecycleProof =
  /** The id and the secret match, as far as this can be checked without a server. */
  | "parsed"
  /** A token was obtained with the pair. */
  | "token"
  /** A consumer has used the new credential: it was used later than our own probe. */
  | "used"
  /** The old credential has not been used for twice the longest life of a token. */
  | "quiet"
  /** The consumer, such as a connector's sync, has succeeded since the delivery. */
  | "healthy";

/**
 * Hours in which rotations may begin. A window whose `to` is before its `from` closes on the next day; the two must
 * differ.
 */
export interface LifecycleWindow {
  /** The days on which it opens. Default: each day. */
  readonly days?: readonly ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[] | undefined;
  /** `"22:00"`. Default: `"00:00"`. */
  readonly from?: string | undefined;
  /** `"04:00"`. Default: `"24:00"`. */
  readonly to?: string | undefined;
}

/** When and how a target is rotated, and when a condition becomes a finding. */
export interface LifecyclePolicy {
  /** The age at which a credential is replaced. Days are calendar days in `zone`. Default: `"never"`. */
  readonly rotateEvery?: LifecycleDuration | "never" | undefined;
  /**
   * How long before its expiry a credential is replaced, though never in the first half of its life. Default: `"14d"`.
   */
  readonly rotateBefore?: LifecycleDuration | "never" | undefined;
  /**
   * When a due rotation may begin. If no window opens before the credential expires, the rotation begins outside of
   * one. Default: at any time.
   */
  readonly windows?: readonly LifecycleWindow[] | undefined;
  /** The time zone of the windows and of days, by its name in the IANA database. Default: `"UTC"`. */
  readonly zone?: string | undefined;

  /**
   * How long the old credential remains valid after the new one is delivered and read back. A day has 24 hours here.
   * Default: `"24h"`.
   */
  readonly grace?: LifecycleDuration | undefined;
  /** The proofs that are required before the old credential ends. Default: `["parsed", "token"]`. */
  readonly proofs?: readonly LifecycleProof[] | undefined;
  /** The longest life of a token, for `"quiet"`. Default: an hour. */
  readonly tokenLife?: LifecycleDuration | undefined;
  /** Whether the old credential ends only after a person approves. Default: false. */
  readonly approval?: boolean | undefined;
  /** How long each step may take, including the call that issues. Default: a minute. */
  readonly callDeadline?: LifecycleDuration | undefined;
  /**
   * The largest difference between the clocks of two machines, plus the time after its deadline at which a server may
   * still act on a call. Default: two minutes.
   */
  readonly margin?: LifecycleDuration | undefined;
  /** How long a process may take to deliver a new secret before others may consider it lost. Default: 15 minutes. */
  readonly hold?: LifecycleDuration | undefined;
  /** The interval at which a missing proof is looked for again. Default: 15 minutes. */
  readonly poll?: LifecycleDuration | undefined;
  /** How many credentials may be issued for one rotation before a person is needed. Default: 3. */
  readonly maxIntents?: number | undefined;
  /** How often a step may fail before a person is needed. Default: 8. */
  readonly maxFailures?: number | undefined;
  /** The first delay after a failure; it doubles with each further one. Default: 5 seconds. */
  readonly backoff?: LifecycleDuration | undefined;
  /** The longest delay. Default: an hour. */
  readonly maxBackoff?: LifecycleDuration | undefined;

  /** How many credentials may be alive at a time; a rotation needs two. Default: 2. */
  readonly maxActive?: number | undefined;
  /** How long after its first opportunity a rotation is `overdue`. Default: `"1d"`. */
  readonly overdueAfter?: LifecycleDuration | undefined;
  /** The age at which a credential is `stale`, whatever `rotateEvery` says. Default: `"180d"`. */
  readonly staleAfter?: LifecycleDuration | "never" | undefined;
  /** How long a credential may be known without being used. Default: `"7d"`. */
  readonly unusedAfter?: LifecycleDuration | "never" | undefined;
  /** How long a credential may go unused. Default: `"30d"`. */
  readonly idleAfter?: LifecycleDuration | "never" | undefined;
}

/** The limits on simultaneous rotations. A rotation counts until every sink holds the new credential. */
export interface LifecycleCaps {
  /** For all targets. Default: 10. */
  readonly atATime?: number | undefined;
  /** For each provider, by its `kind`. */
  readonly perProvider?: Readonly<Record<string, number>> | undefined;
  /**
   * How long a target rests after its rotation was undone; it doubles with each consecutive one. Default: 15 minutes.
   */
  readonly rest?: LifecycleDuration | undefined;
  /** The longest rest. Default: `"1d"`. */
  readonly longestRest?: LifecycleDuration | undefined;
}

/** The settings of the protocol that are used here, in milliseconds. */
export interface ProtocolPolicy {
  readonly tokenLife: number;
  readonly margin: number;
  readonly callDeadline: number;
}

/** The fields that are counts. Every other number is in milliseconds. */
const COUNTS: ReadonlySet<string> = new Set(["maxIntents", "maxFailures", "maxActive", "atATime"]);

/** The policy of a target, as Rust reads it. */
export class Policy {
  readonly #json: string;
  #rules: InstanceType<Rust["Rules"]> | undefined;
  #instance = -1;
  #whole: LifecyclePolicy | undefined;
  /** The settings of the protocol, as JSON. */
  readonly protocolJson: string;
  /** The same settings, parsed. */
  readonly protocol: ProtocolPolicy;

  /** @throws {@link ConfigurationError} that names the target and the field. */
  constructor(target: string, policy: LifecyclePolicy) {
    this.#json = written(policy);
    this.protocolJson = refused(
      () => this.rules().protocol(),
      (message) => new ConfigurationError("policy", "invalid", `the policy of ${target}: ${message}`),
    );
    this.protocol = JSON.parse(this.protocolJson) as ProtocolPolicy;
  }

  /** The complete policy, with defaults for omitted fields. Durations are texts. */
  get whole(): LifecyclePolicy {
    this.#whole ??= JSON.parse(this.rules().text()) as LifecyclePolicy;
    return this.#whole;
  }

  /** Returns Rust's rules, recreated after a trap. */
  rules(): InstanceType<Rust["Rules"]> {
    if (this.#rules === undefined || this.#instance !== instanceId()) {
      this.#rules = rust((exports) => new exports.Rules(this.#json));
      this.#instance = instanceId();
    }
    return this.#rules;
  }
}

/**
 * Returns caps as JSON.
 * @throws {@link ConfigurationError} if they are invalid.
 */
export function readCaps(caps: LifecycleCaps): string {
  const json = written(caps);
  refused(
    () => rust((exports) => exports.checkCaps(json)),
    (message) => new ConfigurationError("caps", "invalid", `the caps: ${message}`),
  );
  return json;
}

/** Returns fields as JSON, in which numbers of milliseconds become durations with a unit. */
function written(fields: LifecyclePolicy | LifecycleCaps): string {
  const entries = Object.entries(fields).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === "number" && !COUNTS.has(name) ? `${value}ms` : value,
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

/** Runs a function, and turns the text with which Rust refuses into an error for the caller. */
function refused<T>(work: () => T, error: (message: string) => ConfigurationError): T {
  try {
    return work();
  } catch (thrown) {
    if (typeof thrown !== "string") throw thrown;
    throw error(thrown.replace(/^\w+:/, ""));
  }
}
