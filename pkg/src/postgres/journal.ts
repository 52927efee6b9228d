/**
 * A journal in Postgres, for any number of machines. The primary key `(fleet, stream, sequence)` provides the
 * compare-and-set: an insert whose key is taken does nothing. One statement, in a transaction of its own, checks that
 * the previous event exists and inserts.
 */

import type { Clock } from "../base/options.js";
import { checkAppend, gap, JournalError } from "../lifecycle/journals/error.js";
import { LOOK_BACK_MS } from "../lifecycle/journals/forgotten.js";
import type { Journal, Provider, Sink, StreamHead } from "../lifecycle/ports.js";
import type { PostgresClient, Row, Run } from "./client.js";
import { Folds } from "./folds.js";
import { Memory } from "./memory.js";
import { type Place, type PostgresOptions, placeOf } from "./place.js";
import { decoded, encoded } from "./text.js";

/** Options of {@link postgresJournal}. */
export interface PostgresJournalOptions extends PostgresOptions {
  /**
   * Whether to accept a server that does not sync what it has acknowledged (`fsync = off`). Such a server forgets
   * events when its machine fails, and a rotation that is forgotten issues twice: for tests only. Default: false.
   */
  readonly unsynced?: boolean | undefined;
  /**
   * How far back to search a control plane's records for credentials that the journal has forgotten, in milliseconds:
   * longer than the age of the oldest backup that might be restored. Default: 7 days.
   */
  readonly lookBackMs?: number | undefined;
  /** Called when the database is found to have been restored, or replaced by another one. */
  readonly onRestored?: (() => void) | undefined;
}

/** The longest name of a stream, in bytes: a longer one does not fit into an index together with the fleet's name. */
const LONGEST_STREAM = 2_000;

/**
 * Creates a journal in Postgres 13 or newer, over the caller's own `pg` pool or `postgres` client;
 * {@link migratePostgres} creates its tables. The client must reach the primary server, directly or through a pooler
 * in any mode.
 *
 * ```ts
 * import pg from "pg";
 * import { migratePostgres, postgresJournal } from "keyturn/postgres";
 * const pool = new pg.Pool({ connectionString });
 * await migratePostgres(pool);
 * const lifecycle = openLifecycle({ journal: postgresJournal(pool), targets });
 * ```
 * Its methods reject with a {@link JournalError}: `not_migrated`, `newer`, `denied`, `read_only`, `full`, `gap`, `unsupported`,
 * `unavailable`.
 *
 * @throws {@link ConfigurationError} if the client is of an unknown kind, or a name is invalid.
 */
export function postgresJournal(client: PostgresClient, options: PostgresJournalOptions = {}): Journal {
  return new PostgresJournal(client, options);
}

/** Options of {@link declareRestored}. */
export interface RestoreOptions extends PostgresOptions {
  /**
   * Whether events may have been lost. False states that the database has every event that was ever acknowledged, as
   * after an upgrade of the server or a failover to a standby that replicates synchronously, and undoes what was
   * noticed or declared before. Default: true.
   */
  readonly lost?: boolean | undefined;
}

/**
 * Declares that the database of a fleet was restored from a backup, so that its journal may have forgotten events. From
 * then on, a credential is issued for a target only if its control plane's list or records show that none was
 * forgotten, or if a person has resumed its rotation or adopted a credential.
 *
 * Restores from a dump, recoveries to a point in time and promoted standbys are noticed without this call. A copy of
 * the server's files that takes the place of the original is not. Call this function before the first worker starts
 * again.
 *
 * @throws {@link JournalError} as the journal does.
 */
export async function declareRestored(
  client: PostgresClient,
  { lost = true, ...options }: RestoreOptions = {},
): Promise<void> {
  await new PostgresJournal(client, { ...options, unsynced: true }).memory.declare(lost);
}

/** A read that waits to be sent together with others. */
interface Wanted {
  readonly stream: string;
  readonly from: number;
  resolve(events: readonly string[]): void;
  reject(error: unknown): void;
}

/** See {@link postgresJournal}. @internal */
export class PostgresJournal implements Journal {
  /** What the journal may have forgotten. @internal */
  readonly memory: Memory;
  readonly #place: Place;
  readonly #folds: Folds;
  #wanted: Wanted[] = [];

