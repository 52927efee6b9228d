/** A target's stream: what has been read stays in Rust, and only new events are read again. */

import { InternalError, KeyturnError, RequestAbortedError } from "../base/errors.js";
import { LifecycleError, type LifecycleReason } from "./error.js";
import type { TimelyJournal } from "./journals/timely.js";
import { instanceId, type Rust, rust } from "./wasm.js";

/** Rust's fold of a stream. */
export type RustStream = InstanceType<Rust["Stream"]>;

/** How often an operator's event is tried again when others write to the stream at the same moment. */
const TRIES = 20;

/** Runs a function of the engine. A refusal becomes an error that names the target. */
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

/** After how many new events what they have come to is kept. */
const KEPT_AFTER = 32;

/** Called with events that are new to this process. */
export type Listener = (sequence: number, line: string) => void;

/** A fold that only looks go by. */
interface View {
  readonly rust: RustStream;
  /** The instance that it lives in. */
  readonly instance: number;
  /** The journal's version of the stream that was read; `undefined` if it was read without a version. */
  readonly version: string | undefined;
  /** How many events were read since something was kept. */
  readonly read: number;
}

/** One target's stream. */
export class TargetStream {
  readonly name: string;
  readonly #journal: TimelyJournal;
  readonly #listener: Listener;
  #rust: RustStream | undefined;
  #instance = -1;
  /** The journal's version of the stream that was read; `undefined` if it was read without a version. */
  #version: string | undefined;
  /** The fold that only looks go by: it may come from what the journal has kept. Of no use once all events have been read. */
  #view: View | undefined;
  /** The number of the last event that the listener received. */
  #reported = 0;

  constructor(name: string, journal: TimelyJournal, listener: Listener) {
    this.name = name;
    this.#journal = journal;
    this.#listener = listener;
  }

  /**
   * Reads what is new. After a trap everything is new again. With the version that the journal's list has of the stream, nothing is read
   * if it is the one that was read before.
   */
  async refresh(signal?: AbortSignal, version?: string): Promise<RustStream> {
    for (;;) {
      const stream = this.#shared();
      if (version !== undefined && version === this.#version) return stream;
      const from = engine(this.name, () => stream.sequence()) + 1;
      const lines = await this.read(from, signal);
      // A trap in the meantime destroyed the stream.
      if (stream !== this.#shared()) continue;
      // Somebody else may have read a part of it in the meantime, or more.
      const known = engine(this.name, () => stream.sequence()) + 1 - from;
      if (known < lines.length) engine(this.name, () => stream.feed(lines.slice(known)));
      this.#version = version;
      return stream;
    }
  }

  /**
   * The fold to look at. It is the one of {@link TargetStream.refresh}, unless nothing was read so far and the journal
   * has kept what the events have come to: then only the events after that are read.
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
      // Somebody else may have read a part of it in the meantime, or more.
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
   * What the journal has kept, with the events after it; `undefined` if nothing was kept, or if the event that it ends
   * with is not the one that is there.
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
    // What came before was reported when it was written, or by those who read it.
    this.#reported = Math.max(this.#reported, sequence);
    this.report(sequence + 1, lines);
    engine(name, () => rust.feed(lines));
    return { rust, instance, version: undefined, read: lines.length };
  }

  /** The fold in the running instance. Calls of the same moment share it, so that it lives as long as that does. */
  #shared(): RustStream {
    if (this.#rust === undefined || this.#instance !== instanceId()) {
      this.#rust = engine(this.name, (exports) => new exports.Stream());
      this.#instance = instanceId();
      this.#version = undefined;
    }
    return this.#rust;
  }

  /** The lines from a number on. */
  async read(from: number, signal?: AbortSignal): Promise<readonly string[]> {
    const lines = await this.#journal.read(this.name, from, signal);
    this.report(from, lines);
    return lines;
  }

  /**
   * Stores a line. If the answer is lost, what stands in the journal decides: a line has the name of its worker and the hash of the one
   * before it, so one that is the same is this one. It rejects if that cannot be told either.
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

  /** Whether a line stands at a number, where another may stand; `undefined` if nothing does, or nobody can tell. */
  async #found(sequence: number, line: string): Promise<boolean | undefined> {
    try {
      const [there] = await this.#journal.read(this.name, sequence);
      if (there === undefined) return undefined;
      if (there !== line) return false;
      // It can be read, and may not be durable yet. A journal that refuses the number vouches for what has it.
      await this.#journal.append(this.name, sequence, line);
      return true;
    } catch {
      return undefined;
    }
  }

  /** Takes over what a run has read. */
  follow(run: InstanceType<Rust["Run"]>): void {
    const stream = this.#shared();
    engine(this.name, () => stream.follow(run));
  }

  /**
   * Writes an operator's events, if the state allows the command. A signal that fires before the first is written ends this; those that belong
   * to it are written nevertheless.
   */
  async operate(command: object, policy: string, now: () => number, by: string, signal?: AbortSignal): Promise<void> {
    // Once the first event is written the others belong to it; until then the state decides again each time.
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

  /** Writes the event of a command that has one, unless the stream has grown beyond this number of events. */
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

  /** Each event is reported once, whoever reads it. */
  private report(from: number, lines: readonly string[]): void {
    lines.forEach((line, index) => {
      const sequence = from + index;
      if (sequence !== this.#reported + 1) return;
      this.#reported = sequence;
      this.#listener(sequence, line);
    });
  }
}
