/** Tokens shared through Postgres, so that a fleet needs no Redis. */

import type { TokenStore } from "../auth/sharing.js";
import type { PostgresClient, Row } from "./client.js";
import { type PostgresOptions, placeOf } from "./place.js";

/** How many expired entries each write removes at most. */
const SWEPT = 8;

/**
 * Creates a token store in Postgres 13 or newer, on the same pool as the journal; {@link migratePostgres} creates its
 * table. Expiry goes by the server's clock, and each comparison is one statement together with its write. The table is
 * `UNLOGGED`: tokens do not reach the write-ahead log, and a crash of the server empties it. Exclude it from backups
 * (`pg_dump --exclude-table-data`). Wrap the store in `encryptedStore` to hide tokens from those who may read the
 * table.
 *
 * @throws {@link ConfigurationError} if the client is of an unknown kind, or a name is invalid.
 */
export function postgresStore(client: PostgresClient, options: PostgresOptions = {}): TokenStore {
  const { database, schema, fleet, ready, failure } = placeOf(client, "postgresStore", options);
  const tokens = `${schema}.tokens`;
  const NOW = "clock_timestamp()";
  const until = (parameter: string): string => `${NOW} + ${parameter}::double precision * interval '1 millisecond'`;

  const run = async (text: string, ...values: (string | null)[]): Promise<readonly Row[]> => {
    try {
      await ready();
      return await database.run(text, fleet, ...values);
    } catch (error) {
      throw failure(error, "reach the tokens", true);
    }
  };

  /**
   * Writes an entry if there is none or it has expired. Resolves with its version, or `undefined` if there is an entry.
   */
  const add = async (key: string, value: string, ttlMs: number): Promise<string | undefined> => {
    const version = crypto.randomUUID();
    const rows = await run(
      `WITH old AS MATERIALIZED (SELECT key FROM ${tokens} WHERE fleet = $1 AND expires <= ${NOW} AND key <> $2
          LIMIT ${SWEPT} FOR UPDATE SKIP LOCKED),
        swept AS (DELETE FROM ${tokens} USING old WHERE tokens.fleet = $1 AND tokens.key = old.key)
      INSERT INTO ${tokens} AS entry (fleet, key, value, version, expires)
      VALUES ($1, $2, $3, $4, ${until("$5")})
      ON CONFLICT (fleet, key) DO UPDATE SET value = excluded.value, version = excluded.version, expires = excluded.expires
      WHERE entry.expires <= ${NOW} RETURNING version`,
      key,
      value,
      version,
      String(ttlMs),
    );
    return rows.length > 0 ? version : undefined;
  };

  const change = async (key: string, set: string, expected: string, ...values: string[]): Promise<boolean> => {
    const rows = await run(
      `UPDATE ${tokens} SET ${set} WHERE fleet = $1 AND key = $2 AND version = $3 AND expires > ${NOW} RETURNING version`,
      key,
      expected,
      ...values,
    );
    return rows.length > 0;
  };

  const remove = async (key: string, version: string | undefined): Promise<void> => {
    await run(
      `DELETE FROM ${tokens} WHERE fleet = $1 AND key = $2 AND version = coalesce($3, version)`,
      key,
      version ?? null,
    );
  };

  return {
    async get(key) {
      const [row] = await run(
        `SELECT value, version, (extract(epoch FROM expires - ${NOW}) * 1000)::text AS left
        FROM ${tokens} WHERE fleet = $1 AND key = $2 AND expires > ${NOW}`,
        key,
      );
      return row && { value: String(row.value), version: String(row.version), leftMs: Number(row.left) };
    },
    async compareAndSet(key, value, expected, ttlMs) {
      if (expected === undefined) return add(key, value, ttlMs);
      const version = crypto.randomUUID();
      const set = `value = $4, version = $5, expires = ${until("$6")}`;
      return (await change(key, set, expected, value, version, String(ttlMs))) ? version : undefined;
    },
    async lease(key, ttlMs) {
      const name = `${key}.lease`;
      const own = await add(name, "", ttlMs);
      if (own === undefined) return undefined;
      return {
        release: () => remove(name, own),
        extend: (ttlMs) => change(name, `expires = ${until("$4")}`, own, String(ttlMs)),
      };
    },
    delete: remove,
  };
}
