/** A target's stream. What has been read stays in Rust, so that only new events are read. */

import { InternalError, KeyturnError, RequestAbortedError } from "../base/errors.js";
import { LifecycleError, type LifecycleReason } from "./error.js";
import type { TimelyJournal } from "./journals/timely.js";
import { instanceId, type Rust, rust } from "./wasm.js";

/** Rust's fold of a stream. */
export type RustStream = InstanceType<Rust["Stream"]>;

/** How often the append of an operator's event is tried while others write to the stream. */
const TRIES = 20;

/** Runs a function of the engine, and turns a refusal into an error that names the target. */
export function engine<T>(target: string, run: (exports: Rust) => T): T {
  try {
    return rust(run);
  } catch (error) {
    if (typeof error !== "string") throw error;
    const [, word, sequence, message] = /^(\w+):(\d+):([^]*)$/.exec(error) ?? [];
    if (word === undefined || message === undefined) throw new InternalError("the engine failed without a reason");
    if (word === "invalid") throw new InternalError(`the engine cannot read its input: ${message}`);
    if (word !== "damaged" && word !== "newer" && word !== "out_of_place")
      throw new LifecycleError(target, word as LifecycleReason, message);
    throw new LifecycleError(target, `journal_${word}`, `event ${sequence} of the journal cannot be read: ${message}`, {
      sequence: Number(sequence),
      hint:
        word === "newer"
          ? "Update keyturn here to continue with this target. The journal was not changed."
          : "Nothing is done for this target until the journal is restored. `verify()` checks all streams.",
    });
  }
}

/** The number of new events after which the resulting state is cached in the journal. */
const KEPT_AFTER = 32;

/** A function that is called with each event that is new to this process. */
export type Listener = (sequence: number, line: string) => void;

/** A fold for calls that only look at the target. */
interface View {
  readonly rust: RustStream;
  /** The WebAssembly instance that it lives in. */
  readonly instance: number;
  /** The version at which the stream was read, from the journal's list; `undefined` if it was read without one. */
  readonly version: string | undefined;
  /** How many events were read since a state was last cached. */
  readonly read: number;
}

/** One target's stream. */
export class TargetStream {
  readonly name: string;
  readonly #journal: TimelyJournal;
  readonly #listener: Listener;
  #rust: RustStream | undefined;
  #instance = -1;
  /** The version at which the stream was read, from the journal's list; `undefined` if it was read without one. */
  #version: string | undefined;
  /** The fold for calls that only look: it may come from the journal's cache. Unused once all events have been read. */
  #view: View | undefined;
  /** The number of the last event that the listener received. */
  #reported = 0;

  constructor(name: string, journal: TimelyJournal, listener: Listener) {
    this.name = name;
    this.#journal = journal;
    this.#listener = listener;
  }

