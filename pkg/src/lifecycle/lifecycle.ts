/** The lifecycle of the credentials of some targets: what users of this entry call. */

import { unique } from "../auth/crypto.js";
import { ClosedError, ConfigurationError, RequestAbortedError } from "../base/errors.js";
import type { Clock } from "../base/options.js";
import { checkRuntime } from "../base/runtime.js";
import { ending } from "../http/transport.js";
import { ocsfRecord } from "./audit.js";
import { Driver, factsOf, type RustProgress } from "./driver.js";
import { LifecycleError } from "./error.js";
import { EventQueue } from "./events.js";
import { type TimelyJournal, timelyJournal } from "./journals/timely.js";
import {
  HINTS,
  type LifecycleCredential,
  type LifecycleDoubt,
  type LifecycleDue,
  type LifecycleEvent,
  type LifecycleFinding,
  type LifecycleImport,
  type LifecycleOptions,
  type LifecyclePlan,
  type LifecycleProgress,
  type LifecycleReconciliation,
  type LifecycleResult,
  type LifecycleStatus,
  type LifecycleStop,
  type LifecycleTarget,
  type LifecycleTurn,
  type LifecycleVerification,
} from "./model.js";
import { codeOf, identify, type Observation, observe } from "./observe.js";
import { Policy, readCaps } from "./policy.js";
import type { CredentialFacts } from "./ports.js";
import { Seals } from "./seals/seal.js";
import { engine, type RustStream, TargetStream } from "./stream.js";
import { rust, withRust } from "./wasm.js";
import { within } from "./within.js";

/** The number of targets that are processed at a time. */
const AT_ONCE = 8;
/** The number of streams that are read at a time if they are only looked at. */
const LOOKED_AT_AT_ONCE = 64;
/** How long a call of the journal may take by default, in milliseconds. */
const JOURNAL_TIMEOUT_MS = 60_000;

/** The option to abort a call. */
interface Abortable {
  readonly signal?: AbortSignal;
}

/** The state of a target, as Rust reports it. */
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
    overlap: boolean | null;
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
  readonly policy: Policy;
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
 * @throws {@link ConfigurationError} if a target cannot be rotated as its policy requires.
 */
export function openLifecycle(options: LifecycleOptions): Lifecycle {
  return new Lifecycle(options);
}

/**
 * The lifecycle of some targets. Any number of processes may use the same journal at the same time, and each may be
 * killed at any moment: the journal coordinates them. See {@link openLifecycle}.
 *
 * A call whose `signal` is aborted rejects at once with a {@link RequestAbortedError}, and begins nothing more. A call
 * to the control plane that issues a credential is not interrupted: it continues in the background and its result is
 * recorded, so that the next `advance` delivers it. {@link Lifecycle.close} waits for it.
 */
export class Lifecycle {
  readonly #journal: TimelyJournal;
  readonly #targets = new Map<string, Opened>();
  readonly #clock: Clock;
  readonly #worker: string;
  readonly #caps: string;
  readonly #closed = ending();
  readonly #queues = new Set<EventQueue>();
  readonly #release: () => void = () => undefined;

