/** A target's stream: what was read of it stays in Rust, and only what is new is read again. */

import { InternalError } from "../base/errors.js";
import { LifecycleError, type LifecycleReason } from "./error.js";
import type { Journal } from "./ports.js";
import { instanceId, type Rust, rust } from "./wasm.js";

/** Rust's fold of a stream. */
export type RustStream = InstanceType<Rust["Stream"]>;

/** How often an operator's event is tried again when others write to the stream at the same moment. */
const TRIES = 20;

/** Runs something of the engine's. What it refuses becomes an error that names the target. */
export function engine<T>(target: string, run: (exports: Rust) => T): T {
  try {
    return rust(run);
  } catch (error) {
    if (typeof error !== "string") throw error;
    const [, word, sequence, message] = /^(\w+):(\d+):([^]*)$/.exec(error) ?? [];
    if (word === undefined || message === undefined) throw new InternalError("the engine failed without a reason");
    if (word === "invalid") throw new InternalError(`the engine was given what it cannot read: ${message}`);
    if (word !== "damaged" && word !== "newer" && word !== "out_of_place")
      throw new LifecycleError(target, word as LifecycleReason, message);
    throw new LifecycleError(target, `journal_${word}`, `event ${sequence} of the journal cannot be read: ${message}`, {
      sequence: Number(sequence),
      hint:
        word === "newer"
          ? "Update keyturn here before it goes on with this target. The journal is as it was."
          : "Nothing is done for this target until the journal is restored. `verify()` looks at all streams.",
    });
  }
}

/** Is told of events that are new to this process. */
export type Listener = (sequence: number, line: string) => void;

/** One target's stream. */
export class TargetStream {
  readonly name: string;
  readonly #journal: Journal;
  readonly #listener: Listener;
  #rust: RustStream | undefined;
  #instance = -1;
  /** The journal's version of the stream that was read; `undefined` if it was read without asking for one. */
  #version: string | undefined;
  /** The number of the last event that the listener was told of. */
  #told = 0;

  constructor(name: string, journal: Journal, listener: Listener) {
    this.name = name;
    this.#journal = journal;
    this.#listener = listener;
  }

  /**
   * Reads what is new. After a trap everything is new again. With the version that the journal's list has of the stream, nothing is read
   * if it is the one that was read before.
   */
  async refresh(version?: string): Promise<RustStream> {
    for (;;) {
      const known = this.#known();
      if (known !== undefined && version !== undefined && version === this.#version) return known;
      if (known === undefined) this.keep(engine(this.name, (exports) => new exports.Stream()));
      const from = this.#next();
      const lines = await this.read(from);
      // In the meantime somebody else may have refreshed it, a run may have put its own in its place and let go of this one, or a trap
      // may have ended it: what was read is fed to the one there is now.
      const stream = this.#known();
      const fed = this.#next() - from;
      if (stream === undefined || fed < 0) continue;
      if (fed < lines.length) engine(this.name, () => stream.feed(lines.slice(fed)));
      this.#version = version;
      return stream;
    }
  }

  /** What was read, if it is of the instance that runs. */
  #known(): RustStream | undefined {
    return this.#instance === instanceId() ? this.#rust : undefined;
  }

  /** The number of the first event that was not read. */
  #next(): number {
    const stream = this.#known();
    return stream === undefined ? 1 : engine(this.name, () => stream.sequence()) + 1;
  }

  /** The lines from a number on. */
  async read(from: number): Promise<readonly string[]> {
    const lines = await this.#journal.read(this.name, from);
    this.tell(from, lines);
    return lines;
  }

  /** Stores a line. */
  async append(sequence: number, line: string): Promise<boolean> {
    const stored = await this.#journal.append(this.name, sequence, line);
    if (stored) this.tell(sequence, [line]);
    return stored;
  }

  /**
   * Takes over what a run has read. What was kept before is not freed here, since others may hold it while they wait for the journal: the
   * runtime frees it once nobody does.
   */
  keep(stream: RustStream): void {
    // It may have read less than what the version belongs to.
    if (this.#rust !== stream) this.#version = undefined;
    this.#rust = stream;
    this.#instance = instanceId();
  }

  /** Writes an operator's events, if the state allows the command. */
  async operate(command: object, policy: string, now: () => number, by: string): Promise<void> {
    // Once the first event is written the others belong to it; until then the state decides anew each time.
    let rest: readonly unknown[] | undefined;
    for (let tries = 0; tries < TRIES; ) {
      const stream = await this.refresh();
      const events =
        rest ??
        (JSON.parse(engine(this.name, () => stream.operate(policy, JSON.stringify(command), now()))) as unknown[]);
      const [event, ...more] = events;
      if (event === undefined) return;
      const line = engine(this.name, () => stream.line(JSON.stringify(event), now(), by));
      if (await this.append(engine(this.name, () => stream.sequence()) + 1, line)) rest = more;
      else tries++;
    }
    throw new LifecycleError(this.name, "busy", "others keep writing to its journal; try again");
  }

  /** Writes the event of a command that has one, unless the stream has grown beyond this number of events. */
  async operateAt(sequence: number, command: object, policy: string, now: number, by: string): Promise<boolean> {
    const stream = await this.refresh();
    if (engine(this.name, () => stream.sequence()) !== sequence) return false;
    const [event] = JSON.parse(
      engine(this.name, () => stream.operate(policy, JSON.stringify(command), now)),
    ) as unknown[];
    const line = engine(this.name, () => stream.line(JSON.stringify(event), now, by));
    return this.append(sequence + 1, line);
  }

  /** Each event is told once, whoever read it. */
  private tell(from: number, lines: readonly string[]): void {
    lines.forEach((line, index) => {
      const sequence = from + index;
      if (sequence !== this.#told + 1) return;
      this.#told = sequence;
      this.#listener(sequence, line);
    });
  }
}
