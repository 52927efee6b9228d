// The typed pools and clients of both packages are accepted, and a single connection is not.
import { openFleet } from "keyturn/fleet";
import { migratePostgres, postgresJournal, postgresStore } from "keyturn/postgres";
import pg from "pg";
import { PgBoss } from "pg-boss";
import postgres from "postgres";

const pool = new pg.Pool();
const sql = postgres("");
postgresJournal(pool, { fleet: "one" }) satisfies { close?(): unknown };
postgresJournal(sql, { schema: "other" });
postgresStore(pool);
postgresStore(sql);
migratePostgres(pool, { workers: ["worker"] });
migratePostgres(sql).then(({ from, to }) => from < to);
// @ts-expect-error A Client is one connection.
postgresJournal(new pg.Client());
// @ts-expect-error A text is no client.
postgresStore("postgres://");
openFleet({ boss: new PgBoss("postgres://"), database: pool, targets: {} }).start();
// @ts-expect-error A pool is no queue.
openFleet({ boss: pool, database: pool, targets: {} });
