/**
 * What the lifecycle engine depends on: a journal, providers and sinks. Each is an interface, so that a third party
 * can bring its own.
 *
 * The engine decides in Rust and does one effect at a time through these. It may call any of them again after a crash, from another
 * process, or at the same moment on another machine; each method documents what it guarantees in that case.
 */

import type { Clock } from "../base/options.js";

/** The client id and secret that consumers log in with. */
export interface Pair {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What is known of a credential. Nothing in it is secret. Times are milliseconds since 1970. */
export interface CredentialFacts {
  readonly id: string;
  readonly clientId: string;
  readonly createdAt?: number | undefined;
  readonly expiresAt?: number | undefined;
  readonly lastUsedAt?: number | undefined;
  /** True if it can no longer log in: deleted, revoked or expired. */
  readonly ended?: boolean | undefined;
}

/**
 * An append-only record of events, one stream for each target. The events are lines of JSON text without a secret; a journal stores them
 * unchanged and does not interpret them.
 */
export interface Journal {
  /**
   * Stores an event at a sequence number, counted from 1 within its stream. Resolves with `false`, and changes nothing, if the stream has
   * that number already: this is the compare-and-set that the whole protocol rests on. When it resolves, the event that has the number is
   * durable.
   * A number beyond the next one of the stream is an error, so that no gap can arise. Events and names of streams are any texts
   * that UTF-8 can carry.
   *
   * A call that rejects may have stored the event or not, unless the error is of this package and its `outcome` is `"none"`; the engine
   * reads again. A call that takes longer than the lifecycle's `journalTimeoutMs` is given up, and may store the event later.
   */
  append(stream: string, sequence: number, event: string): Promise<boolean>;
  /** The events of a stream from a sequence number on, in order and without gaps. An unknown stream is empty. */
  read(stream: string, from: number): Promise<readonly string[]>;
  /**
   * The streams there are. `version` changes whenever the stream grows; it has no other meaning. A reader that keeps what it has read
   * needs this and the streams whose version changed, so that reading costs what is new.
   */
  streams(): Promise<readonly StreamHead[]>;
  /**
   * What {@link Journal.keep} was last given for a stream. Where reading a long stream costs much, a journal may keep the
   * state that its events have come to; it goes with the events up to a number. Only what is shown goes by it: whoever acts reads the events.
   */
  kept?(stream: string): Promise<{ readonly sequence: number; readonly fold: string } | undefined>;
  /** Keeps that state. Anything that was kept of more events remains. A failure is of no consequence. */
  keep?(stream: string, sequence: number, fold: string): Promise<void>;
  /**
   * The provider that a lifecycle calls for a target. A journal that may be restored from a backup gives one that looks for credentials
   * which the journal has forgotten before it issues another.
   */
  guard?(target: string, provider: Provider, sinks: readonly Sink[], clock: Clock): Provider;
  /** Releases files and connections. */
  close?(): Promise<void> | void;
}

/** A stream of a {@link Journal}. */
export interface StreamHead {
  readonly stream: string;
  readonly version: string;
}

/** What identifies one attempt to issue: it is written to the journal before, and searched for after a crash. */
export interface Intent {
  /** A text without a secret, unique to this attempt: `keyturn:order-export:3.1`. Providers put it where they can find it again. */
  readonly marker: string;
  /** From when to when the call may have been acted on, in milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
  readonly signal: AbortSignal;
}

/** A control plane's side of one target: where credentials come from and end. Calls that fail reject with an error of the package. */
export interface Provider {
  /** A stable name for the journal: `c1-connector`. */
  readonly kind: string;
  /** Whether {@link CredentialFacts.lastUsedAt} is known here: a credential without one was then never used. Default: it is not. */
  readonly reportsUse?: boolean | undefined;
  /** Whether {@link Provider.search} can find out the result of an attempt whose answer never arrived. */
  readonly evidence: boolean;
  /** Whether the secret of a living credential can be read again, as Commerce Layer allows. */
  readonly recalls: boolean;
  /**
   * Rejects if nothing may be issued for an intent. Called before the sinks are read and before {@link Provider.issue}.
   *
   * @internal
   */
  mayIssue?(intent: Intent): Promise<void>;
  /**
   * Issues a credential. Called at most once for an intent. An error whose `outcome` is `"none"` says that nothing was issued; any other
   * error leaves that unknown.
   */
  issue(intent: Intent): Promise<{ readonly credential: CredentialFacts; readonly secret: string }>;
  /**
   * What the control plane's own records say about an attempt: the credentials that it made, none, or `undefined` if
   * the records do not reach that far yet or cannot be read.
   */
  search?(intent: Intent): Promise<readonly CredentialFacts[] | undefined>;
  /** Reads a credential; `undefined` if there is none with this id. */
  look(id: string, signal: AbortSignal): Promise<CredentialFacts | undefined>;
  /** Every credential of the target, where the control plane has such a list. */
  list?(signal: AbortSignal): Promise<readonly CredentialFacts[]>;
  /**
   * The credentials that attempts of one target have made, by how their markers begin: for a provider that has no {@link Provider.list},
   * since the same place has credentials of others, and whose {@link Provider.search} goes by the marker. After its restore a
   * journal finds by this what it has forgotten.
   */
  listIssued?(prefix: string, signal: AbortSignal): Promise<readonly CredentialFacts[]>;
  /** The credential that logs in with a client id, where that can be found without such a list. */
  find?(clientId: string, signal: AbortSignal): Promise<CredentialFacts | undefined>;
  /** The pair of a living credential, where `recalls` is true. */
  recall?(id: string, signal: AbortSignal): Promise<Pair | undefined>;
  /** Whether the pair is consistent in itself, without a request. */
  parses(pair: Pair): boolean;
  /**
   * Obtains a token with the pair. Resolves with `false` if the server refuses the pair; rejects if the server could
   * not be reached.
   */
  login(pair: Pair, signal: AbortSignal): Promise<boolean>;
  /** Whether the consumer of the target (a connector) has worked since a time; `undefined` if this cannot be checked. */
  healthy?(since: number, signal: AbortSignal): Promise<boolean | undefined>;
  /** Ends a credential. A credential that has ended already, or does not exist, counts as success. */
  end(id: string, signal: AbortSignal): Promise<void>;
}

/**
 * Where the sealed copies of answers are kept: texts, each under the marker of an attempt. A copy that was deleted must not come back, and
 * one that cannot be found costs no more than another rotation, so it need not be as durable as a journal.
 */
export interface SealStore {
  /** Keeps a copy, in the place of one that is there. */
  put(marker: string, sealed: string): Promise<void>;
  /** The copy; `undefined` if there is none. */
  get(marker: string): Promise<string | undefined>;
  /** Deletes the copy. One that is not there counts as deleted. */
  delete(marker: string): Promise<void>;
}

/** What a sink holds. */
export interface Holding {
  /** The client id that consumers would find now; `undefined` if there is none. */
  readonly clientId: string | undefined;
  /** Names this state of the sink: any write changes it. Compared by {@link Sink.write}. */
  readonly version: string;
}

/** Where consumers read a credential. */
export interface Sink {
  /** Unique among the sinks of a target, and stable: it is written to the journal. */
  readonly name: string;
  /** Whether `write` and `restore` refuse when the sink is no longer at the expected version, in one step with the write. */
  readonly compares: boolean;
  /**
   * What the sink can give back.
   *
   * - `"pair"`: both values. `holds` compares both.
   * - `"client-id"`: the client id alone, from a companion that is written after the secret. `read` and `holds` go by that, so what they
   *   say is that the secret which was written with this id was accepted.
   * - `"none"`: nothing. `read` says `undefined`, and `holds` rejects. The answer to `write` is then the only proof: the engine must not
   *   take the proof "the sink gives it back" for given, must deliver again when that answer is lost, and must keep the old and the new
   *   credential alive until a delivery has been answered.
   */
  readonly readback: "pair" | "client-id" | "none";
  /** What consumers would find now. */
  read(signal: AbortSignal): Promise<Holding>;
  /**
   * Rejects if a write could not succeed, as far as that shows without one: a folder that is not there, a missing right. Called before a
   * secret is issued, which would be lost otherwise. Default: `read`.
   */
  check?(signal: AbortSignal): Promise<void>;
  /** Whether consumers would find exactly this pair. The pair is compared and then released. */
  holds(pair: Pair, signal: AbortSignal): Promise<boolean>;
  /**
   * Puts the pair where consumers find it, completely or not at all. Resolves with `false`, and changes nothing, if
   * the sink is no longer at `expected`. Writing a pair that is already there is success, whatever `expected` is. A
   * value that the sink's format cannot carry is refused with an error before anything is written.
   */
  write(pair: Pair, expected: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Puts back the pair that belongs to `clientId`, from what the sink itself keeps of earlier values, and moves to a new version even if
   * that pair is still in place. `false` as for `write`; rejects if the sink has no such value.
   */
  restore?(clientId: string, expected: string, signal: AbortSignal): Promise<boolean>;
}
