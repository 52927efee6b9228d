// A worker process of a fleet: `node fleet-worker.mjs`, described by the variable FLEET_WORKER. Its parent sends it
// messages when to sweep, and it shuts down at SIGTERM as a worker should.
import { createRequire } from "node:module";
import { join } from "node:path";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { fleetTargets } from "./fleet-targets.mjs";

const { folder, url, fleet: name, description, worker } = JSON.parse(process.env.FLEET_WORKER);
const require = createRequire(join(folder, "load.cjs"));
const { openFleet } = require("keyturn/fleet");
const { postgresStore } = require("keyturn/postgres");

const say = (record) => console.log(JSON.stringify(record));
const database = new pg.Pool({ connectionString: url, max: 6 });
database.on("error", (error) => say({ event: "pool", message: error.message }));
const boss = new PgBoss({
  connectionString: url,
  max: 4,
  superviseIntervalSeconds: 1,
  monitorIntervalSeconds: 1,
  registerInstance: false,
});
const tokenStore = postgresStore(database, { fleet: name, timeoutMs: 2000 });
const { targets } = fleetTargets(folder, description, { tokenStore });
const fleet = openFleet({
  boss,
  database,
  fleet: name,
  targets,
  worker,
  caps: { atATime: 100 },
  concurrency: 4,
  pollSeconds: 0.5,
  timeoutMs: 2000,
  drainMs: 3000,
  lookBackMs: 3_600_000,
  logger: say,
});
process.on("message", async ({ tick, rotate, metrics }) => {
  try {
    if (tick) await fleet.tick();
    for (const target of rotate ?? []) await fleet.rotate(target);
    if (rotate) process.send({ rotated: rotate.length });
    if (metrics) process.send({ metrics: await fleet.metrics() });
  } catch (error) {
    say({ event: "message", code: error.code, message: error.message });
    if (rotate) process.send({ failed: error.message });
  }
});
process.once("SIGTERM", async () => {
  await fleet.stop();
  await boss.stop({ graceful: false });
  await database.end();
  process.exit(0);
});
// The database may be away just when a worker starts.
for (;;) {
  try {
    await fleet.start();
    break;
  } catch (error) {
    say({ event: "start", code: error.code, message: error.message });
    process.exit(75);
  }
}
process.send({ started: true });
