// A fleet under an operator's conditions: roles with the least privileges, two schemas, clocks that differ, a pooler in
// between, a long database outage, and a worker that is told to stop before it has started.
import "../lib/newer-node.mjs";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { PgBoss } from "pg-boss";
import { installed } from "../lib/installed.mjs";
import { ControlPlane, MemorySink } from "../lib/lifecycle-world.mjs";
import { startPartition } from "../lib/partition.mjs";
import { startPgBouncer } from "../lib/pgbouncer.mjs";
import { openPool } from "../lib/pool.mjs";
import { startPostgres } from "../lib/postgres.mjs";
import { until } from "../lib/until.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const { migratePostgres } = require("keyturn/postgres");
const { migrateFleet, openFleet } = require("keyturn/fleet");

const QUICK = { grace: 0, callDeadline: 15_000, margin: 50, hold: 20_000, poll: 200, backoff: 50, maxBackoff: 200 };

let server;
let owner;
const ends = [];
function connect(url, options = {}) {
  const pool = openPool(url, options);
  ends.push(() => pool.end());
  return pool;
}

/** Starts a separate queue, and records the errors that it reports. */
function queue(url, options = {}) {
  const boss = new PgBoss({
    connectionString: url,
    max: 6,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    maintenanceIntervalSeconds: 1,
    ...options,
  });
  const errors = [];
  boss.on("error", (error) => errors.push(error));
  ends.push(() => boss.stop({ graceful: false }));
  return Object.assign(boss, { errors });
}

before(async () => {
  server = await startPostgres();
  owner = connect(server.url());
  for (const role of ["worker", "stranger"]) await owner.query(`CREATE ROLE ${role} LOGIN`);
  const boss = queue(server.url());
  await migrateFleet({ boss, database: owner, workers: ["worker"] });
});
after(async () => {
  for (const end of ends.reverse()) await end();
  await server.stop();
});

let fleets = 0;
const name = () => `o${++fleets}`;

function world(number, policy = QUICK) {
  const clock = { now: () => Date.now() };
  const made = Array.from({ length: number }, () => {
    const plane = new ControlPlane({ clock });
    const sink = new MemorySink();
    const { clientId, secret } = plane.make("by hand");
    sink.put({ clientId, clientSecret: secret });
    return { plane, sink, target: { provider: plane.provider, sinks: [sink.sink], policy } };
  });
  const targets = Object.fromEntries(made.map(({ target }, index) => [`t${index}`, target]));
  return { made, targets, names: Object.keys(targets) };
}

function open(options) {
  const records = [];
  const fleet = openFleet({
    pollSeconds: 0.5,
    cron: "0 0 1 1 *",
    logger: (record) => records.push(record),
    ...options,
  });
  ends.push(() => fleet.stop());
  return Object.assign(fleet, { records });
}

const idle = async (fleet, names) =>
  (await fleet.lifecycle.status(names)).every(({ progress }) => progress.state === "idle" && progress.last === "done");
const issues = ({ plane }) => plane.calls.filter(([method]) => method === "issue").length;

test("a role that may not create tables rotates with granted rights", async () => {
  const { targets, names, made } = world(3, { ...QUICK, grace: 1200 });
  const boss = queue(server.url("worker"), { migrate: false, createSchema: false });
  const worker = open({ fleet: name(), targets, boss, database: connect(server.url("worker")), perTenant: 2 });
  await worker.start();
  for (const target of names) await worker.rotate(target);
  await until("all are done", () => idle(worker, names));
  for (const one of made) assert.equal(issues(one), 1);
  assert.deepEqual(
    boss.errors.map(({ message }) => message),
    [],
  );
  assert.deepEqual(
    worker.records.filter(({ level }) => level !== "info"),
    [],
  );
  // The worker cannot change what was written.
  await assert.rejects(connect(server.url("worker")).query("DELETE FROM keyturn.events"), /permission denied/);
});

test("a role without these rights gets an error that says who grants them", async () => {
  const { targets } = world(1);
  await migratePostgres(owner, { workers: ["stranger"] });
  const boss = queue(server.url("stranger"));
  const worker = open({ fleet: name(), targets, boss, database: connect(server.url("stranger")) });
  await assert.rejects(worker.start(), {
    name: "QueueError",
    code: "queue_failed",
    reason: "denied",
    outcome: "none",
    hint: /migrateFleet/,
  });
  await assert.rejects(migrateFleet({ boss, database: connect(server.url("stranger")), schema: "elsewhere" }), {
    code: "journal_failed",
    reason: "denied",
  });
});

