/**
 * What the lifecycle engine depends on: a journal, providers and sinks. Each is an interface, so that third parties can
 * supply their own.
 *
 * The engine makes its decisions in Rust, and performs one effect at a time through these interfaces. It may call any
 * method again after a crash, from another process, or at the same moment on another machine; each method documents
 * what it guarantees in that case.
 */

import type { Clock } from "../base/options.js";

/** The client id and secret that consumers log in with. */
export interface Pair {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The known facts about a credential, none of them secret. Times are milliseconds since 1970. */
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
 * An append-only record of events, with one stream for each target. The events are lines of JSON text without a secret;
 * a journal stores them unchanged and does not interpret them.
 */
export interface Journal {
  /**
   * Stores an event at a sequence number, counted from 1 within its stream. Resolves with `false`, and changes nothing,
   * if the stream already has that number: this is the compare-and-set on which the whole protocol rests. Once it
   * resolves, either way, the event with that number is durable. A number beyond the stream's next one is an error, so
   * that no gap can arise. Events and stream names may be any text that UTF-8 can encode.
   *
   * Unless its error is one of this package with the `outcome` `"none"`, a call that rejects may have stored the event,
   * so the engine reads the stream again. A call that takes longer than the lifecycle's `journalTimeoutMs` is
   * abandoned, and may still store the event later.
   */
  append(stream: string, sequence: number, event: string): Promise<boolean>;
  /**
   * Returns the events of a stream from a sequence number on, in order and without gaps. An unknown stream is empty.
   */
  read(stream: string, from: number): Promise<readonly string[]>;
  /**
   * Lists the streams. A stream's `version` changes whenever the stream grows, and has no other meaning: a reader that
   * keeps what it has read only needs to read the streams whose version has changed.
   */
  streams(): Promise<readonly StreamHead[]>;
  /**
   * Returns what {@link Journal.keep} last stored for a stream. Where reading a long stream is expensive, a journal may
   * cache the state that results from the events up to a number. The cache only serves to show the state: whoever acts
   * reads the events.
   */
  kept?(stream: string): Promise<{ readonly sequence: number; readonly fold: string } | undefined>;
  /** Caches that state, unless the state after more events is already cached. A failure has no consequences. */
  keep?(stream: string, sequence: number, fold: string): Promise<void>;
  /**
   * Returns the provider that a lifecycle calls for a target. A journal that may be restored from a backup returns one
   * that looks for credentials that the journal has forgotten before it issues another.
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

/** One attempt to issue a credential. It is written to the journal beforehand, and searched for after a crash. */
export interface Intent {
  /**
   * A text without a secret, unique to this attempt: `keyturn:order-export:3.1`. Providers store it where they can find
   * it again.
   */
  readonly marker: string;
  /** The period in which the call may have been acted on, in milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
  readonly signal: AbortSignal;
}

/**
 * The control plane's side of one target, where credentials are issued and ended. Calls that fail reject with an error
 * of this package.
 */
export interface Provider {
  /** A stable name for the journal: `c1-connector`. */
  readonly kind: string;
  /**
   * Whether the control plane reports {@link CredentialFacts.lastUsedAt}, so that a credential without one was never
   * used. Default: false.
   */
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
   * Issues a credential. Called at most once for an intent. An error whose `outcome` is `"none"` means that nothing was
   * issued; after any other error, this is unknown.
   */
  issue(intent: Intent): Promise<{ readonly credential: CredentialFacts; readonly secret: string }>;
  /**
   * Returns what the control plane's own records show about an attempt: the credentials that it created, none, or
   * `undefined` if the records do not reach that far yet or cannot be read.
   */
  search?(intent: Intent): Promise<readonly CredentialFacts[] | undefined>;
  /** Reads a credential; `undefined` if there is none with this id. */
  look(id: string, signal: AbortSignal): Promise<CredentialFacts | undefined>;
  /** Lists every credential of the target, where the control plane can list them. */
  list?(signal: AbortSignal): Promise<readonly CredentialFacts[]>;
  /**
   * Lists the credentials that attempts of one target created, by the prefix of their markers. This is for a provider
   * that has no {@link Provider.list}, because the same place also has credentials of others, and whose
   * {@link Provider.search} goes by the marker. A restored journal uses it to find what it has forgotten.
   */
  listIssued?(prefix: string, signal: AbortSignal): Promise<readonly CredentialFacts[]>;
  /** Finds the credential that logs in with a client id, where this is possible without such a list. */
  find?(clientId: string, signal: AbortSignal): Promise<CredentialFacts | undefined>;
  /** Returns the pair of a living credential, where `recalls` is true. */
  recall?(id: string, signal: AbortSignal): Promise<Pair | undefined>;
  /** Returns whether the pair is consistent in itself. Makes no request. */
  parses(pair: Pair): boolean;
  /**
   * Obtains a token with the pair. Resolves with `false` if the server refuses the pair; rejects if the server could
   * not be reached.
   */
  login(pair: Pair, signal: AbortSignal): Promise<boolean>;
  /**
   * Returns whether the consumer of the target (a connector) has worked since a time; `undefined` if this cannot be
   * checked.
   */
  healthy?(since: number, signal: AbortSignal): Promise<boolean | undefined>;
  /** Ends a credential. Succeeds for a credential that has already ended or does not exist. */
  end(id: string, signal: AbortSignal): Promise<void>;
}

/**
 * A store of sealed copies of answers: texts, each under the marker of an attempt. A deleted copy must not come back. A
 * copy that cannot be found costs no more than another rotation, so the store need not be as durable as a journal.
 */
export interface SealStore {
  /** Stores a copy, replacing one that is already there. */
  put(marker: string, sealed: string): Promise<void>;
  /** Returns the copy; `undefined` if there is none. */
  get(marker: string): Promise<string | undefined>;
  /** Deletes the copy. A copy that is not there counts as deleted. */
  delete(marker: string): Promise<void>;
}

/** The content of a sink. */
export interface Holding {
  /** The client id that consumers would find now; `undefined` if there is none. */
  readonly clientId: string | undefined;
  /** Identifies this state of the sink: any write changes it. {@link Sink.write} compares it. */
  readonly version: string;
}

/** A place from which consumers read a credential. */
export interface Sink {
  /** Unique among the sinks of a target, and stable: it is written to the journal. */
  readonly name: string;
  /**
   * Whether `write` and `restore` refuse if the sink is no longer at the expected version, atomically with the write.
   */
  readonly compares: boolean;
  /**
   * What can be read back from the sink.
   *
   * - `"pair"`: both values. `holds` compares both.
   * - `"client-id"`: only the client id, from a companion that is written after the secret. `read` and `holds` go by
   * it, so they show that the secret written with this id was accepted.
   * - `"none"`: nothing. `read` reports `undefined`, and `holds` rejects. The answer to `write` is then the only proof:
   *   the engine must not assume that the sink was read back, must deliver again if that answer is lost, and must keep
   *   both the old and the new credential alive until a delivery has been answered.
   */
  readonly readback: "pair" | "client-id" | "none";
  /** Reads what consumers would find now. */
  read(signal: AbortSignal): Promise<Holding>;
  /**
   * Rejects if a write could not succeed, as far as this can be determined without one: a missing folder, a missing
   * permission. Called before a secret is issued, since the secret would otherwise be lost. Default: `read`.
   */
  check?(signal: AbortSignal): Promise<void>;
  /** Returns whether consumers would find exactly this pair. The pair is compared and then released. */
  holds(pair: Pair, signal: AbortSignal): Promise<boolean>;
  /**
   * Puts the pair where consumers find it, completely or not at all. Resolves with `false`, and changes nothing, if the
   * sink is no longer at `expected`. Writing a pair that is already there succeeds, whatever `expected` is. A value
   * that the sink's format cannot carry is refused with an error before anything is written. Where two values cannot be
   * written together, the client id is written last: `read` then reports an interrupted write as not made.
   */
  write(pair: Pair, expected: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Restores the pair with this `clientId` from the earlier values that the sink itself keeps, and moves to a new
   * version even if that pair is still in place. Resolves with `false` as `write` does; rejects if the sink has no such
   * value.
   */
  restore?(clientId: string, expected: string, signal: AbortSignal): Promise<boolean>;
}