  /**
   * Reads the new events, or all of them after a trap. Given the stream's version from the journal's list, reads
   * nothing if that version has already been read.
   */
  async refresh(signal?: AbortSignal, version?: string): Promise<RustStream> {
    for (;;) {
      const stream = this.#shared();
      if (version !== undefined && version === this.#version) return stream;
      const from = engine(this.name, () => stream.sequence()) + 1;
      const lines = await this.read(from, signal);
      // A trap in the meantime destroyed the stream.
      if (stream !== this.#shared()) continue;
      // A concurrent call may have read some of these lines, or more, in the meantime.
      const known = engine(this.name, () => stream.sequence()) + 1 - from;
      if (known < lines.length) engine(this.name, () => stream.feed(lines.slice(known)));
      this.#version = version;
      return stream;
    }
  }

  /**
   * Returns the fold to look at: that of {@link TargetStream.refresh}, unless nothing has been read yet and the journal
   * has cached a state. Then only the events after that state are read.
   */
  async view(signal?: AbortSignal, version?: string): Promise<RustStream> {
    const { name } = this;
    if (this.#journal.kept === undefined || (this.#rust !== undefined && this.#instance === instanceId()))
      return this.refresh(signal, version);
    const seen = this.#view?.instance === instanceId() ? this.#view : undefined;
    const kept = seen ? undefined : await this.#unfolded(signal);
    const view = seen ??
      kept ?? {
        rust: engine(name, (exports) => new exports.Stream()),
        instance: instanceId(),
        version: undefined,
        read: 0,
      };
    let read = view.read;
    if (kept === undefined && (version === undefined || version !== view.version)) {
      const from = engine(name, () => view.rust.sequence()) + 1;
      const lines = await this.read(from, signal);
      if (view.instance !== instanceId()) return this.view(signal, version);
      // A concurrent call may have read some of these lines, or more, in the meantime.
      const known = engine(name, () => view.rust.sequence()) + 1 - from;
      if (known < lines.length) engine(name, () => view.rust.feed(lines.slice(known)));
      read += lines.length;
    }
    this.#view = { ...view, version, read: read > KEPT_AFTER ? 0 : read };
    if (read > KEPT_AFTER) {
      const [sequence, fold] = [engine(name, () => view.rust.sequence()), engine(name, () => view.rust.fold())];
      await this.#journal.keep?.(name, sequence, fold).catch(() => undefined);
    }
    return view.rust;
  }

  /**
   * Returns the state that the journal has cached, with the events after it; `undefined` if there is none, or if its
   * last event is not the one in the journal.
   */
  async #unfolded(signal: AbortSignal | undefined): Promise<View | undefined> {
    const { name } = this;
    const kept = await this.#journal.kept?.(name).catch(() => undefined);
    if (kept === undefined) return undefined;
    const [last = "", ...lines] = await this.#journal.read(name, kept.sequence, signal);
    const instance = instanceId();
    const rust = engine(name, (exports) => exports.Stream.unfold(kept.fold));
    const [sequence, hash] = [engine(name, () => rust.sequence()), engine(name, () => rust.hash())];
    if (sequence !== kept.sequence || !last.endsWith(`"hash":"${hash}"}`)) return undefined;
    // Earlier events were reported when they were written, or by those who read them.
    this.#reported = Math.max(this.#reported, sequence);
    this.report(sequence + 1, lines);
    engine(name, () => rust.feed(lines));
    return { rust, instance, version: undefined, read: lines.length };
  }

  /** Returns the fold in the running instance. Concurrent calls share it, so it lives as long as the instance does. */
  #shared(): RustStream {
    if (this.#rust === undefined || this.#instance !== instanceId()) {
      this.#rust = engine(this.name, (exports) => new exports.Stream());
      this.#instance = instanceId();
      this.#version = undefined;
    }
    return this.#rust;
  }

  /** Returns the lines from a sequence number on. */
  async read(from: number, signal?: AbortSignal): Promise<readonly string[]> {
    const lines = await this.#journal.read(this.name, from, signal);
    this.report(from, lines);
    return lines;
  }

  /**
   * Stores a line. If the answer is lost, the content of the journal decides: a line contains the name of its worker
   * and the hash of the line before it, so an identical line is this one. Rejects if that cannot be determined either.
   */
  async append(sequence: number, line: string): Promise<boolean> {
    const stored = await this.#journal.append(this.name, sequence, line).catch(async (error: unknown) => {
      if (KeyturnError.is(error) && error.outcome === "none") throw error;
      const found = await this.#found(sequence, line);
      if (found === undefined) throw error;
      return found;
    });
    if (stored) this.report(sequence, [line]);
    return stored;
  }

  /**
   * Returns whether the line at a sequence number is this one; `undefined` if there is none, or if that cannot be
   * determined.
   */
  async #found(sequence: number, line: string): Promise<boolean | undefined> {
    try {
      const [there] = await this.#journal.read(this.name, sequence);
      if (there === undefined) return undefined;
      if (there !== line) return false;
      // The line can be read, but may not be durable yet. A journal that refuses the number guarantees that its event
      // is durable.
      await this.#journal.append(this.name, sequence, line);
      return true;
    } catch {
      return undefined;
    }
  }

  /** Takes over the events that a run has read. */
  follow(run: InstanceType<Rust["Run"]>): void {
    const stream = this.#shared();
    engine(this.name, () => stream.follow(run));
  }

  /**
   * Writes the events of an operator's command, if the state allows it. A signal that is aborted before the first event
   * is written ends this; after that, the remaining events are written nevertheless.
   */
  async operate(command: object, policy: string, now: () => number, by: string, signal?: AbortSignal): Promise<void> {
    // Once the first event is written, the others must follow; until then, each try decides anew from the state.
    let rest: readonly unknown[] | undefined;
    for (let tries = 0; tries < TRIES; ) {
      const stream = await this.refresh(rest === undefined ? signal : undefined);
      if (rest === undefined && signal?.aborted) throw new RequestAbortedError({ cause: signal.reason });
      const events =
        rest ??
        (JSON.parse(engine(this.name, () => stream.operate(policy, JSON.stringify(command), now()))) as unknown[]);
      const [event, ...more] = events;
      if (event === undefined) return;
      const line = engine(this.name, () => stream.line(JSON.stringify(event), now(), by));
      if (await this.append(engine(this.name, () => stream.sequence()) + 1, line)) {
        if (more.length === 0) return;
        rest = more;
      } else tries++;
    }
    throw new LifecycleError(this.name, "busy", "other processes keep writing to its journal; try again");
  }

  /**
   * Writes the event of a command that has exactly one, unless the stream has grown beyond this number of events.
   * Resolves with whether it was written.
   */
  async operateAt(
    sequence: number,
    command: object,
    policy: string,
    now: number,
    by: string,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const stream = await this.refresh(signal);
    if (signal?.aborted) throw new RequestAbortedError({ cause: signal.reason });
    if (engine(this.name, () => stream.sequence()) !== sequence) return false;
    const [event] = JSON.parse(
      engine(this.name, () => stream.operate(policy, JSON.stringify(command), now)),
    ) as unknown[];
    const line = engine(this.name, () => stream.line(JSON.stringify(event), now, by));
    return this.append(sequence + 1, line);
  }

  /** Reports each event once, whichever call has read it. */
  private report(from: number, lines: readonly string[]): void {
    lines.forEach((line, index) => {
      const sequence = from + index;
      if (sequence !== this.#reported + 1) return;
      this.#reported = sequence;
      this.#listener(sequence, line);
    });
  }
}
