/** Sealed copies of answers in Postgres: any machine of a fleet can continue with the secret of a worker that died. */

import type { SealStore } from "../lifecycle/ports.js";
import type { PostgresClient, Row } from "./client.js";
import { type PostgresOptions, placeOf } from "./place.js";
import { encoded } from "./text.js";

/**
 * Creates a store of sealed copies in Postgres 13 or newer, on the same pool as the journal; {@link migratePostgres}
 * creates its table. A row is deleted once nobody needs the copy. The table is `UNLOGGED`, so no copy reaches the
 * write-ahead log, replicas or archives. A crash of the server empties the table, which costs another credential for
 * each rotation whose process died as well. Deleted copies stay in the table's file until `VACUUM`, and copies also end
 * up in dumps and in copies of the disk, always encrypted.
 *
 * ```ts
 * const seal = { store: postgresSeals(pool), key: await readFile("/etc/keyturn/seal.key") };
 * ```
 * Its methods reject with a {@link JournalError}, as the journal's do.
 *
 * @throws {@link ConfigurationError} if the client is of an unknown kind, or a name is invalid.
 */
export function postgresSeals(client: PostgresClient, options: PostgresOptions = {}): SealStore {
  const { database, schema, fleet, ready, failure } = placeOf(client, "postgresSeals", options);
  const seals = `${schema}.seals`;
  const run = async (doing: string, text: string, ...values: string[]): Promise<readonly Row[]> => {
    try {
      await ready();
      return await database.run(text, fleet, ...values);
    } catch (error) {
      throw failure(error, `${doing} a sealed copy`, true);
    }
  };
  return {
    async put(marker, sealed) {
      await run(
        "keep",
        `INSERT INTO ${seals} AS copy (fleet, marker, sealed) VALUES ($1, $2, $3)
        ON CONFLICT (fleet, marker) DO UPDATE SET sealed = excluded.sealed`,
        encoded(marker),
        sealed,
      );
    },
    async get(marker) {
      const text = `SELECT sealed FROM ${seals} WHERE fleet = $1 AND marker = $2`;
      const [row] = await run("read", text, encoded(marker));
      return row && String(row.sealed);
    },
    async delete(marker) {
      await run("delete", `DELETE FROM ${seals} WHERE fleet = $1 AND marker = $2`, encoded(marker));
    },
  };
}
