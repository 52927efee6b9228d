/** Call rates shared by all workers of a fleet: one row for each kind of provider says when the next call may start. */

import { RequestAbortedError } from "../base/errors.js";
import type { Place } from "../postgres/place.js";
import type { FleetRate } from "./provider.js";

/** The rate limiter of a fleet's calls. @internal */
export class Pace {
  readonly #place: Place;
  readonly #rates: Readonly<Record<string, FleetRate>>;

  constructor(place: Place, rates: Readonly<Record<string, FleetRate>>) {
    this.#place = place;
    this.#rates = rates;
  }

  /** Waits for the turn of a call. Kinds without a rate never wait, and are never paused. */
  async turn(kind: string, signal: AbortSignal | undefined): Promise<void> {
    const rate = this.#rates[kind];
    if (rate === undefined) return;
    const step = 1000 / rate.perSecond;
    const waitMs = await this.#reserve(
      kind,
      `greatest(pace.free_at, clock_timestamp() - ${MS("$4")}) + ${MS("$3")}`,
      `free_at - ${MS("$3")}`,
      step,
      step * ((rate.burst ?? 1) - 1),
    );
    if (waitMs > 0) await pause(waitMs, signal);
  }

  /** Keeps all workers from calling providers of this kind for `ms` milliseconds. */
  async pause(kind: string, ms: number): Promise<void> {
    if (this.#rates[kind] === undefined) return;
    await this.#reserve(
      kind,
      `greatest(pace.free_at, clock_timestamp() + ${MS("$3")} + ${MS("$4")})`,
      "free_at",
      ms,
      0,
    );
  }

  /** Moves the row's time on. Resolves with the milliseconds until the call's own turn, by the server's clock. */
  async #reserve(kind: string, next: string, own: string, one: number, other: number): Promise<number> {
    const { database, schema, fleet, ready, failure } = this.#place;
    try {
      await ready();
      const [row] = await database.run(
        // This write may be lost in a crash of the server.
        `WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS setting)
        INSERT INTO ${schema}.pace AS pace (fleet, provider, free_at)
        SELECT $1::text, $2::text, clock_timestamp() + ${MS("$3")} FROM quick WHERE setting <> ''
        ON CONFLICT (fleet, provider) DO UPDATE SET free_at = ${next}
        RETURNING (extract(epoch FROM ${own} - clock_timestamp()) * 1000)::text AS wait`,
        fleet,
        kind,
        String(one),
        String(other),
      );
      return Number(row?.wait);
    } catch (error) {
      throw failure(error, "wait for the turn of a call");
    }
  }
}

const MS = (parameter: string): string => `${parameter}::double precision * interval '1 millisecond'`;

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      clearTimeout(timer);
      reject(new RequestAbortedError({ cause: signal?.reason }));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", over);
      resolve();
    }, ms);
    if (signal?.aborted) over();
    else signal?.addEventListener("abort", over, { once: true });
  });
}
