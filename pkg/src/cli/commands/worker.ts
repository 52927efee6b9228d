/** `keyturn worker`: runs a worker of a fleet until it is stopped. */

import { once } from "node:events";
import { createServer } from "node:http";
import { hostname } from "node:os";
import type { FleetBoss } from "../../fleet.js";
import { openConfig } from "../config.js";
import type { Context } from "../context.js";
import { type Database, loadPackage } from "../database.js";
import { EXIT, type Exit, UsageError } from "../exit.js";
import type { Given } from "../given.js";

/** The part of `PgBoss` that is used. */
type Boss = FleetBoss & { stop(options: object): Promise<void> };

/** The part of the package `pg-boss` that is used. */
interface PgBossPackage {
  PgBoss: new (options: object) => Boss;
}

const PORT = 9464;

/** Creates the queue in the database, without starting it. */
export async function openBoss(context: Context, { url }: Database): Promise<Boss> {
  const { PgBoss } = await loadPackage<PgBossPackage>(context, "pg-boss");
  return new PgBoss({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    superviseIntervalSeconds: 10,
    monitorIntervalSeconds: 10,
  });
}

/** Takes jobs and answers probes until a signal arrives. Records go to standard output, one line of JSON each. */
export async function run(context: Context, given: Given): Promise<Exit> {
  const { migrateFleet, openFleet } = await import("../../fleet.js");
  await using opened = await openConfig(context);
  const { database, targets, config } = opened;
  if (database === undefined)
    throw new UsageError("a worker needs a database", { hint: "Pass --database, or set KEYTURN_DATABASE." });
  const log = (record: object): void => void context.out.write(`${JSON.stringify(record)}\n`);
  const boss = await openBoss(context, database);
  const { schema, pool } = database;
  const fleet = openFleet({
    boss,
    database: pool,
    schema,
    fleet: database.fleet,
    targets,
    worker: hostname(),
    concurrency: given.count("concurrency"),
    caps: config.caps,
    seal: opened.seal,
    logger: log,
  });
  const server = createServer(fleet.handler());
  const start = async (): Promise<void> => {
    if (given.flag("migrate")) {
      const migrated = await migrateFleet({ boss, database: pool, schema });
      log({ at: Date.now(), level: "info", event: "migrated", ...migrated });
    }
    await fleet.start();
  };
  try {
    const stopped = context.signal.aborted ? Promise.resolve() : once(context.signal, "abort");
    server.listen(given.count("port") ?? PORT, given.text("host") ?? "127.0.0.1");
    await Promise.race([once(server, "listening"), stopped]);
    // A database that does not answer at the start must not keep the process from stopping.
    await Promise.race([start(), stopped]);
    await stopped;
    return EXIT.done;
  } finally {
    await fleet.stop();
    server.close();
    server.closeAllConnections();
    await boss.stop({ graceful: false });
  }
}
