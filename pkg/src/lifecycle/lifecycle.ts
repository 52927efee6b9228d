/** The lifecycle of the credentials of some targets: what users of this entry call. */

import { ClosedError, ConfigurationError } from "../base/errors.js";
import type { Clock } from "../base/options.js";
import { Driver, factsOf, type ProtocolPolicy, type RustProgress } from "./driver.js";
import { LifecycleError } from "./error.js";
import type { CredentialFacts, Journal, Provider, Sink } from "./ports.js";
import { engine, type RustStream, TargetStream } from "./stream.js";
import { rust } from "./wasm.js";

/** A step of the ladder of proofs that a rotation wants before the old credential ends. The first two always come first. */
export type LifecycleProof =
  /** The id and the secret fit each other, as far as that can be seen without a server. */
  | "parsed"
  /** A token was obtained with the pair. */
  | "token"
  /** A consumer has used the new credential: it was used later than by our own probe. */
  | "used"
  /** The old credential has not been used for twice the longest life of a token. */
  | "quiet"
  /** What runs with it, such as a connector's sync, went well after the delivery. */
  | "healthy";

/** How a target is rotated. All times are milliseconds. */
export interface LifecyclePolicy {
  /** How long the old credential lives on after the new one is delivered and read back. Default: a day. */
  readonly grace?: number | undefined;
  /** What has to be proven besides before the old one ends. Default: `["parsed", "token"]`. */
  readonly proofs?: readonly LifecycleProof[] | undefined;
  /** The longest life of a token, for `"quiet"`. Default: an hour. */
  readonly tokenLife?: number | undefined;
  /** Whether the old credential ends only once a person approves. Default: false. */
  readonly approval?: boolean | undefined;
  /** How long the call that issues may take, and each other step. Default: a minute. */
  readonly callDeadline?: number | undefined;
  /** How far the clocks of different machines may be apart, and how late a server may still act on a call. Default: two minutes. */
  readonly margin?: number | undefined;
  /** How long a process has for delivering a new secret before others may call it lost. Default: 15 minutes. */
  readonly hold?: number | undefined;
  /** How often a proof is looked for that is not there yet. Default: 15 minutes. */
  readonly poll?: number | undefined;
  /** How many credentials may be issued for one rotation before a person is needed. Default: 3. */
  readonly maxIntents?: number | undefined;
  /** How often a step may fail before a person is needed. Default: 8. */
  readonly maxFailures?: number | undefined;
  /** The first delay after a failure; it doubles with each. Default: 5 seconds. */
  readonly backoff?: number | undefined;
  /** The longest delay. Default: an hour. */
  readonly maxBackoff?: number | undefined;
}

/** A place at a control plane that has one credential after another, and where its consumers read them. */
export interface LifecycleTarget {
  readonly provider: Provider;
  /** Where the credential is delivered. Their names are written to the journal. */
  readonly sinks: readonly Sink[];
  readonly policy?: LifecyclePolicy | undefined;
  /** Who answers for it. */
  readonly owner?: string | undefined;
  /** What reads the credential. */
  readonly consumers?: readonly string[] | undefined;
}

/** Options of {@link openLifecycle}. */
export interface LifecycleOptions {
  /** The record of all rotations, and the only truth about them. All processes that rotate a target have to share it. */
  readonly journal: Journal;
  /** The targets by their names. A name is the journal's stream, so it has to stay the same. */
  readonly targets: Readonly<Record<string, LifecycleTarget>>;
  /** Where the time comes from. Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** Who is named in the journal. A random part is added, as each process is a worker of its own. Default: `"keyturn"`. */
  readonly worker?: string | undefined;
  /** Closes the lifecycle when it fires. */
  readonly signal?: AbortSignal | undefined;
}

