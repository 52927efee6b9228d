/**
 * Cached states of streams, so that a program which only displays them need not read all events. A fold that is
 * missing, old or wrong only costs time: it is checked against the event that it ends with, and a program that acts
 * reads the events.
 */

import type { Place } from "./place.js";
import { encoded } from "./text.js";

/** A fold as the journal stores it. */
interface Kept {
  readonly sequence: number;
  readonly fold: string;
}

/** The stored folds. Calls made in one turn of the event loop are sent in one statement. @internal */
export class Folds {
  readonly kept: (stream: string) => Promise<Kept | undefined>;
  readonly keep: (entry: Kept & { readonly stream: string }) => Promise<void>;
  /** Whether this role may not write folds. */
  #isRefused = false;

  constructor({ database, schema, fleet, ready, failure }: Place) {
    this.kept = together(async (streams: readonly string[]) => {
      await ready();
      const rows = await database.run(
        `SELECT asked.place::text AS place, folds.sequence::text AS sequence, folds.fold
        FROM jsonb_array_elements_text($2::text::jsonb) WITH ORDINALITY AS asked (stream, place)
        JOIN ${schema}.folds ON folds.fleet = $1 AND folds.stream = asked.stream COLLATE "C"`,
        fleet,
        JSON.stringify(streams.map(encoded)),
      );
      const found = new Map(
        rows.map(({ place, sequence, fold }) => [Number(place), { sequence: Number(sequence), fold: String(fold) }]),
      );
      return streams.map((_, index) => found.get(index + 1));
    });
    this.keep = together(async (entries: readonly (Kept & { readonly stream: string })[]) => {
      if (this.#isRefused) return entries.map(() => undefined);
      try {
        await database.run(
          // This write may be lost in a crash of the server.
          `WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS setting)
          INSERT INTO ${schema}.folds AS folds (fleet, stream, sequence, fold)
          SELECT $1::text, one.stream, one.sequence, one.fold
          FROM quick, jsonb_to_recordset($2::text::jsonb) AS one (stream text, sequence bigint, fold text) WHERE quick.setting <> ''
          ON CONFLICT (fleet, stream) DO UPDATE SET sequence = excluded.sequence, fold = excluded.fold
          WHERE folds.sequence < excluded.sequence`,
          fleet,
          JSON.stringify(entries.map(({ stream, sequence, fold }) => ({ stream: encoded(stream), sequence, fold }))),
        );
      } catch (error) {
        // A role that may only read does not try again.
        this.#isRefused = ["denied", "read_only"].includes(failure(error, "keep folds").reason);
      }
      return entries.map(() => undefined);
    });
  }
}

/** Combines the calls of one turn of the event loop into one call of `work`. */
function together<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  let waiting: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = [];
  const send = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    try {
      const results = await work(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ item, resolve, reject }) === 1) setTimeout(() => void send());
    });
}
