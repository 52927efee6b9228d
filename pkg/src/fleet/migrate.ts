/** The tables of a fleet: those of the journal, and those of the queue. */

import { databaseOf, type PgPool, quoted } from "../postgres/client.js";
import { failure } from "../postgres/failure.js";
import { TIMEOUT_MS } from "../postgres/place.js";
import { type MigrationOptions, migratePostgres } from "../postgres/schema.js";
import { type FleetBoss, startBoss } from "./queue.js";

/** Options of {@link migrateFleet}. */
export interface FleetMigration extends MigrationOptions {
  /** A `PgBoss` of the package `pg-boss` that connects as the role that owns its tables. It is started, and left to the caller to stop. */
  readonly boss: FleetBoss;
  /** A pool of the package `pg` that connects as the role that owns the journal's tables. */
  readonly database: PgPool;
  /** The schema of pg-boss, if it has another name there. Default: `"pgboss"`. */
  readonly bossSchema?: string | undefined;
}

/**
 * Creates the tables of the journal and of pg-boss, or migrates them, and grants the roles of the workers what they need in both. Workers
 * that connect as such a role can create and change no table: give their `PgBoss` the options `migrate: false` and `createSchema: false`.
 *
 * @returns The version that the journal's schema had and the one that it has.
 * @throws {@link JournalError}, {@link QueueError} if the role may not do this, or the database cannot be reached.
 */
export async function migrateFleet({
  boss,
  database,
  bossSchema = "pgboss",
  ...options
}: FleetMigration): Promise<{ readonly from: number; readonly to: number }> {
  const done = await migratePostgres(database, options);
  await startBoss(boss);
  const { run } = databaseOf(database, "migrateFleet", options.timeoutMs ?? TIMEOUT_MS);
  const name = quoted(bossSchema);
  try {
    for (const role of (options.workers ?? []).map(quoted)) {
      await run(`GRANT USAGE ON SCHEMA ${name} TO ${role}`);
      await run(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${name} TO ${role}`);
    }
  } catch (error) {
    throw failure(error, `grant rights in the schema ${bossSchema}`, bossSchema);
  }
  return done;
}
