/** The tables of a fleet: those of the journal, and those of the queue. */

import { databaseOf, type PgPool, quoted } from "../postgres/client.js";
import { failure } from "../postgres/failure.js";
import { TIMEOUT_MS } from "../postgres/place.js";
import { type MigrationOptions, migratePostgres } from "../postgres/schema.js";
import { type FleetBoss, startBoss } from "./queue.js";

/** Options of {@link migrateFleet}. */
export interface FleetMigration extends MigrationOptions {
  /**
   * A `PgBoss` of the package `pg-boss` that connects as the role that owns its tables. It is started here; the caller
   * stops it.
   */
  readonly boss: FleetBoss;
  /** A pool of the package `pg` that connects as the role that owns the journal's tables. */
  readonly database: PgPool;
  /** The schema of pg-boss's tables. Default: `"pgboss"`. */
  readonly bossSchema?: string | undefined;
}

/**
 * Creates or migrates the tables of the journal and of pg-boss, and grants the workers' roles what they need in both.
 * Those roles cannot create or alter tables: give their `PgBoss` the options `migrate: false` and
 * `createSchema: false`.
 *
 * @returns The version of the journal's schema before and after.
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