/** How far a target has come. */
export type LifecycleProgress = {
  readonly target: string;
  /** The number of the rotation that is under way or was the last; 0 if there was none. */
  readonly rotation: number;
} & (
  | /** No rotation is under way. `last` says how the last one ended. */
  {
      readonly state: "idle";
      readonly last: "done" | "rolled-back" | undefined;
    } /** There is something to do at once: call `advance`. */
  | { readonly state: "ready" } /** Nothing can be done before `until`. */
  | { readonly state: "waiting"; readonly until: number } /** The old credential ends once `approve` is called. */
  | {
      readonly state: "awaits-approval";
    } /** A person is needed: `reason` is a stable word, `about` names the sink, the credential or the error's code. */
  | { readonly state: "stopped"; readonly reason: LifecycleStop; readonly about: string; readonly hint: string }
);

/** Why a rotation waits for a person. */
export type LifecycleStop = keyof typeof HINTS;

const HINTS = {
  "outcome-unknown":
    "Look for what was made in the window of doubt, end nothing, and call `settle` with its ids or with none.",
  "too-many-intents": "Find out why new credentials are not delivered, then call `resume`.",
  refused: "The control plane or a sink refuses: see the code, give the right or fix the place, then call `resume`.",
  "new-credential-refused":
    "The new credential does not log in. Call `resume` with `{ reissue: true }`, or `rollback`.",
  "sink-differs": "A sink holds a credential that is not of this target. Find out whose it is, then call `resume`.",
  "restore-by-hand": "Put the old credential back into the sink, then call `resume` with `{ restored: true }`.",
  "sink-changed":
    "The sink no longer holds what was delivered. Call `resume`, with `{ reissue: true }` if it should get another.",
  "too-many-failures": "See the failures in `history`, fix their cause, then call `resume`.",
};

/** A credential of a target, as the journal knows it. */
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

/** A window in which a credential may have been issued that nobody has seen. */
export interface LifecycleDoubt {
  readonly rotation: number;
  readonly intent: number;
  /** What to look for. */
  readonly marker: string;
  readonly since: number;
  readonly until: number;
}

/** What is so with a target. */
export interface LifecycleStatus {
  readonly target: string;
  readonly owner: string | undefined;
  readonly consumers: readonly string[];
  readonly progress: LifecycleProgress;
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
  /** The number and hash of the last event: kept elsewhere, they show that the journal was not made anew. */
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
    /** The client id that it holds; `undefined` if it holds none or gives none back. */
    readonly holds: string | undefined;
    /** Whether that is a credential of the target. `undefined` if nobody can tell. */
    readonly known: boolean | undefined;
    readonly compares: boolean;
    readonly restores: boolean;
    /** The code of the error, if it cannot be read. */
    readonly error: string | undefined;
  }[];
  /** True if the control plane was seen to end the old credential at once: a rotation cuts what runs with it until it has the new one. */
  readonly cuts: boolean;
  /** Why `rotate` would be refused. */
  readonly blocked: "rotation_active" | "forgotten" | "adopt_first" | undefined;
}

/** An event of a target's journal. What else it has depends on `event`. */
export interface LifecycleEvent {
  readonly target: string;
  readonly sequence: number;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** By which worker or person. */
  readonly by: string;
  /** What happened, as a stable word: `issued`. */
  readonly event: string;
  readonly [field: string]: unknown;
}

/** What {@link Lifecycle.verify} found of a stream. */
export interface LifecycleVerification {
  readonly target: string;
  /** How many events fit. */
  readonly events: number;
  /** The first event that does not, and why. */
  readonly broken: { readonly sequence: number; readonly reason: string; readonly message: string } | undefined;
}

/** What became of a target in a call for all of them. */
export type LifecycleResult =
  | { readonly target: string; readonly progress: LifecycleProgress; readonly error: undefined }
  | { readonly target: string; readonly progress: undefined; readonly error: unknown };

/** How many targets are worked on at a time. */
const AT_ONCE = 8;

