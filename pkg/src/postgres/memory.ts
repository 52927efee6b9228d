/**
 * Notices when the journal may have forgotten events. A database that was restored from a backup, or a standby that was
 * promoted, may lack the latest ones. `lifecycle/journals/forgotten.ts` decides what this means for the next issue.
 *
 * The table `marks` records which database a fleet writes to. When it changes, `heads` records the length that each
 * stream has at this moment: later events were written by workers that know of the restore.
 */

import type { Clock } from "../base/options.js";
import { guarded, type Recollection } from "../lifecycle/journals/forgotten.js";
import type { Provider, Sink } from "../lifecycle/ports.js";
import { identityOf } from "./identity.js";
import type { Place } from "./place.js";
import { encoded } from "./text.js";

/** A function that reads the events of a stream. */
type Read = (stream: string) => Promise<readonly string[]>;

/** What the journal of a fleet may have forgotten. @internal */
export class Memory {
  readonly #place: Place;
  readonly #read: Read;
  readonly #lookBackMs: number;
  readonly #onRestored: (() => void) | undefined;

  constructor(place: Place, read: Read, lookBackMs: number, onRestored: (() => void) | undefined) {
    this.#place = place;
    this.#read = read;
    this.#lookBackMs = lookBackMs;
    this.#onRestored = onRestored;
  }

  /**
   * Checks whether the fleet's database has been replaced by another one, and records it. Resolves with the number of
   * restores that were noticed or declared.
   */
  async look(): Promise<number> {
    const { database, schema, fleet, ready, failure } = this.#place;
    await ready();
    try {
      const here = await identityOf(database.run, schema);
      // The fleet's first worker may start after the restore, so the identity recorded when the tables were created
      // counts.
      await database.run(
        `INSERT INTO ${schema}.marks (fleet, identity)
        SELECT $1, coalesce((SELECT identity FROM ${schema}.marks WHERE fleet = ''), $2) WHERE NOT EXISTS
          (SELECT FROM ${schema}.marks WHERE fleet = $1) ON CONFLICT (fleet) DO NOTHING`,
        fleet,
        here,
      );
      if (await this.#declare(here, "AND identity <> $2")) this.#onRestored?.();
      const [row] = await database.run(
        `SELECT restores::text AS restores FROM ${schema}.marks WHERE fleet = $1`,
        fleet,
      );
      return Number(row?.restores);
    } catch (error) {
      throw failure(error, "compare the database with the fleet's earlier one", true);
    }
  }

  /** Records that the database was restored, whatever its identity, or that nothing is missing from it. */
  async declare(lost: boolean): Promise<void> {
    const { database, schema, fleet, failure } = this.#place;
    await this.look();
    try {
      if (lost) await this.#declare(await identityOf(database.run, schema), "");
      else await database.run(`UPDATE ${schema}.marks SET restores = 0 WHERE fleet = $1`, fleet);
    } catch (error) {
      throw failure(error, "record the restore", true);
    }
  }

  /**
   * Records a restore in one statement, so that only one of several workers that notice it records the lengths of the
   * streams.
   */
  async #declare(here: string, condition: string): Promise<boolean> {
    const { database, schema, fleet } = this.#place;
    const rows = await database.run(
      `WITH changed AS (
        UPDATE ${schema}.marks SET identity = $2, restores = restores + 1, noticed = clock_timestamp()
        WHERE fleet = $1 ${condition} RETURNING fleet),
      old AS (DELETE FROM ${schema}.heads USING changed WHERE heads.fleet = changed.fleet AND NOT EXISTS (
        SELECT FROM ${schema}.events WHERE events.fleet = heads.fleet AND events.stream = heads.stream)),
      kept AS (INSERT INTO ${schema}.heads (fleet, stream, sequence)
        SELECT events.fleet, events.stream, max(events.sequence) FROM ${schema}.events JOIN changed USING (fleet)
        GROUP BY events.fleet, events.stream
        ON CONFLICT (fleet, stream) DO UPDATE SET sequence = excluded.sequence)
      SELECT fleet FROM changed`,
      fleet,
      here,
    );
    return rows.length > 0;
  }

  /** Returns how many events the target had when the database was restored; `undefined` if it never was. */
  async #restoredAt(target: string): Promise<number | undefined> {
    if ((await this.look()) === 0) return undefined;
    const { database, schema, fleet, failure } = this.#place;
    try {
      const [row] = await database.run(
        `SELECT sequence::text AS sequence FROM ${schema}.heads WHERE fleet = $1 AND stream = $2`,
        fleet,
        encoded(target),
      );
      return Number(row?.sequence ?? 0);
    } catch (error) {
      throw failure(error, `look for the restore of ${target}`);
    }
  }

  /** Wraps the provider of a target so that it looks for forgotten credentials before it issues one. */
  guard(target: string, provider: Provider, sinks: readonly Sink[], clock: Clock): Provider {
    const recollection: Recollection = {
      what: "database",
      always: true,
      lookBackMs: this.#lookBackMs,
      read: this.#read,
      restoredAt: (of) => this.#restoredAt(of),
    };
    return guarded(recollection, target, provider, sinks, clock);
  }
}
