/** The identity of a database, which tells a restored one from the one that a fleet wrote to. */

import type { Run } from "./client.js";

/**
 * The SQL of what distinguishes this database from a copy, besides the table itself: its cluster, and the timeline,
 * which changes with a promotion.
 */
const [CLUSTER, TIMELINE] = [
  "(SELECT system_identifier FROM pg_control_system())::text",
  "left(pg_walfile_name(pg_current_wal_lsn()), 8)",
] as const;

/** The error codes of functions that are missing, refused or not supported, as on managed servers. */
const UNUSABLE = new Set(["42501", "42883", "0A000"]);

/**
 * Identifies this very database. The identity changes with a restore from a dump, a recovery to a point in time, and
 * the promotion of a standby. A copy of the server's files that takes the place of the original has the same identity.
 * @internal
 */
export async function identityOf(run: Run, schema: string): Promise<string> {
  const table = `(SELECT oid FROM pg_database WHERE datname = current_database())::text || '/' ||
    ${`'${schema.replaceAll("'", "''")}.events'`}::regclass::oid::text`;
  const query = async (parts: readonly string[]): Promise<string> =>
    String((await run(`SELECT ${parts.join(" || '/' || ")} AS identity`))[0]?.identity);
  const unlessUnusable = (error: unknown): string => {
    if (UNUSABLE.has(String((error as { code?: unknown }).code))) return "";
    throw error;
  };
  return query([CLUSTER, TIMELINE, table]).catch(async (error: unknown) => {
    unlessUnusable(error);
    const [cluster, timeline] = [
      await query([CLUSTER]).catch(unlessUnusable),
      await query([TIMELINE]).catch(unlessUnusable),
    ];
    return `${cluster}/${timeline}/${await query([table])}`;
  });
}