/** What Rust tells of a target. */
interface State {
  readonly current: string | null;
  readonly credentials: Readonly<
    Record<string, { credential: CredentialFacts; role: LifecycleCredential["role"]; since: number }>
  >;
  readonly overlap: boolean | null;
  readonly rotation: {
    number: number;
    phase: { phase: LifecycleStatus["phase"] };
    rollingBack: boolean;
    stopped: [string, string] | null;
  } | null;
  readonly rotations: number;
  readonly last: ["done" | "rolled-back", number] | null;
  readonly forgotten: boolean;
}

interface Opened {
  readonly name: string;
  readonly target: LifecycleTarget;
  readonly stream: TargetStream;
  readonly driver: Driver;
  readonly policy: string;
}

/**
 * Opens the lifecycle of some targets. Nothing is read or changed yet.
 *
 * ```ts
 * const lifecycle = openLifecycle({
 *   journal: directoryJournal("/var/lib/keyturn"),
 *   targets: { "order-export": { provider, sinks: [envFile({ path: "/etc/order-export.env" })] } },
 * });
 * const progress = await lifecycle.rotate("order-export");
 * ```
 * @throws {@link ConfigurationError} if a target cannot be rotated as its policy wants it.
 */
export function openLifecycle(options: LifecycleOptions): Lifecycle {
  return new Lifecycle(options);
}

/**
 * The lifecycle of some targets. Any number of processes may have one for the same journal, at the same moment, and each may be killed at
 * any: what they do fits together by the journal. See {@link openLifecycle}.
 */
export class Lifecycle {
  readonly #journal: Journal;
  readonly #targets = new Map<string, Opened>();
  readonly #clock: Clock;
  readonly #worker: string;
  readonly #closed = new AbortController();
  readonly #listeners = new Set<(event: LifecycleEvent) => void>();

