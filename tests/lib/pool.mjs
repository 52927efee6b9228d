// Pools of connections to a test's Postgres.
import pg from "pg";

/** Opens a pool whose idle connections a test may cut off; without a listener, that would end the process. */
export function openPool(url, options = {}) {
  const pool = new pg.Pool({ connectionString: url, max: 8, ...options });
  pool.on("error", () => {});
  return pool;
}
