/** The events of a lifecycle, for whoever reads them as they come. */

import type { KeyturnError } from "../base/errors.js";
import { LifecycleError } from "./error.js";
import type { LifecycleEvent } from "./model.js";

/**
 * How many events wait for a reader. One that is further behind gets an error instead of a gap, and instead of filling
 * the memory of a process that runs for months.
 */
const MOST = 10_000;

interface Waiter {
  resolve(result: IteratorResult<LifecycleEvent, undefined>): void;
  reject(error: unknown): void;
}

/** A queue of events, each of which one call of `next` gets. */
export class EventQueue implements AsyncIterableIterator<LifecycleEvent, undefined> {
  readonly #events: LifecycleEvent[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #ended: (queue: EventQueue) => void;
  #over = false;
  #failure: KeyturnError | undefined;

  /** @param ended Called once, when nothing is to be pushed any more. */
  constructor(ended: (queue: EventQueue) => void) {
    this.#ended = ended;
  }

  /** Adds an event. */
  push(event: LifecycleEvent): void {
    if (this.#over) return;
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve({ done: false, value: event });
    else if (this.#events.length < MOST) this.#events.push(event);
    else this.#fallBehind(event);
  }

  #fallBehind(event: LifecycleEvent): void {
    this.#failure = new LifecycleError(
      event.target,
      "behind",
      `more than ${MOST} events are unread; later ones were dropped`,
      {
        hint: "Read the later events with `history`, and call `events` again.",
      },
    );
    this.end();
  }

  /** Ends the queue with an error: the next call of `next` rejects with it, and so does one that waits. */
  abort(error: KeyturnError): void {
    if (this.#over) return;
    this.#events.length = 0;
    const [first] = this.#waiters.splice(0, 1);
    if (first) first.reject(error);
    else this.#failure = error;
    this.end();
  }

  /** Says that no more events come. Those that wait can still be read. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended(this);
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
  }

  async next(): Promise<IteratorResult<LifecycleEvent, undefined>> {
    const value = this.#events.shift();
    if (value !== undefined) return { done: false, value };
    const failure = this.#failure;
    if (failure !== undefined) {
      this.#failure = undefined;
      throw failure;
    }
    if (this.#over) return { done: true, value: undefined };
    return new Promise((resolve, reject) => void this.#waiters.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<LifecycleEvent, undefined>> {
    this.#events.length = 0;
    this.#failure = undefined;
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