  /** @internal */
  constructor({ journal, targets, clock, worker = "keyturn", signal }: LifecycleOptions) {
    this.#journal = journal;
    this.#clock = clock ?? { now: () => Date.now() };
    this.#worker = `${worker}:${crypto.randomUUID()}`;
    for (const [name, target] of Object.entries(targets)) {
      const policy = checked(name, target);
      const stream = new TargetStream(name, journal, (sequence, line) => this.#publish(name, sequence, line));
      const driver = new Driver(stream, {
        provider: target.provider,
        sinks: target.sinks,
        clock: this.#clock,
        policyJson: policy,
        policy: JSON.parse(policy) as ProtocolPolicy,
        worker: this.#worker,
        closed: this.#closed.signal,
      });
      this.#targets.set(name, { name, target, stream, driver, policy });
    }
    if (signal?.aborted) this.#closed.abort();
    signal?.addEventListener("abort", () => void this.close(), { once: true });
  }

  /** What is so with all targets, or with these. */
  async status(names?: readonly string[]): Promise<readonly LifecycleStatus[]> {
    return each(this.#some(names), (opened) => this.#status(opened));
  }

  /** What a rotation of these targets, or of all, would change. Reads the control plane and the sinks, and changes nothing. */
  async plan(names?: readonly string[], { signal }: { signal?: AbortSignal } = {}): Promise<readonly LifecyclePlan[]> {
    return each(this.#some(names), (opened) => this.#plan(opened, this.#within(signal)));
  }

  /**
   * Begins a rotation and takes it as far as it goes now: until it is done, has to wait, or needs a person. `advance` goes on with it.
   *
   * A target that the journal knows no credential of gets the one that its sinks hold, if the provider has a list to find it in. If it has
   * none, call `adopt` first, or say with `leaveUnknown` that nobody is to end what is there.
   * @throws {@link LifecycleError} `rotation_active`, `adopt_first`, `forgotten`.
   */
  async rotate(
    name: string,
    { signal, leaveUnknown = false }: { signal?: AbortSignal; leaveUnknown?: boolean } = {},
  ): Promise<LifecycleProgress> {
    const opened = this.#get(name);
    let state = stateOf(name, await opened.stream.refresh());
    if (state.current === null && state.rotation === null && !state.forgotten) {
      const found = await this.#held(opened, this.#within(signal));
      if (found?.facts !== undefined)
        await this.#operate(opened, { command: "adopt", credential: factsOf(found.facts), source: found.sink });
      else if (found !== undefined && !leaveUnknown)
        throw new LifecycleError(
          name,
          "adopt_first",
          `the sink ${found.sink} holds ${found.clientId}, which is not known`,
          {
            hint: "Call `adopt` with the credential's id, so that it ends once it is replaced.",
          },
        );
      state = stateOf(name, await opened.stream.refresh());
    }
    await this.#operate(opened, { command: "plan", reason: state.current === null ? "first" : "asked" });
    return this.#drive(opened, signal);
  }

  /** Goes on with the rotation of a target, as far as it goes now. */
  advance(name: string, options?: { signal?: AbortSignal }): Promise<LifecycleProgress>;
  /** Goes on with all rotations. What fails for one target is in its result. */
  advance(name?: undefined, options?: { signal?: AbortSignal }): Promise<readonly LifecycleResult[]>;
  async advance(
    name?: string,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<LifecycleProgress | readonly LifecycleResult[]> {
    if (name !== undefined) return this.#drive(this.#get(name), signal);
    return each(this.#some(undefined), async (opened): Promise<LifecycleResult> => {
      const target = opened.name;
      try {
        return { target, progress: await this.#drive(opened, signal), error: undefined };
      } catch (error) {
        if (signal?.aborted || this.#closed.signal.aborted) throw error;
        return { target, progress: undefined, error };
      }
    });
  }

  /**
   * Undoes the rotation: every sink gets the old credential back, and the new one ends.
   * @throws {@link LifecycleError} `cannot_roll_back` once the end of the old credential was announced.
   */
  async rollback(name: string, { signal }: { signal?: AbortSignal } = {}): Promise<LifecycleProgress> {
    const opened = this.#get(name);
    await this.#operate(opened, { command: "roll-back" });
    return this.#drive(opened, signal);
  }

  /** Says that the old credential may end, where the policy leaves that to a person. `advance` ends it. */
  async approve(name: string): Promise<LifecycleProgress> {
    return this.#told(name, { command: "approve" });
  }

  /** Approves that the old credential ends, and goes on. */
  async retire(name: string, { signal }: { signal?: AbortSignal } = {}): Promise<LifecycleProgress> {
    await this.approve(name);
    return this.#drive(this.#get(name), signal);
  }

  /**
   * Says what an attempt with an unknown outcome has made: the ids of the credentials, or `"none"`. `status` has the window and the marker
   * to look for. What was made ends, since nobody has its secret, and another is issued.
   * @throws {@link LifecycleError} `nothing_to_settle`, `too_early`, `known_credential`, `unknown_credential`.
   */
  async settle(
    name: string,
    { found, signal }: { found: readonly string[] | "none"; signal?: AbortSignal },
  ): Promise<LifecycleProgress> {
    const opened = this.#get(name);
    const ids = found === "none" ? [] : found;
    const within = this.#within(signal);
    const credentials = await Promise.all(ids.map((id) => this.#look(opened, id, within)));
    return this.#told(name, { command: "settle", found: credentials.map(factsOf) });
  }

  /**
   * Says that what the rotation was stopped for has been dealt with. With `reissue` another credential is issued in the place of the new
   * one; with `restored` the old credential was put back by hand into the sink that the rotation was stopped for.
   */
  async resume(
    name: string,
    { reissue = false, restored = false }: { reissue?: boolean; restored?: boolean } = {},
  ): Promise<LifecycleProgress> {
    const { stream } = this.#get(name);
    if (restored) {
      const { rotation } = stateOf(name, await stream.refresh());
      return this.#told(name, { command: "restored", sink: rotation?.stopped?.[1] ?? "" });
    }
    return this.#told(name, { command: reissue ? "reissue" : "resume" });
  }

  /**
   * Says that a credential, by its id at the control plane, is the one that consumers use. One that was current before is ended.
   * @throws {@link LifecycleError} `unknown_credential`, `sink_differs`, `rotation_active`, `ended`.
   */
  async adopt(name: string, id: string, { signal }: { signal?: AbortSignal } = {}): Promise<LifecycleProgress> {
    const opened = this.#get(name);
    const within = this.#within(signal);
    const facts = await this.#look(opened, id, within);
    for (const sink of opened.target.sinks) {
      if (sink.readback === "none") continue;
      const { clientId } = await sink.read(within);
      if (clientId !== undefined && clientId !== facts.clientId)
        throw new LifecycleError(
          name,
          "sink_differs",
          `the sink ${sink.name} holds ${clientId}, not ${facts.clientId}`,
        );
    }
    return this.#told(name, { command: "adopt", credential: factsOf(facts), source: "person" });
  }

  /** Says that the target is no longer looked after. Nothing is ended. */
  async forget(name: string): Promise<void> {
    await this.#told(name, { command: "forget" });
  }

  /** All events of a target. */
  async history(name: string): Promise<readonly LifecycleEvent[]> {
    const { stream } = this.#get(name);
    const lines = await this.#journal.read(name, 1);
    const fresh = engine(name, (exports) => new exports.Stream());
    try {
      engine(name, () => fresh.feed([...lines]));
    } finally {
      fresh.free();
    }
    return lines.map((line, index) => eventOf(stream.name, index + 1, line));
  }

  /** Reads all streams of the journal from their beginning, and says for each which event is the first that does not fit. */
  async verify(): Promise<readonly LifecycleVerification[]> {
    this.#check();
    const streams = await this.#journal.streams();
    return each(streams, async ({ stream: target }) => {
      const lines = await this.#journal.read(target, 1);
      const stream = rust((exports) => new exports.Stream());
      try {
        engine(target, () => stream.feed([...lines]));
        return { target, events: lines.length, broken: undefined };
      } catch (error) {
        if (!(error instanceof LifecycleError)) throw error;
        const { sequence, reason, message } = error;
        return { target, events: sequence - 1, broken: { sequence, reason, message } };
      } finally {
        stream.free();
      }
    });
  }

  /**
   * The events that this lifecycle writes or reads from now on, each once, until it is closed: for progress and for an audit. What was
   * written while nobody listened is in {@link Lifecycle.history}.
   */
  events(): AsyncIterableIterator<LifecycleEvent> {
    const waiting: LifecycleEvent[] = [];
    let wake: (() => void) | undefined;
    let over = this.#closed.signal.aborted;
    const listener = (event: LifecycleEvent): void => {
      waiting.push(event);
      wake?.();
    };
    const end = (): void => {
      over = true;
      this.#listeners.delete(listener);
      wake?.();
    };
    this.#listeners.add(listener);
    this.#closed.signal.addEventListener("abort", end, { once: true });
    return {
      async next() {
        while (waiting.length === 0 && !over)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        const value = waiting.shift();
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
      async return() {
        waiting.length = 0;
        end();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /**
   * Ends what is under way, and lets go of all secrets. A call that issues is waited for, within its deadline. The journal stays open: it
   * is the caller's.
   */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all([...this.#targets.values()].map(({ driver }) => driver.close()));
  }

  async #drive(opened: Opened, signal: AbortSignal | undefined): Promise<LifecycleProgress> {
    for (;;) {
      const progress = await opened.driver.advance(signal);
      if (progress.kind !== "again") return this.#progress(opened, await opened.stream.refresh(), progress);
    }
  }

  async #told(name: string, command: object): Promise<LifecycleProgress> {
    const opened = this.#get(name);
    await this.#operate(opened, command);
    return (await this.#status(opened)).progress;
  }

  #operate({ stream, policy }: Opened, command: object): Promise<void> {
    this.#check();
    return stream.operate(command, policy, () => Math.trunc(this.#clock.now()), this.#worker);
  }

  #progress({ name }: Opened, stream: RustStream, progress: RustProgress): LifecycleProgress {
    const { rotations: rotation, last } = stateOf(name, stream);
    const common = { target: name, rotation };
    switch (progress.kind) {
      case "again":
        return { ...common, state: "ready" };
      case "idle":
        return { ...common, state: "idle", last: last?.[0] };
      case "awaits-approval":
        return { ...common, state: "awaits-approval" };
      case "wake":
        return { ...common, state: "waiting", until: progress.value };
      case "blocked": {
        const reason = progress.value[0] as LifecycleStop;
        return { ...common, state: "stopped", reason, about: progress.value[1], hint: HINTS[reason] };
      }
    }
  }

  async #status(opened: Opened): Promise<LifecycleStatus> {
    this.#check();
    const { name, target, driver, policy } = opened;
    const stream = await opened.stream.refresh();
    const state = stateOf(name, stream);
    const outlook = JSON.parse(
      engine(name, () => stream.outlook(policy, driver.hands(), Math.trunc(this.#clock.now()))),
    ) as RustProgress;
    const credentials = Object.values(state.credentials).map(({ credential, role, since }) => ({
      id: credential.id,
      clientId: credential.clientId,
      role,
      createdAt: credential.createdAt,
      expiresAt: credential.expiresAt,
      since,
    }));
    return {
      target: name,
      owner: target.owner,
      consumers: target.consumers ?? [],
      progress: this.#progress(opened, stream, outlook),
      phase: state.rotation?.phase.phase,
      rollingBack: state.rotation?.rollingBack ?? false,
      cannotRollBack: engine(name, () => stream.cannotRollBack()),
      current: credentials.find(({ id }) => id === state.current),
      credentials,
      doubt: (JSON.parse(engine(name, () => stream.doubt())) as LifecycleDoubt | null) ?? undefined,
      overlap: state.overlap ?? undefined,
      forgotten: state.forgotten,
      sequence: engine(name, () => stream.sequence()),
      hash: engine(name, () => stream.hash()),
    };
  }

  async #plan(opened: Opened, signal: AbortSignal): Promise<LifecyclePlan> {
    this.#check();
    const { name, target, stream } = opened;
    const state = stateOf(name, await stream.refresh());
    const held = state.current === null ? await this.#held(opened, signal) : undefined;
    const id = state.current ?? held?.facts?.id;
    const known = new Set(Object.values(state.credentials).map(({ credential }) => credential.clientId));
    if (held?.facts !== undefined) known.add(held.clientId);
    const sinks = await each(target.sinks, async (sink) => {
      const facts = { name: sink.name, compares: sink.compares, restores: sink.restore !== undefined };
      const unknown = { ...facts, holds: undefined, known: undefined };
      if (sink.readback === "none") return { ...unknown, error: undefined };
      try {
        const { clientId } = await sink.read(signal);
        return {
          ...facts,
          holds: clientId,
          known: clientId === undefined ? undefined : known.has(clientId),
          error: undefined,
        };
      } catch (error) {
        if (signal.aborted) throw error;
        return { ...unknown, error: codeOf(error) };
      }
    });
    return {
      target: name,
      old: id === undefined ? undefined : await target.provider.look(id, signal),
      sinks,
      cuts: state.overlap === false,
      blocked: state.rotation
        ? "rotation_active"
        : state.forgotten
          ? "forgotten"
          : held !== undefined && held.facts === undefined
            ? "adopt_first"
            : undefined,
    };
  }

  /** What the first sink that can be read holds, and what the provider's list says of it. */
  async #held(
    { target: { sinks, provider } }: Opened,
    signal: AbortSignal,
  ): Promise<{ sink: string; clientId: string; facts: CredentialFacts | undefined } | undefined> {
    for (const sink of sinks) {
      if (sink.readback === "none") continue;
      const { clientId } = await sink.read(signal);
      if (clientId === undefined) continue;
      const listed = (await provider.list?.(signal))?.find((one) => one.clientId === clientId && one.ended !== true);
      return { sink: sink.name, clientId, facts: listed };
    }
    return undefined;
  }

  async #look({ name, target }: Opened, id: string, signal: AbortSignal): Promise<CredentialFacts> {
    const facts = await target.provider.look(id, signal);
    if (facts === undefined || facts.ended === true)
      throw new LifecycleError(name, "unknown_credential", `the control plane has no living credential ${id}`);
    return facts;
  }

  #publish(target: string, sequence: number, line: string): void {
    if (this.#listeners.size === 0) return;
    let event: LifecycleEvent;
    try {
      event = eventOf(target, sequence, line);
    } catch {
      // Whoever reads it next says what is wrong with it.
      return;
    }
    for (const listener of this.#listeners) listener(event);
  }

  /** A signal that fires with the caller's and when the lifecycle is closed. */
  #within(signal: AbortSignal | undefined): AbortSignal {
    const closed = this.#closed.signal;
    if (!signal) return closed;
    // Some of the browsers that the package runs in cannot join signals by themselves.
    const either = new AbortController();
    for (const source of [signal, closed]) {
      const abort = (): void => either.abort(source.reason);
      if (source.aborted) abort();
      else source.addEventListener("abort", abort, { once: true, signal: either.signal });
    }
    return either.signal;
  }

  #some(names: readonly string[] | undefined): readonly Opened[] {
    this.#check();
    return names === undefined ? [...this.#targets.values()] : names.map((name) => this.#get(name));
  }

  #get(name: string): Opened {
    this.#check();
    const opened = this.#targets.get(name);
    if (opened === undefined) throw new LifecycleError(name, "unknown_target", "there is no target of this name");
    return opened;
  }

  #check(): void {
    if (this.#closed.signal.aborted) throw new ClosedError();
  }
}

/** The policy as Rust has it, whole, if the target can be rotated by it. */
function checked(name: string, { provider, sinks, policy = {} }: LifecycleTarget): string {
  const given = Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
  let whole: string;
  try {
    whole = rust((exports) => exports.checkPolicy(JSON.stringify(given)));
  } catch (error) {
    if (typeof error !== "string") throw error;
    throw new ConfigurationError("policy", "invalid", `the policy of ${name}: ${error.replace(/^\w+:\d+:/, "")}`);
  }
  if (sinks.length === 0) throw new ConfigurationError("sinks", "none", `${name} has no sink`);
  if (new Set(sinks.map((sink) => sink.name)).size < sinks.length)
    throw new ConfigurationError("sinks", "not_unique", `${name} has two sinks of one name`);
  if (policy.proofs?.includes("healthy") && provider.healthy === undefined)
    throw new ConfigurationError("policy", "unsupported", `the provider of ${name} cannot tell the proof "healthy"`);
  if (provider.evidence && provider.search === undefined)
    throw new ConfigurationError(
      "provider",
      "unsupported",
      `the provider of ${name} says it has evidence, and no search`,
    );
  if (provider.recalls && provider.recall === undefined)
    throw new ConfigurationError("provider", "unsupported", `the provider of ${name} says it recalls, and cannot`);
  return whole;
}

function stateOf(name: string, stream: RustStream): State {
  return JSON.parse(engine(name, () => stream.state())) as State;
}

function eventOf(target: string, sequence: number, line: string): LifecycleEvent {
  const { v: _v, n: _n, prev: _prev, hash: _hash, ...event } = JSON.parse(line) as Record<string, unknown>;
  return { target, sequence, ...event } as LifecycleEvent;
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "failed";
}

/** Does something for each, some at a time, and resolves with the results in order. */
async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}