  constructor(
    client: PostgresClient,
    { unsynced = false, lookBackMs = LOOK_BACK_MS, onRestored, ...options }: PostgresJournalOptions,
  ) {
    this.#place = placeOf(client, "postgresJournal", options, ({ encoding, fsync }) => {
      if (encoding !== "UTF8")
        throw new JournalError("unsupported", `the database's encoding is ${encoding}, but must be UTF8`);
      if (fsync !== "on" && !unsynced)
        throw new JournalError("unsupported", "the server does not sync acknowledged writes to disk: fsync is off", {
          hint: "Turn `fsync` on. In a test, pass `unsynced: true`.",
        });
    });
    this.#folds = new Folds(this.#place);
    this.memory = new Memory(this.#place, (stream) => this.read(stream, 1), lookBackMs, onRestored);
  }

  kept(stream: string): Promise<{ readonly sequence: number; readonly fold: string } | undefined> {
    return this.#folds.kept(stream);
  }

  keep(stream: string, sequence: number, fold: string): Promise<void> {
    return this.#folds.keep({ stream, sequence, fold });
  }

  guard(target: string, provider: Provider, sinks: readonly Sink[], clock: Clock): Provider {
    return this.memory.guard(target, provider, sinks, clock);
  }

  async append(stream: string, sequence: number, event: string): Promise<boolean> {
    const { database, ready } = this.#checked(stream, sequence, event);
    await ready();
    return this.#append(database.run, stream, sequence, event);
  }

  /**
   * Appends an event, and calls `more` in the same transaction: either both take effect, or neither. If the number is
   * taken, `more` is not called.
   * @internal
   */
  async appendWith(
    stream: string,
    sequence: number,
    event: string,
    more: (run: Run) => Promise<void>,
  ): Promise<boolean> {
    const { database, ready, failure } = this.#checked(stream, sequence, event);
    await ready();
    try {
      return await database.transaction(async (run) => {
        // A worker that is cut off must not hold the key until the server gives up on its connection.
        await run("SET LOCAL idle_in_transaction_session_timeout = '10s'");
        const stored = await this.#append(run, stream, sequence, event);
        if (stored) await more(run);
        return stored;
      });
    } catch (error) {
      throw failure(error, `append to ${JSON.stringify(stream)}`, true);
    }
  }

  read(stream: string, from: number): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      this.#wanted.push({ stream, from: Math.max(1, Math.trunc(from)), resolve, reject });
      // Reads requested in one turn of the event loop are sent in one statement.
      if (this.#wanted.length === 1) setTimeout(() => void this.#readAll());
    });
  }

  async streams(): Promise<readonly StreamHead[]> {
    const { database, schema, fleet, ready, failure } = this.#place;
    await ready();
    try {
      // Steps from each stream's last event to that of the previous stream: the cost depends on the number of
      // streams, not of events.
      const rows = await database.run(
        `WITH RECURSIVE head AS (
          (SELECT stream, sequence FROM ${schema}.events WHERE fleet = $1 ORDER BY stream DESC, sequence DESC LIMIT 1)
          UNION ALL
          SELECT next.stream, next.sequence FROM head CROSS JOIN LATERAL (
            SELECT stream, sequence FROM ${schema}.events WHERE fleet = $1 AND stream < head.stream
            ORDER BY stream DESC, sequence DESC LIMIT 1) next)
        SELECT stream, sequence::text AS sequence FROM head`,
        fleet,
      );
      return rows.map((row) => ({ stream: decoded(String(row.stream)), version: String(row.sequence) }));
    } catch (error) {
      throw failure(error, "list the streams");
    }
  }

  #checked(stream: string, sequence: number, event: string): Place {
    checkAppend(stream, sequence, event);
    if (new TextEncoder().encode(encoded(stream)).length > LONGEST_STREAM)
      throw new JournalError("invalid", `the name of the stream has more than ${LONGEST_STREAM} bytes`);
    return this.#place;
  }

  async #append(run: Run, stream: string, sequence: number, event: string): Promise<boolean> {
    const { schema, fleet, failure } = this.#place;
    const before = `($3::bigint = 1 OR EXISTS (SELECT FROM ${schema}.events
      WHERE fleet = $1 AND stream = $2 AND sequence = $3::bigint - 1))`;
    let row: Row | undefined;
    try {
      // A role or database may be configured so that a commit does not wait until it is durable. This one must.
      [row] = await run(
        `WITH durable AS MATERIALIZED (
          SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit')
            WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true) AS setting),
        stored AS (
          INSERT INTO ${schema}.events (fleet, stream, sequence, event)
          SELECT $1::text, $2::text, $3::bigint, $4::text FROM durable WHERE setting <> '' AND ${before}
          ON CONFLICT (fleet, stream, sequence) DO NOTHING RETURNING 1)
        SELECT (SELECT count(*) FROM stored)::text AS stored, ${before}::text AS follows`,
        fleet,
        encoded(stream),
        String(sequence),
        encoded(event),
      );
    } catch (error) {
      throw failure(error, `append to ${JSON.stringify(stream)}`, true);
    }
    if (row?.stored === "1") return true;
    if (row?.follows !== "true") throw gap(stream, sequence);
    return false;
  }

  async #readAll(): Promise<void> {
    const { database, schema, fleet, ready, failure } = this.#place;
    const wanted = this.#wanted;
    this.#wanted = [];
    try {
      await ready();
      const rows = await database.run(
        `SELECT asked.place::text AS place, events.sequence::text AS sequence, events.event
        FROM jsonb_to_recordset($2::text::jsonb) AS asked (place integer, stream text, first bigint)
        JOIN ${schema}.events ON events.fleet = $1 AND events.stream = asked.stream COLLATE "C" AND events.sequence >= asked.first
        ORDER BY asked.place, events.sequence`,
        fleet,
        JSON.stringify(wanted.map(({ stream, from }, place) => ({ place, stream: encoded(stream), first: from }))),
      );
      const found = wanted.map((): Row[] => []);
      for (const row of rows) found[Number(row.place)]?.push(row);
      for (const [place, { stream, from, resolve, reject }] of wanted.entries()) {
        try {
          resolve(eventsOf(stream, from, found[place] ?? []));
        } catch (error) {
          reject(error);
        }
      }
    } catch (error) {
      const why = failure(error, "read events");
      for (const { reject } of wanted) reject(why);
    }
  }
}

/** Returns the events of rows, and checks that they are consecutive. */
function eventsOf(stream: string, from: number, rows: readonly Row[]): string[] {
  return rows.map((row, index) => {
    if (Number(row.sequence) !== from + index)
      throw new JournalError(
        "gap",
        `event ${from + index} of the stream ${JSON.stringify(stream)} is missing, but later events exist`,
        { hint: "It was removed. Restore the row from a backup." },
      );
    return decoded(String(row.event));
  });
}
