/** How a target is rotated: what users write, and how Rust reads it. */

import { ConfigurationError } from "../base/errors.js";
import { instanceId, type Rust, rust } from "./wasm.js";

/** A length of time: a number of milliseconds, or a whole number with a unit, `ms`, `s`, `m`, `h`, `d` or `w`: `"60d"`, `"24h"`. */
export type LifecycleDuration = number | string;

/**
 * A step of the ladder of proofs that a rotation requires before the old credential ends. The first two always come
 * first.
 */
export type LifecycleProof =
  /** The id and the secret fit each other, as far as that can be seen without a server. */
  | "parsed"
  /** A token was obtained with the pair. */
  | "token"
  /** A consumer has used the new credential: it was used later than our own probe. */
  | "used"
  /** The old credential has not been used for twice the longest life of a token. */
  | "quiet"
  /** What uses it, such as a connector's sync, succeeded after the delivery. */
  | "healthy";

/** Hours in which rotations may begin. One whose `to` is not after `from` closes on the next day. */
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
  /** The age at which a credential is replaced. Days are those of the calendar in `zone`. Default: `"never"`. */
  readonly rotateEvery?: LifecycleDuration | "never" | undefined;
  /** How long before its expiry a credential is replaced, but not in the first half of its life. Default: `"14d"`. */
  readonly rotateBefore?: LifecycleDuration | "never" | undefined;
  /** When a rotation that is due may begin. One that would come too late for an expiry begins outside of them. Default: at any time. */
  readonly windows?: readonly LifecycleWindow[] | undefined;
  /** The time zone of the windows and of days, by its name in the IANA database. Default: `"UTC"`. */
  readonly zone?: string | undefined;

  /** How long the old credential remains valid after the new one is delivered and read back. A day of it has 24 hours. Default: `"24h"`. */
  readonly grace?: LifecycleDuration | undefined;
  /** What has to be proven before the old one ends. Default: `["parsed", "token"]`. */
  readonly proofs?: readonly LifecycleProof[] | undefined;
  /** The longest life of a token, for `"quiet"`. Default: an hour. */
  readonly tokenLife?: LifecycleDuration | undefined;
  /** Whether the old credential ends only after a person approves. Default: false. */
  readonly approval?: boolean | undefined;
  /** How long the call that issues may take, and each other step. Default: a minute. */
  readonly callDeadline?: LifecycleDuration | undefined;
  /** How far the clocks of different machines may be apart and how late a server may still act on a call, together. Default: two minutes. */
  readonly margin?: LifecycleDuration | undefined;
  /** How long a process has for delivering a new secret before others may consider it lost. Default: 15 minutes. */
  readonly hold?: LifecycleDuration | undefined;
  /** How often a missing proof is looked for. Default: 15 minutes. */
  readonly poll?: LifecycleDuration | undefined;
  /** How many credentials may be issued for one rotation before a person is needed. Default: 3. */
  readonly maxIntents?: number | undefined;
  /** How often a step may fail before a person is needed. Default: 8. */
  readonly maxFailures?: number | undefined;
  /** The first delay after a failure; it doubles with each. Default: 5 seconds. */
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

/** How many rotations there may be at a time. One counts until every sink holds the new credential. */
export interface LifecycleCaps {
  /** In all. Default: 10. */
  readonly atATime?: number | undefined;
  /** At one provider, by its `kind`. */
  readonly perProvider?: Readonly<Record<string, number>> | undefined;
  /** How long a target rests after its rotation was undone; it doubles with each that follows. Default: 15 minutes. */
  readonly rest?: LifecycleDuration | undefined;
  /** The longest rest. Default: `"1d"`. */
  readonly longestRest?: LifecycleDuration | undefined;
}

/** The complete settings of the protocol. Times are milliseconds. */
export interface ProtocolPolicy {
  readonly tokenLife: number;
  readonly margin: number;
  readonly callDeadline: number;
}

/** The fields that are counts; each other number is a number of milliseconds. */
const COUNTS: ReadonlySet<string> = new Set(["maxIntents", "maxFailures", "maxActive", "atATime"]);

/** The policy of a target, as Rust reads it. */
export class Policy {
  readonly #json: string;
  #rules: InstanceType<Rust["Rules"]> | undefined;
  #instance = -1;
  #whole: LifecyclePolicy | undefined;
  /** The settings of the protocol, as JSON. */
  readonly protocolJson: string;
  /** The same. */
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

  /** The policy with every field that was left out. Durations are texts. */
  get whole(): LifecyclePolicy {
    this.#whole ??= JSON.parse(this.rules().text()) as LifecyclePolicy;
    return this.#whole;
  }

  /** Rust's rules, recreated after a trap. */
  rules(): InstanceType<Rust["Rules"]> {
    if (this.#rules === undefined || this.#instance !== instanceId()) {
      this.#rules = rust((exports) => new exports.Rules(this.#json));
      this.#instance = instanceId();
    }
    return this.#rules;
  }
}

/**
 * Caps as JSON.
 * @throws {@link ConfigurationError} if they are none.
 */
export function readCaps(caps: LifecycleCaps): string {
  const json = written(caps);
  refused(
    () => rust((exports) => exports.checkCaps(json)),
    (message) => new ConfigurationError("caps", "invalid", `the caps: ${message}`),
  );
  return json;
}

/** As JSON, in which a number of milliseconds is a duration with a unit. */
function written(fields: LifecyclePolicy | LifecycleCaps): string {
  const entries = Object.entries(fields).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === "number" && !COUNTS.has(name) ? `${value}ms` : value,
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

/** A text with which Rust refuses becomes an error for the caller. */
function refused<T>(work: () => T, error: (message: string) => ConfigurationError): T {
  try {
    return work();
  } catch (thrown) {
    if (typeof thrown !== "string") throw thrown;
    throw error(thrown.replace(/^\w+:/, ""));
  }
}
