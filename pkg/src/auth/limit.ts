/**
 * A limit on token requests: how many an endpoint accepts in a minute, for all clients of a process and all that share
 * a store.
 */

import { type Deadline, elapsed, sleep, wait } from "../http/transport.js";
import type { TokenStore } from "./sharing.js";

const MINUTE_MS = 60_000;
/** The store's entry outlives the minute that it counts; the time that it has left tells how old it is. */
const KEPT_MS = 1.5 * MINUTE_MS;
/**
 * How often a write is tried. Others may write at the same time, but a store that never accepts the count is skipped.
 */
const TRIES = 50;

/** Counts the requests of the last minute, by URL. @internal */
export class Limit {
  readonly #most: number;
  readonly #sent = new Map<string, number[]>();

  /** @param most Requests in any minute. */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Resolves when a request may be sent, and counts that request.
   *
   * @param store Where other workers count theirs. A store that fails is skipped, and `failed` is called.
   * @param waiting Called with the milliseconds of each wait.
   */
  async pass(
    url: string,
    store: { readonly store: TokenStore; readonly key: string; readonly failed: (error: unknown) => void } | undefined,
    deadline: Deadline,
    waiting: (ms: number) => void,
  ): Promise<void> {
    for (;;) {
      const own = this.#free(url);
      const ms =
        own > 0
          ? own
          : store
            ? await wait(
                this.#shared(store.store, store.key).catch((error: unknown) => {
                  store.failed(error);
                  return 0;
                }),
                deadline,
              )
            : 0;
      // During the call to the store, another client of this process may have taken the slot.
      const now = ms > 0 ? ms : this.#free(url);
      if (now <= 0) {
        this.#sent.get(url)?.push(elapsed());
        return;
      }
      waiting(now);
      await sleep(now, deadline);
    }
  }

  /** Returns the milliseconds until one more request may be sent. */
  #free(url: string): number {
    const now = elapsed();
    const recent = (this.#sent.get(url) ?? []).filter((at) => now - at < MINUTE_MS);
    this.#sent.set(url, recent);
    return recent.length < this.#most ? 0 : (recent[0] as number) + MINUTE_MS - now;
  }

  /**
   * Does the same for all who share the store; returns 0 if this request was counted. Ages depend on the store's clock
   * alone.
   */
  async #shared(store: TokenStore, key: string): Promise<number> {
    for (let tries = 0; tries < TRIES; tries++) {
      const entry = await store.get(key);
      const passed = entry ? Math.max(0, KEPT_MS - entry.leftMs) : 0;
      const recent = ages(entry?.value)
        .map((age) => Math.floor(age + passed))
        .filter((age) => age < MINUTE_MS);
      if (recent.length >= this.#most) return MINUTE_MS - Math.max(...recent);
      if ((await store.compareAndSet(key, JSON.stringify([...recent, 0]), entry?.version, KEPT_MS)) !== undefined)
        return 0;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    }
    return 0;
  }
}

function ages(value: string | undefined): number[] {
  try {
    const read: unknown = JSON.parse(value ?? "[]");
    return Array.isArray(read) ? read.filter((age): age is number => typeof age === "number" && age >= 0) : [];
  } catch {
    return [];
  }
}
