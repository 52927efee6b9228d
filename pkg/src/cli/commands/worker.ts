/** `keyturn worker`: runs a worker of a fleet until it is stopped. */

import { once } from "node:events";
import { createServer } from "node:http";
import { hostname } from "node:os";
import type { FleetBoss } from "../../fleet.js";
import { openConfig } from "../config.js";
import type { Context } from "../context.js";
import { loadPackage } from "../database.js";
import { EXIT, type Exit, UsageError } from "../exit.js";
import type { Given } from "../given.js";

/** The part of the package `pg-boss` that is used. */
interface PgBossPackage {
  PgBoss: new (options: object) => FleetBoss & { stop(options: object): Promise<void> };
}

const PORT = 9464;

/** Takes jobs and answers probes until a signal arrives. Records go to standard output, one line of JSON each. */
export async function run(context: Context, given: Given): Promise<Exit> {
  const { openFleet } = await import("../../fleet.js");
  await using opened = await openConfig(context);
  const { database, targets, config } = opened;
  if (database === undefined)
    throw new UsageError("a worker needs a database", { hint: "Give --database, or set KEYTURN_DATABASE." });
  const log = (record: object): void => void context.out.write(`${JSON.stringify(record)}\n`);
  if (given.flag("migrate")) {
    const { migratePostgres } = await import("../../postgres.js");
    log({ at: Date.now(), level: "info", event: "migrated", ...(await migratePostgres(database.pool)) });
  }
  const { PgBoss } = await loadPackage<PgBossPackage>(context, "pg-boss");
  const boss = new PgBoss({
    connectionString: database.url,
    superviseIntervalSeconds: 10,
    monitorIntervalSeconds: 10,
  });
  const fleet = openFleet({
    boss,
    database: database.pool,
    fleet: database.fleet,
    targets,
    worker: hostname(),
    concurrency: given.count("concurrency"),
    caps: config.caps,
    logger: log,
  });
  const server = createServer(fleet.handler());
  try {
    const stopped = context.signal.aborted ? Promise.resolve() : once(context.signal, "abort");
    server.listen(given.count("port") ?? PORT, given.text("host") ?? "127.0.0.1");
    await Promise.race([once(server, "listening"), stopped]);
    await fleet.start();
    await stopped;
    return EXIT.done;
  } finally {
    await fleet.stop();
    server.close();
    server.closeAllConnections();
    await boss.stop({ graceful: false });
  }
}