test("fleets with one name in two schemas have separate queues", async () => {
  const fleet = name();
  const schemas = ["tenant_a", 'tenant "b"/é'];
  const both = [];
  for (const schema of schemas) {
    await migratePostgres(owner, { schema });
    const { targets, made } = world(1);
    both.push({
      made,
      worker: open({ fleet, schema, targets, boss: queue(server.url()), database: connect(server.url()) }),
    });
  }
  for (const { worker } of both) await worker.start();
  const [a, b] = both;
  await a.worker.rotate("t0");
  await until("the first is done", () => idle(a.worker, ["t0"]));
  assert.equal(issues(b.made[0]), 0);
  await b.worker.rotate("t0");
  await until("the other is done", () => idle(b.worker, ["t0"]));
  const { rows } = await owner.query("SELECT count(*)::integer AS number FROM pgboss.schedule WHERE name LIKE $1", [
    `keyturn/%/${fleet}/ticks`,
  ]);
  assert.deepEqual(rows, [{ number: 2 }]);
});

test("a worker with a slow clock waits without polling", async () => {
  const fleet = name();
  const { targets } = world(1, { ...QUICK, grace: 1500 });
  const worker = open({
    fleet,
    targets,
    boss: queue(server.url()),
    database: connect(server.url()),
    clock: { now: () => Date.now() - 30_000 },
  });
  await worker.start();
  await worker.rotate("t0");
  await until("it is done", () => idle(worker, ["t0"]));
  const { rows } = await owner.query(
    "SELECT count(*)::integer AS number FROM pgboss.job WHERE name = $1 AND singleton_key LIKE 't0@%'",
    [`keyturn/${fleet}/targets`],
  );
  assert.ok(rows[0].number >= 1 && rows[0].number <= 3, `${rows[0].number} jobs to wait once`);
});

test("journal and queue work behind a pooler in transaction mode", async () => {
  const bouncer = await startPgBouncer(server, ["worker"], { size: 3 });
  try {
    const { targets, names, made } = world(4);
    const boss = queue(bouncer.url("worker"));
    const worker = open({ fleet: name(), targets, boss, database: connect(bouncer.url("worker")) });
    await worker.start();
    for (const target of names) await worker.rotate(target);
    await until("all are done", () => idle(worker, names));
    for (const one of made) assert.equal(issues(one), 1);
    assert.deepEqual(
      worker.records.filter(({ event }) => event === "queue"),
      [],
    );
    await worker.stop();
    await boss.stop({ graceful: false });
  } finally {
    await bouncer.stop();
  }
});

test("a worker survives an outage: it logs it once, serves its counters, and continues", async () => {
  const own = await startPostgres();
  ends.push(() => own.stop());
  const database = connect(own.url());
  const boss = queue(own.url());
  await migrateFleet({ boss, database });
  const { targets, names, made } = world(3);
  const worker = open({ fleet: name(), targets, boss, database, timeoutMs: 5000 });
  await worker.start();
  assert.match(await worker.metrics(), /^keyturn_fleet_journal_up 1$/m);
  await own.crash();
  await assert.rejects(worker.rotate("t0"), { code: "journal_failed", reason: "unavailable" });
  await until("several polls have failed", () => boss.errors.length > 12);
  const metrics = await worker.metrics();
  assert.match(metrics, /^keyturn_fleet_journal_up 0$/m);
  assert.match(metrics, /^keyturn_fleet_up 1$/m);
  assert.doesNotMatch(metrics, /^keyturn_fleet_targets\{/m);
  assert.equal((await worker.health()).ready, false);
  assert.equal((await worker.health()).alive, true);
  const codes = worker.records.filter(({ event }) => event === "queue").map(({ code }) => code);
  assert.deepEqual(codes, [...new Set(codes)]);
  await own.start();
  await until("the journal answers", async () => (await worker.health()).ready);
  for (const target of names) await worker.rotate(target);
  await until("all are done", () => idle(worker, names));
  for (const one of made) assert.equal(issues(one), 1);
});

test("a worker can be stopped while its database does not respond at the start", async () => {
  const way = await startPartition(server.port);
  way.cut();
  const at = `postgres://owner@127.0.0.1:${way.port}/postgres`;
  const boss = new PgBoss({ connectionString: at, connectionTimeoutMillis: 2000 });
  boss.on("error", () => {});
  const database = connect(at, { connectionTimeoutMillis: 2000 });
  const worker = openFleet({ boss, database, targets: world(1).targets, timeoutMs: 1000 });
  try {
    await assert.rejects(worker.start(), { code: "journal_failed", reason: "unavailable", outcome: "none" });
    const starting = worker.start();
    await Promise.all([worker.stop(), assert.rejects(starting)]);
    assert.equal((await worker.health()).alive, false);
  } finally {
    await way.close();
  }
});