  /** @internal */
  constructor({
    journal,
    targets,
    clock,
    worker = "keyturn",
    caps = {},
    seal,
    journalTimeoutMs = JOURNAL_TIMEOUT_MS,
    signal,
  }: LifecycleOptions) {
    checkRuntime();
    if (!(journalTimeoutMs > 0))
      throw new ConfigurationError("journalTimeoutMs", "invalid", "journalTimeoutMs: must be a number above 0");
    this.#journal = timelyJournal(journal, journalTimeoutMs);
    this.#clock = clock ?? { now: () => Date.now() };
    this.#worker = `${worker}:${unique()}`;
    this.#caps = readCaps(caps);
    const seals = seal ? new Seals(seal) : undefined;
    for (const [name, given] of Object.entries(targets)) {
      const policy = checked(name, given);
      const provider = journal.guard?.(name, given.provider, given.sinks, this.#clock) ?? given.provider;
      const target = { ...given, provider };
      const stream = new TargetStream(name, this.#journal, (sequence, line) => this.#publish(name, sequence, line));
      const driver = new Driver(stream, {
        provider,
        sinks: target.sinks,
        clock: this.#clock,
        policy,
        seals,
        worker: this.#worker,
        closed: this.#closed.signal,
      });
      this.#targets.set(name, { name, target, stream, driver, policy });
    }
    if (signal?.aborted) this.#closed.abort(new ClosedError());
    if (!signal || signal.aborted) return;
    const close = (): void => void this.close();
    signal.addEventListener("abort", close, { once: true });
    this.#release = () => signal.removeEventListener("abort", close);
  }

  /** Returns the status of all targets, or of these. */
  async status(names?: readonly string[], { signal }: Abortable = {}): Promise<readonly LifecycleStatus[]> {
    return this.#within(signal, async (within) => {
      const heads = await this.#heads(this.#some(names), within);
      return each(heads, ([opened, version]) => this.#status(opened, within, version), LOOKED_AT_AT_ONCE);
    });
  }

  /**
   * Returns the problems of all targets, or of these, the worst first. By default this also reads the control planes
   * and the sinks; with `observe: false` it reads only the journal, and makes no request.
   */
  async findings(
    names?: readonly string[],
    { observe: look = true, signal }: { observe?: boolean; signal?: AbortSignal } = {},
  ): Promise<readonly LifecycleFinding[]> {
    return this.#within(signal, async (within) => {
      const opened = this.#some(names);
      // The observation must be older than the journal that it is compared with.
      const seen = await each(opened, async (one) => (look ? this.#observe(one, within) : undefined));
      const streams = await this.#views(opened, within);
      const now = Math.trunc(this.#clock.now());
      return withRust(
        (exports) => new exports.Survey(),
        (survey) => {
          opened.forEach(({ name, target, policy }, index) => {
            const facts = JSON.stringify(seenOf(target, seen[index]));
            engine(name, () => survey.add(name, streams[index] as RustStream, policy.rules(), facts, now));
          });
          return JSON.parse(rust(() => survey.take())) as LifecycleFinding[];
        },
      );
    });
  }

  /**
   * Returns which targets, of all or of these, are due and would begin now, by their policies and the caps. Makes no
   * request.
   */
  async due(names?: readonly string[], { signal }: Abortable = {}): Promise<LifecycleTurn> {
    return this.#within(signal, async (within) => (await this.#turn(this.#some(names), within)).turn);
  }

  /** Compares the control planes and the sinks with the journal, for all targets or for these. Changes nothing. */
  async reconcile(names?: readonly string[], { signal }: Abortable = {}): Promise<readonly LifecycleReconciliation[]> {
    return this.#within(signal, (within) =>
      each(this.#some(names), async (opened) => {
        const seen = await this.#observe(opened, within);
        const { credentials } = stateOf(opened.name, await opened.stream.refresh(within));
        return compared(opened, seen, credentials);
      }),
    );
  }

  /**
   * Returns what a rotation of these targets, or of all, would change. Reads the control plane and the sinks, and
   * changes nothing.
   */
  async plan(names?: readonly string[], { signal }: Abortable = {}): Promise<readonly LifecyclePlan[]> {
    return this.#within(signal, (within) => each(this.#some(names), (opened) => this.#plan(opened, within)));
  }

