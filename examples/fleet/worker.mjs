// A worker of a fleet, as a program for `compose.yaml` and `kubernetes.yaml`. `node worker.mjs migrate` creates the tables and exits.
import { createServer } from "node:http";
import { migrateFleet, openFleet } from "keyturn/fleet";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { targets } from "./targets.mjs";

const { DATABASE_URL: connectionString, FLEET: fleet = "default", PORT = "9464", HOSTNAME: worker } = process.env;
const log = (record) => console.log(JSON.stringify(record));
const database = new pg.Pool({ connectionString, max: 12, connectionTimeoutMillis: 5_000 });
const boss = new PgBoss({
  connectionString,
  max: 6,
  connectionTimeoutMillis: 5_000,
  superviseIntervalSeconds: 10,
  monitorIntervalSeconds: 10,
});
database.on("error", ({ message }) => log({ level: "warn", event: "pool", message }));

if (process.argv[2] === "migrate") {
  boss.on("error", ({ message }) => log({ level: "warn", event: "queue", message }));
  const workers = process.env.WORKER_ROLE ? [process.env.WORKER_ROLE] : [];
  log({ level: "info", event: "migrated", ...(await migrateFleet({ boss, database, workers })) });
  await boss.stop({ graceful: false });
  await database.end();
} else {
  const running = openFleet({ fleet, boss, database, targets: targets({ database, fleet }), worker, logger: log });
  const server = createServer(running.handler()).listen(Number(PORT));

  const stop = async () => {
    await running.stop();
    server.close();
    await boss.stop({ graceful: false });
    await database.end();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, stop);
  await running.start();
}
