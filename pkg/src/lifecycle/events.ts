/** The events of a lifecycle, for whoever reads them as they come. */

import { LifecycleError } from "./error.js";
import type { LifecycleEvent } from "./model.js";

/**
 * How many events wait for a reader. One that is further behind gets an error instead of a gap, and instead of filling
 * the memory of a process that runs for months.
 */
const MOST = 10_000;

type Waiter = (result: IteratorResult<LifecycleEvent, undefined>) => void;

/** A queue of events, each of which one call of `next` gets. */
export class EventQueue implements AsyncIterableIterator<LifecycleEvent, undefined> {
  readonly #events: LifecycleEvent[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #ended: (queue: EventQueue) => void;
  #over = false;
  #failure: LifecycleError | undefined;

  /** @param ended Called once, when nothing is to be pushed any more. */
  constructor(ended: (queue: EventQueue) => void) {
    this.#ended = ended;
  }

  /** Adds an event. */
  push(event: LifecycleEvent): void {
    if (this.#over) return;
    const waiter = this.#waiters.shift();
    if (waiter) waiter({ done: false, value: event });
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

  /** Says that no more events come. Those that wait can still be read. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended(this);
    for (const waiter of this.#waiters.splice(0)) waiter({ done: true, value: undefined });
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
    return new Promise((resolve) => void this.#waiters.push(resolve));
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