  /**
   * Begins a rotation and takes it as far as it can go now: until it is done, has to wait, or needs a person. `advance`
   * continues it.
   *
   * If the journal knows no credential of the target, the one that its sinks hold is adopted, provided that the
   * provider can find it. Otherwise call `adopt` first, or pass `leaveUnknown` to state that nobody is to end the
   * existing credential.
   * @throws {@link LifecycleError} `rotation_active`, `adopt_first`, `forgotten`; the error of a sink that cannot
   * receive the pair, in which case nothing has begun.
   */
  async rotate(
    name: string,
    { signal, leaveUnknown = false }: { signal?: AbortSignal; leaveUnknown?: boolean } = {},
  ): Promise<LifecycleProgress> {
    return this.#within(signal, async (within) => {
      const opened = this.#get(name);
      let state = stateOf(name, await opened.stream.refresh(within));
      if (state.current === null && state.rotation === null && !state.forgotten) {
        const found = await this.#held(opened, within);
        if (found?.facts !== undefined) {
          const adopt = { command: "adopt", credential: factsOf(found.facts), source: found.sink };
          await this.#operate(opened, adopt, within);
        } else if (found !== undefined && !leaveUnknown)
          throw new LifecycleError(
            name,
            "adopt_first",
            `the sink ${found.sink} contains ${found.clientId}, which is unknown`,
            {
              hint: "Call `adopt` with the credential's id, so that it ends once it is replaced.",
            },
          );
        state = stateOf(name, await opened.stream.refresh(within));
      }
      if (state.rotation === null && !state.forgotten) await opened.driver.ready(within);
      const reason = state.current === null ? "first" : "asked";
      await this.#operate(opened, { command: "plan", reason }, within);
      return this.#drive(opened, within);
    });
  }

  /** Continues the rotation of a target, as far as it can go now. */
  advance(name: string, options?: { signal?: AbortSignal }): Promise<LifecycleProgress>;
  /**
   * Continues all rotations, or those of these targets, and begins those that are due, as far as the caps allow. This
   * is what a timer calls. With `begin: false`, none is begun. A failure for one target is reported in its result.
   */
  advance(
    names?: readonly string[],
    options?: { begin?: boolean; signal?: AbortSignal },
  ): Promise<readonly LifecycleResult[]>;
  async advance(
    names?: string | readonly string[],
    { begin = true, signal }: { begin?: boolean; signal?: AbortSignal } = {},
  ): Promise<LifecycleProgress | readonly LifecycleResult[]> {
    return this.#within<LifecycleProgress | readonly LifecycleResult[]>(signal, (within) =>
      typeof names === "string"
        ? this.#drive(this.#get(names), within)
        : this.#advance(this.#some(names), begin, within),
    );
  }

  async #advance(opened: readonly Opened[], begin: boolean, signal: AbortSignal): Promise<readonly LifecycleResult[]> {
    const results = new Map<string, LifecycleResult>();
    const drive = async (one: Opened, isWanted?: () => Promise<boolean>): Promise<void> => {
      const target = one.name;
      try {
        if (isWanted && !(await isWanted())) return;
        results.set(target, { target, progress: await this.#drive(one, signal), error: undefined });
      } catch (error) {
        if (signal.aborted) throw error;
        results.set(target, { target, progress: undefined, error });
      }
    };
    await each(opened, (one) => drive(one));
    // Each round may make room for the next one.
    const begun = new Set<string>();
    while (begin) {
      const candidates = opened.filter(({ name }) => !isFailure(results.get(name)));
      const { turn, sequences } = await this.#turn(candidates, signal);
      const fresh = turn.begin.filter((name) => !begun.has(name));
      if (fresh.length === 0) break;
      for (const name of fresh) begun.add(name);
      await each(await this.#ready(fresh, signal, results), async (name) => {
        const one = this.#get(name);
        const plan = { command: "plan", reason: "due" };
        const now = Math.trunc(this.#clock.now());
        // Another process may have begun, or even ended, the same rotation since the journal was read.
        await drive(one, () =>
          one.stream.operateAt(sequences.get(name) ?? 0, plan, one.policy.protocolJson, now, this.#worker, signal),
        );
      });
    }
    return opened.flatMap(({ name }) => results.get(name) ?? []);
  }

  /**
   * Undoes the rotation: every sink gets the old credential back, and the new one ends.
   * @throws {@link LifecycleError} `cannot_roll_back` once the end of the old credential was announced.
   */
  async rollback(name: string, { signal }: Abortable = {}): Promise<LifecycleProgress> {
    return this.#within(signal, async (within) => {
      const opened = this.#get(name);
      await this.#operate(opened, { command: "roll-back" }, within);
      const progress = await this.#drive(opened, within);
      const { rotation } = stateOf(name, await opened.stream.refresh(within));
      if (rotation?.overlap === false)
        throw new LifecycleError(
          name,
          "cannot_roll_back",
          "the control plane ended the old credential when it issued the new one, so the rotation cannot be rolled " +
            "back and continues",
        );
      return progress;
    });
  }

  /** Allows the old credential to end, where the policy requires a person's approval. `advance` ends it. */
  async approve(name: string, { signal }: Abortable = {}): Promise<LifecycleProgress> {
    return this.#within(signal, (within) => this.#command(name, { command: "approve" }, within));
  }

  /** Approves the end of the old credential, and continues. */
  async retire(name: string, { signal }: Abortable = {}): Promise<LifecycleProgress> {
    return this.#within(signal, async (within) => {
      await this.#operate(this.#get(name), { command: "approve" }, within);
      return this.#drive(this.#get(name), within);
    });
  }

  /**
   * States what an attempt with an unknown outcome created: the ids of the credentials, or `"none"`. `status` has the
   * period and the marker to search for. What was created ends, since nobody has its secret, and another credential is
   * issued.
   * @throws {@link LifecycleError} `nothing_to_settle`, `too_early`, `known_credential`, `unknown_credential`.
   */
  async settle(
    name: string,
    { found, signal }: { found: readonly string[] | "none"; signal?: AbortSignal },
  ): Promise<LifecycleProgress> {
    return this.#within(signal, async (within) => {
      const opened = this.#get(name);
      const credentials = await each(found === "none" ? [] : found, (id) => this.#look(opened, id, within));
      return this.#command(name, { command: "settle", found: credentials.map(factsOf) }, within);
    });
  }

  /**
   * Confirms that the reason for which the rotation stopped is resolved. With `reissue`, another credential is issued
   * in place of the new one. `restored` states that the old credential was put back by hand into the sink for which the
   * rotation stopped; `provisioned`, that the new one was put by hand into that sink, which was added after the
   * delivery.
   */
  async resume(
    name: string,
    {
      reissue = false,
      restored = false,
      provisioned = false,
      signal,
    }: { reissue?: boolean; restored?: boolean; provisioned?: boolean; signal?: AbortSignal } = {},
  ): Promise<LifecycleProgress> {
    return this.#within(signal, async (within) => {
      const { stream } = this.#get(name);
      if (!restored && !provisioned) return this.#command(name, { command: reissue ? "reissue" : "resume" }, within);
      const { rotation } = stateOf(name, await stream.refresh(within));
      const command = restored ? "restored" : "provisioned";
      return this.#command(name, { command, sink: rotation?.stopped?.[1] ?? "" }, within);
    });
  }

  /**
   * States that a credential, given by its id at the control plane, is the one that consumers use. The one that was
   * current before, if any, is ended.
   * @throws {@link LifecycleError} `unknown_credential`, `sink_differs`, `rotation_active`, `ended`.
   */
  async adopt(name: string, id: string, { signal }: Abortable = {}): Promise<LifecycleProgress> {
    return this.#within(signal, async (within) => {
      const opened = this.#get(name);
      const found = await this.#look(opened, id, within);
      for (const sink of opened.target.sinks) {
        if (sink.readback === "none") continue;
        const { clientId } = await timely(opened, within, (own) => sink.read(own));
        if (clientId !== undefined && clientId !== found.clientId)
          throw new LifecycleError(
            name,
            "sink_differs",
            `the sink ${sink.name} contains ${clientId}, not ${found.clientId}`,
          );
      }
      return this.#command(name, { command: "adopt", credential: factsOf(found), source: "person" }, within);
    });
  }

  /**
   * Adopts credentials by client ids that were found in use by consumers, such as those that `importClientIds` finds. A
   * credential that is already the target's current one is left as it is.
   * @throws Nothing for a single entry: its error is in its result.
   */
  async import(entries: readonly LifecycleImport[], { signal }: Abortable = {}): Promise<readonly LifecycleResult[]> {
    const adopted = async (
      { target, clientId, source }: LifecycleImport,
      within: AbortSignal,
    ): Promise<LifecycleResult> => {
      try {
        const opened = this.#get(target);
        const { current, credentials } = stateOf(target, await opened.stream.refresh(within));
        if (current !== null && credentials[current]?.credential.clientId === clientId)
          return { target, progress: (await this.#status(opened, within)).progress, error: undefined };
        const facts = await timely(opened, within, (own) => identify(opened.target.provider, clientId, own));
        if (facts === undefined)
          throw new LifecycleError(
            target,
            "unknown_credential",
            `no valid credential with the client id ${clientId} was found`,
            { hint: "Call `adopt` with the credential's id if you know it." },
          );
        const adopt = { command: "adopt", credential: factsOf(facts), source };
        const progress = await this.#command(target, adopt, within);
        return { target, progress, error: undefined };
      } catch (error) {
        if (within.aborted) throw error;
        return { target, progress: undefined, error };
      }
    };
    return this.#within(signal, (within) => each(entries, (entry) => adopted(entry, within)));
  }

  /** States that the target is no longer managed. Nothing is ended. */
  async forget(name: string, { signal }: Abortable = {}): Promise<void> {
    await this.#within(signal, (within) => this.#command(name, { command: "forget" }, within));
  }

  /** Returns all events of a target. */
  async history(name: string, { signal }: Abortable = {}): Promise<readonly LifecycleEvent[]> {
    return this.#within(signal, async (within) => {
      const lines = await this.#journal.read(name, 1, within);
      // A former target still has its record.
      if (lines.length === 0) this.#get(name);
      withRust(
        (exports) => new exports.Stream(),
        (fresh) => engine(name, () => fresh.feed([...lines])),
      );
      return lines.map((line, index) => eventOf(name, index + 1, line));
    });
  }

  /**
   * Yields the events of all targets, or of these, as records of the Open Cybersecurity Schema Framework (class 3004,
   * Entity Management, of version 1.3.0): one target after the other, each from its beginning, or after the sequence
   * number that `after` has for it.
   */
  async *audit(
    names?: readonly string[],
    { after = {}, signal }: { after?: Readonly<Record<string, number>>; signal?: AbortSignal } = {},
  ): AsyncGenerator<Readonly<Record<string, unknown>>> {
    this.#check();
    for (const name of names ?? this.#targets.keys()) {
      const opened = this.#targets.get(name);
      const from = (Object.hasOwn(after, name) ? (after[name] ?? 0) : 0) + 1;
      const lines = await this.#within(signal, async (within) => {
        await opened?.stream.refresh(within);
        return this.#journal.read(name, from, within);
      });
      if (opened === undefined && lines.length === 0 && from === 1) this.#get(name);
      // The kind of a former target is not in the journal.
      const kind = opened?.target.provider.kind ?? "unknown";
      for (const [index, line] of lines.entries()) {
        if (signal?.aborted) throw new RequestAbortedError({ cause: signal.reason });
        yield ocsfRecord(name, kind, from + index, line);
      }
    }
  }

  /** Reads all streams of the journal from their beginning, and reports the first event of each that is not intact. */
  async verify({ signal }: Abortable = {}): Promise<readonly LifecycleVerification[]> {
    return this.#within(signal, async (within) =>
      each(await this.#journal.streams(within), async ({ stream: target }) => {
        const lines = await this.#journal.read(target, 1, within);
        try {
          withRust(
            (exports) => new exports.Stream(),
            (stream) => engine(target, () => stream.feed([...lines])),
          );
          return { target, events: lines.length, broken: undefined };
        } catch (error) {
          if (!(error instanceof LifecycleError)) throw error;
          const { sequence, reason, message } = error;
          return { target, events: sequence - 1, broken: { sequence, reason, message } };
        }
      }),
    );
  }

  /**
   * Returns an iterator over the events that this lifecycle writes or reads from now on, each once, until it is closed:
   * for progress and for an audit. Events that were written while nobody listened are in {@link Lifecycle.history}.
   * Leave the loop, or call `return`, to stop.
   *
   * @throws {@link LifecycleError} `behind`, from the iterator, if 10,000 events were not read in time;
   *   {@link RequestAbortedError}, from the iterator, once the signal is aborted.
   */
  events({ signal }: Abortable = {}): AsyncIterableIterator<LifecycleEvent> {
    const abort = (): void => queue.abort(new RequestAbortedError({ cause: signal?.reason }));
    const queue = new EventQueue((ended) => {
      this.#queues.delete(ended);
      signal?.removeEventListener("abort", abort);
    });
    if (this.#closed.signal.aborted) queue.end();
    else if (signal?.aborted) abort();
    else {
      this.#queues.add(queue);
      signal?.addEventListener("abort", abort, { once: true });
    }
    return queue;
  }

  /**
   * Aborts what is under way, and releases all secrets. Waits for a call that issues, up to its deadline. The journal
   * stays open, since it belongs to the caller.
   */
  async close(): Promise<void> {
    this.#closed.abort(new ClosedError());
    this.#release();
    for (const queue of [...this.#queues]) queue.end();
    await Promise.all([...this.#targets.values()].map(({ driver }) => driver.close()));
  }

  async #drive(opened: Opened, signal: AbortSignal): Promise<LifecycleProgress> {
    for (;;) {
      const progress = await opened.driver.advance(signal);
      if (progress.kind !== "again") return this.#progress(opened, await opened.stream.refresh(signal), progress);
    }
  }

  /**
   * Returns the targets whose rotation may start: their sinks, and those of the other targets of their group, can
   * accept a new pair. The reasons for the others are added to `results`.
   */
  async #ready(
    names: readonly string[],
    signal: AbortSignal,
    results: Map<string, LifecycleResult>,
  ): Promise<readonly string[]> {
    const held = new Set<string | undefined>();
    const ready = await each(names, async (target) => {
      const { driver, target: options } = this.#get(target);
      try {
        await driver.ready(signal);
        return true;
      } catch (error) {
        if (signal.aborted) throw error;
        results.set(target, { target, progress: undefined, error });
        held.add(options.group);
        return false;
      }
    });
    held.delete(undefined);
    return names.filter((name, index) => ready[index] && !held.has(this.#get(name).target.group));
  }

  async #command(name: string, command: object, signal: AbortSignal): Promise<LifecycleProgress> {
    const opened = this.#get(name);
    await this.#operate(opened, command, signal);
    return (await this.#status(opened, signal)).progress;
  }

  #operate({ stream, policy }: Opened, command: object, signal: AbortSignal): Promise<void> {
    this.#check();
    return stream.operate(command, policy.protocolJson, () => Math.trunc(this.#clock.now()), this.#worker, signal);
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

  /**
   * Returns each target with its version in the journal's list, if reading that list is cheaper than reading what is
   * new in each stream.
   */
  async #heads(
    opened: readonly Opened[],
    signal: AbortSignal,
  ): Promise<readonly (readonly [Opened, string | undefined])[]> {
    if (opened.length <= AT_ONCE) return opened.map((one) => [one, undefined]);
    const versions = new Map((await this.#journal.streams(signal)).map(({ stream, version }) => [stream, version]));
    return opened.map((one) => [one, versions.get(one.name) ?? ""]);
  }

  /** Returns a fold of each target's events that is only looked at. */
  async #views(opened: readonly Opened[], signal: AbortSignal): Promise<readonly RustStream[]> {
    const heads = await this.#heads(opened, signal);
    return each(heads, ([{ stream }, version]) => stream.view(signal, version), LOOKED_AT_AT_ONCE);
  }

  /** Returns what would begin, and how many events each stream had when that was decided. */
  async #turn(
    opened: readonly Opened[],
    signal: AbortSignal,
  ): Promise<{ turn: LifecycleTurn; sequences: ReadonlyMap<string, number> }> {
    const streams = await this.#views(opened, signal);
    const now = Math.trunc(this.#clock.now());
    return withRust(
      (exports) => new exports.Pace(),
      (pace) => {
        const sequences = new Map<string, number>();
        opened.forEach(({ name, target, policy }, index) => {
          const stream = streams[index] as RustStream;
          engine(name, () => pace.add(name, target.provider.kind, target.group, stream, policy.rules(), now));
          sequences.set(
            name,
            engine(name, () => stream.sequence()),
          );
        });
        return { turn: JSON.parse(rust(() => pace.select(this.#caps, now))) as LifecycleTurn, sequences };
      },
    );
  }

  async #observe({ name, target, stream, policy }: Opened, signal: AbortSignal): Promise<Observation> {
    const { credentials } = stateOf(name, await stream.refresh(signal));
    const living = Object.entries(credentials).filter(([, { role }]) => role !== "ended");
    return observe(
      target,
      living.map(([id]) => id),
      () => this.#clock.now(),
      signal,
      policy.protocol.callDeadline,
    );
  }

  async #status(opened: Opened, signal: AbortSignal, version?: string): Promise<LifecycleStatus> {
    this.#check();
    const { name, target, driver, policy } = opened;
    const stream = await opened.stream.view(signal, version);
    const state = stateOf(name, stream);
    const outlook = JSON.parse(
      engine(name, () => stream.outlook(policy.protocolJson, driver.hands(), Math.trunc(this.#clock.now()))),
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
      group: target.group,
      provider: target.provider.kind,
      policy: policy.whole,
      due:
        (JSON.parse(
          engine(name, () => policy.rules().due(stream, Math.trunc(this.#clock.now()))),
        ) as LifecycleDue | null) ?? undefined,
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
    const state = stateOf(name, await stream.refresh(signal));
    const held = state.current === null ? await this.#held(opened, signal) : undefined;
    const id = state.current ?? held?.facts?.id;
    const known = new Set(Object.values(state.credentials).map(({ credential }) => credential.clientId));
    if (held?.facts !== undefined) known.add(held.clientId);
    const sinks = await each(target.sinks, async (sink) => {
      const facts = { name: sink.name, compares: sink.compares, restores: sink.restore !== undefined };
      const unknown = { ...facts, holds: undefined, known: undefined };
      if (sink.readback === "none") return { ...unknown, error: undefined };
      try {
        const { clientId } = await timely(opened, signal, (own) => sink.read(own));
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
      old: id === undefined ? undefined : await timely(opened, signal, (own) => target.provider.look(id, own)),
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

  /** Returns what the first sink with a readable client id holds, and what the provider knows about it. */
  async #held(
    opened: Opened,
    signal: AbortSignal,
  ): Promise<{ sink: string; clientId: string; facts: CredentialFacts | undefined } | undefined> {
    const { sinks, provider } = opened.target;
    for (const sink of sinks) {
      if (sink.readback === "none") continue;
      const { clientId } = await timely(opened, signal, (own) => sink.read(own));
      if (clientId === undefined) continue;
      const facts = await timely(opened, signal, (own) => identify(provider, clientId, own));
      return { sink: sink.name, clientId, facts };
    }
    return undefined;
  }

  async #look(opened: Opened, id: string, signal: AbortSignal): Promise<CredentialFacts> {
    const { name, target } = opened;
    const facts = await timely(opened, signal, (own) => target.provider.look(id, own));
    if (facts === undefined || facts.ended === true)
      throw new LifecycleError(name, "unknown_credential", `the control plane has no valid credential ${id}`);
    return facts;
  }

  #publish(target: string, sequence: number, line: string): void {
    if (this.#queues.size === 0) return;
    let event: LifecycleEvent;
    try {
      event = eventOf(target, sequence, line);
    } catch {
      // Whoever reads the stream next reports what is wrong with the event.
      return;
    }
    for (const queue of [...this.#queues]) queue.push(event);
  }

  /**
   * Runs a function until the caller's signal is aborted or the lifecycle is closed. It then rejects, whatever is still
   * under way.
   */
  async #within<T>(signal: AbortSignal | undefined, work: (within: AbortSignal) => Promise<T>): Promise<T> {
    this.#check();
    return within(Number.POSITIVE_INFINITY, [signal, this.#closed.signal], work);
  }

  #some(names: readonly string[] | undefined): readonly Opened[] {
    this.#check();
    return names === undefined ? [...this.#targets.values()] : names.map((name) => this.#get(name));
  }

  #get(name: string): Opened {
    this.#check();
    const opened = this.#targets.get(name);
    if (opened === undefined) throw new LifecycleError(name, "unknown_target", "there is no target with this name");
    return opened;
  }

  #check(): void {
    if (this.#closed.signal.aborted) throw new ClosedError();
  }
}

/** Returns the policy of a target. Throws if the target cannot be rotated by it. */
function checked(name: string, { provider, sinks, policy = {} }: LifecycleTarget): Policy {
  const whole = new Policy(name, policy);
  if (sinks.length === 0) throw new ConfigurationError("sinks", "none", `${name} has no sink`);
  if (new Set(sinks.map((sink) => sink.name)).size < sinks.length)
    throw new ConfigurationError("sinks", "not_unique", `${name} has two sinks with the same name`);
  if (policy.proofs?.includes("healthy") && provider.healthy === undefined)
    throw new ConfigurationError(
      "policy",
      "unsupported",
      `the provider of ${name} does not support the proof "healthy"`,
    );
  if (provider.evidence && provider.search === undefined)
    throw new ConfigurationError(
      "provider",
      "unsupported",
      `the provider of ${name} claims evidence, but has no search`,
    );
  if (provider.recalls && provider.recall === undefined)
    throw new ConfigurationError("provider", "unsupported", `the provider of ${name} claims to recall, but cannot`);
  return whole;
}

/** Calls a target's provider or one of its sinks, within the deadline of a rotation's step. */
function timely<T>({ policy }: Opened, signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return within(policy.protocol.callDeadline, [signal], call);
}

function stateOf(name: string, stream: RustStream): State {
  return JSON.parse(engine(name, () => stream.state())) as State;
}

function eventOf(target: string, sequence: number, line: string): LifecycleEvent {
  const { v: _v, n: _n, prev: _prev, hash: _hash, ...event } = JSON.parse(line) as Record<string, unknown>;
  return { target, sequence, ...event } as LifecycleEvent;
}

function isFailure(result: LifecycleResult | undefined): boolean {
  return result?.error !== undefined;
}

/** Converts an observation to the form that Rust takes. */
function seenOf({ provider, owner, consumers = [] }: LifecycleTarget, seen: Observation | undefined): object {
  const alive = seen?.credentials?.filter(({ ended }) => ended !== true);
  const used = provider.reportsUse ? alive : [];
  return {
    owner,
    consumers,
    at: seen?.at,
    error: seen?.error,
    sinks: seen?.sinks ?? {},
    alive: alive?.map(({ id }) => id),
    lastUsedAt: Object.fromEntries(used?.map(({ id, lastUsedAt = null }) => [id, lastUsedAt]) ?? []),
  };
}

/** Returns the comparison of all credentials that either side knows. */
function compared(
  { name, target: { provider } }: Opened,
  { at, error, credentials: seen, sinks }: Observation,
  known: State["credentials"],
): LifecycleReconciliation {
  const found = new Map(seen?.map((facts) => [facts.id, facts]));
  const ids = new Set([...Object.keys(known), ...found.keys()]);
  const credentials = [...ids].map((id) => {
    const [facts, entry] = [found.get(id), known[id]];
    const asked = seen !== undefined && (provider.list !== undefined || entry?.role !== "ended");
    return {
      id,
      clientId: facts?.clientId ?? entry?.credential.clientId ?? "",
      role: entry?.role,
      controlPlane: facts ? (facts.ended ? "ended" : "alive") : asked ? "gone" : "unknown",
      lastUsedAt: facts?.lastUsedAt,
      expiresAt: facts?.expiresAt ?? entry?.credential.expiresAt,
    } as const;
  });
  return { target: name, at, error, credentials, sinks };
}

/**
 * Calls a function for each item, several at a time, and resolves with the results in order. After the first rejection
 * no further call begins, since nobody waits for it.
 */
async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>, atOnce = AT_ONCE): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
