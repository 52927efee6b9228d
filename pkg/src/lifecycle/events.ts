/** The events of a lifecycle, queued for readers that follow them live. */

import type { KeyturnError } from "../base/errors.js";
import { LifecycleError } from "./error.js";
import type { LifecycleEvent } from "./model.js";

/**
 * The largest number of events that wait for a reader. A reader that is further behind gets an error, rather than a gap
 * or a queue that fills the memory of a process that runs for months.
 */
const MOST = 10_000;

interface Waiter {
  resolve(result: IteratorResult<LifecycleEvent, undefined>): void;
  reject(error: unknown): void;
}

/** A queue of events. Each event goes to one call of `next`. */
export class EventQueue implements AsyncIterableIterator<LifecycleEvent, undefined> {
  readonly #events: LifecycleEvent[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #ended: (queue: EventQueue) => void;
  #over = false;
  #failure: KeyturnError | undefined;

  /** @param ended Called once, when the queue accepts no more events. */
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

  /**
   * Discards the unread events, and ends the queue with an error: the first waiting call of `next` rejects with it, or
   * the following call if none waits.
   */
  abort(error: KeyturnError): void {
    if (this.#over) return;
    this.#events.length = 0;
    const [first] = this.#waiters.splice(0, 1);
    if (first) first.reject(error);
    else this.#failure = error;
    this.end();
  }

  /** Ends the queue. Events that are already queued can still be read. */
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
