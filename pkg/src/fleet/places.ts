/**
 * A fixed number of places for each group of targets, shared by all workers of a fleet. A place is a lease, which
 * expires when its worker dies.
 */

import type { Lease, TokenStore } from "../auth/sharing.js";

/** How long a worker may be silent before another may take its place. */
const LEASE_MS = 15_000;

/** The places of all groups. @internal */
export class Places {
  readonly #store: TokenStore;
  readonly #number: number;

  constructor(store: TokenStore, number: number) {
    this.#store = store;
    this.#number = number;
  }

  /** Takes a place, and resolves with a function that releases it, or with `undefined` if all are taken. */
  async enter(group: string): Promise<(() => Promise<void>) | undefined> {
    for (let place = 0; place < this.#number; place++) {
      const lease: Lease | undefined = await this.#store.lease(`place/${group}/${place}`, LEASE_MS);
      if (lease === undefined) continue;
      const alive = setInterval(() => lease.extend?.(LEASE_MS).catch(() => undefined), LEASE_MS / 3);
      return async () => {
        clearInterval(alive);
        await lease.release().catch(() => undefined);
      };
    }
    return undefined;
  }
}
