// A fleet in one process: workers with a real pg-boss on a real Postgres, over a control plane and sinks in memory.
import "../lib/newer-node.mjs";
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { installed } from "../lib/installed.mjs";
import { CANARY, ControlPlane, MemorySink } from "../lib/lifecycle-world.mjs";
import { openPool } from "../lib/pool.mjs";
import { startPostgres } from "../lib/postgres.mjs";
import { until } from "../lib/until.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const { openLifecycle } = require("keyturn/lifecycle");
const { migratePostgres, postgresJournal, postgresSeals } = require("keyturn/postgres");
const { openFleet } = require("keyturn/fleet");

const QUICK = { grace: 0, callDeadline: 15_000, margin: 50, hold: 20_000, poll: 200, backoff: 50, maxBackoff: 200 };

let server;
let pool;
let boss;
const bosses = new Set();
const pools = new Set();
const opened = new Set();
const servers = new Set();

function connect(url = server.url()) {
  const made = openPool(url, { max: 12 });
  pools.add(made);
  return made;
}

async function queue(url = server.url(), options = {}) {
  const made = new PgBoss({
    connectionString: url,
    max: 6,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    ...options,
  });
  made.on("error", () => {});
  bosses.add(made);
  await made.start();
  return made;
}

before(async () => {
  server = await startPostgres();
  servers.add(server);
  pool = connect();
  await migratePostgres(pool);
  boss = await queue();
});
after(async () => {
  await Promise.all([...opened].map((fleet) => fleet.stop()));
  await Promise.all([...bosses].map((boss) => boss.stop({ graceful: false })));
  await Promise.all([...pools].map((pool) => pool.end()));
  await Promise.all([...servers].map((server) => server.stop()));
});

let fleets = 0;
/** Returns a unique name. */
const name = () => `f${++fleets}`;

/** Creates targets with a control plane and a sink each; the sinks contain the existing credential. */
function world(number, { policy = QUICK, ...options } = {}) {
  const clock = { now: () => Date.now() };
  const planes = {};
  const sinks = {};
  const targets = {};
  for (let index = 0; index < number; index++) {
    const target = `t${index}`;
    const plane = new ControlPlane({ clock, ...options });
    const sink = new MemorySink();
    const { clientId, secret } = plane.make("by hand");
    sink.put({ clientId, clientSecret: secret });
    planes[target] = plane;
    sinks[target] = sink;
    targets[target] = { provider: plane.provider, sinks: [sink.sink], policy };
  }
  return { planes, sinks, targets, names: Object.keys(targets) };
}

function open(options) {
  const records = [];
  const fleet = openFleet({
    boss,
    database: pool,
    pollSeconds: 0.5,
    cron: "0 0 1 1 *",
    logger: (one) => records.push(one),
    ...options,
  });
  opened.add(fleet);
  return Object.assign(fleet, { records });
}

const idle = async (fleet, names, last = "done") =>
  (await fleet.lifecycle.status(names)).every(({ progress }) => progress.state === "idle" && progress.last === last);

const issues = (plane) => plane.calls.filter(([method]) => method === "issue").length;

test("workers seal copies where they are told to, and leave none behind", async () => {
  const fleet = name();
  const it = world(1);
  const seal = { store: postgresSeals(pool, { fleet }), key: new Uint8Array(32).fill(7) };
  const one = open({ fleet, seal, targets: it.targets });
  await one.start();
  await one.rotate("t0");
  await until("it is done", () => idle(one, it.names));
  const events = await one.lifecycle.history("t0");
  assert.equal(events.find(({ event }) => event === "issuing").sealed, true);
  assert.ok(events.some(({ event }) => event === "discarded"));
  assert.deepEqual((await pool.query("SELECT FROM keyturn.seals WHERE fleet = $1", [fleet])).rows, []);
});

test("any worker continues a started rotation, whose job is written in the same transaction", async () => {
  const fleet = name();
  const { targets, names, planes, sinks } = world(3);
  const first = open({ fleet, targets });
  const second = open({ fleet, targets });
  await Promise.all([first.start(), second.start()]);
  for (const target of names) assert.notEqual((await first.rotate(target)).state, "stopped");
  await assert.rejects(first.rotate("nobody"), { reason: "unknown_target" });
  await until("all are done", () => idle(first, names));
  for (const target of names) {
    assert.equal(issues(planes[target]), 1);
    assert.ok(planes[target].accepts(sinks[target].pair));
    assert.deepEqual(planes[target].alive(), ["c1"]);
  }
  const { rows } = await pool.query(`SELECT data, output, state FROM pgboss.job WHERE name = $1`, [
    `keyturn/${fleet}/targets`,
  ]);
  assert.ok(rows.length >= 3);
  for (const { data } of rows) assert.deepEqual(Object.keys(data), ["target"]);
  // A worker records what it has done after the journal shows it.
  await until("all three are recorded", () => {
    const records = [...first.records, ...second.records];
    return records.filter(({ event, state }) => event === "advanced" && state === "idle").length >= 3;
  });

  // The journal refuses an event if the queue does not accept its job.
  const refusing = { ...boss };
  for (const method of ["start", "on", "createQueue", "schedule", "work", "offWork", "notifyWorker", "getDb"])
    refusing[method] = (...args) => boss[method](...args);
  let sent = 0;
  refusing.send = (...args) => {
    if (sent++ > 0) return Promise.reject(new Error("the queue is full"));
    return boss.send(...args);
  };
  const other = name();
  const apart = world(1);
  const third = open({ fleet: other, targets: apart.targets, boss: refusing });
  await third.start();
  await assert.rejects(third.rotate("t0"), { code: "journal_failed" });
  assert.deepEqual(
    (await third.lifecycle.history("t0")).map(({ event }) => event),
    ["adopted"],
  );
});

test("concurrent sweeps start what is due within the caps", async () => {
  const fleet = name();
  const { targets, names, planes } = world(12, { policy: { ...QUICK, rotateEvery: "1d" } });
  let under = 0;
  let most = 0;
  for (const target of names) {
    const plane = planes[target];
    plane.credentials.get("c0").createdAt -= 3 * 86_400_000;
    plane.fault = async (method, when) => {
      if (method !== "issue") return;
      if (when === "request") most = Math.max(most, ++under);
      else under--;
      await sleep(20);
    };
  }
  const workers = [0, 1, 2].map(() => open({ fleet, targets, caps: { atATime: 4 } }));
  await Promise.all(workers.map((worker) => worker.start()));
  const [first] = workers;
  for (const target of names) await first.lifecycle.adopt(target, "c0");
  await until("all are done", async () => {
    await Promise.all(workers.map((worker) => worker.tick()));
    return (await first.lifecycle.status()).every(
      ({ progress }) => progress.rotation === 1 && progress.state === "idle",
    );
  });
  assert.ok(most <= 4, `${most} at a time`);
  for (const target of names) assert.equal(issues(planes[target]), 1);
});

test("a scheduled job ends the grace period without a sweep", async () => {
  const { targets, planes } = world(1, { policy: { ...QUICK, grace: 1500 } });
  const fleet = name();
  const worker = open({ fleet, targets });
  await worker.start();
  await worker.rotate("t0");
  await until("it is over", () => idle(worker, ["t0"]));
  assert.deepEqual(planes.t0.alive(), ["c1"]);
  const events = await worker.lifecycle.history("t0");
  const [grace, retiring] = ["grace", "retiring"].map((wanted) => events.find(({ event }) => event === wanted));
  assert.ok(retiring.at >= grace.until, "the old one was valid until the end of the grace period");
  const { rows } = await pool.query(
    `SELECT singleton_key AS key FROM pgboss.job WHERE name = $1 AND singleton_key <> 't0'`,
    [`keyturn/${fleet}/targets`],
  );
  assert.ok(rows.some(({ key }) => /^t0@\d+$/.test(key)));
});

test("all workers share the limits of tenants and providers", async () => {
  const fleet = name();
  const { targets, names, planes } = world(8);
  const under = { a: 0, b: 0 };
  const most = { a: 0, b: 0 };
  const tenant = (target) => (Number(target.slice(1)) % 2 === 0 ? "a" : "b");
  for (const target of names)
    planes[target].fault = async (method, when) => {
      if (method !== "issue") return;
      const of = tenant(target);
      if (when === "request") most[of] = Math.max(most[of], ++under[of]);
      else under[of]--;
      await sleep(30);
    };
  const rates = { memory: { perSecond: 100, burst: 2 } };
  const workers = [0, 1].map(() => open({ fleet, targets, tenant, perTenant: 1, rates, concurrency: 4 }));
  const [{ rows: begun }] = await Promise.all([
    pool.query("SELECT clock_timestamp() AS at"),
    ...workers.map((worker) => worker.start()),
  ]);
  for (const target of names) await workers[0].rotate(target);
  await until("all are done", () => idle(workers[0], names));
  assert.deepEqual(most, { a: 1, b: 1 });
  // Each call was paced by the provider's one row.
  const calls = names.reduce((sum, target) => sum + planes[target].calls.length, 0);
  const { rows } = await pool.query("SELECT provider, free_at FROM keyturn.pace WHERE fleet = $1", [fleet]);
  assert.equal(rows.length, 1);
  // All calls are paced but the reads of the sinks before a rotation.
  const paced = calls - names.length;
  assert.ok(
    rows[0].free_at - begun[0].at >= (paced - 2) * 10,
    `${rows[0].free_at - begun[0].at} ms for ${paced} calls`,
  );
});

test("a stopping worker returns unfinished jobs, and another continues", async () => {
  const fleet = name();
  // The next worker waits until the lease of the first one has expired.
  const { targets, planes, sinks } = world(1, { policy: { ...QUICK, callDeadline: 2000, hold: 5000 } });
  const stuck = open({ fleet, targets, drainMs: 100, worker: "stuck" });
  await stuck.start();
  let arrived;
  const there = new Promise((resolve) => (arrived = resolve));
  let release;
  const held = new Promise((resolve) => (release = resolve));
  sinks.t0.fault = (method, when) => {
    if (method !== "holds" || when !== "request") return undefined;
    arrived();
    return held;
  };
  await stuck.rotate("t0");
  await there;
  await stuck.stop();
  assert.ok(stuck.records.some(({ event }) => event === "handed-back"));
  assert.equal(stuck.records.at(-1).event, "stopped");
  assert.equal((await stuck.health()).alive, false);
  sinks.t0.fault = () => undefined;
  release();
  const next = open({ fleet, targets, worker: "next" });
  await next.start();
  await until("another has done it", async () => {
    await next.tick();
    return idle(next, ["t0"]);
  });
  assert.ok(planes.t0.accepts(sinks.t0.pair));
  assert.equal(planes.t0.alive().length, 1);
});

test("a worker that is stopped while it starts, or twice, stops once", async () => {
  const fleet = name();
  const { targets } = world(1);
  const worker = open({ fleet, targets });
  const starting = worker.start();
  assert.deepEqual(await worker.health(), { alive: true, ready: false, reason: "the worker is starting" });
  await Promise.all([worker.stop(), worker.stop(), starting]);
  assert.deepEqual(
    worker.records.filter(({ event }) => event === "stopped" || event === "started").map(({ event }) => event),
    ["stopped"],
  );
  await assert.rejects(worker.start(), { code: "closed" });
  const unborn = open({ fleet, targets });
  await unborn.stop();
  // A worker whose database was unreachable at the start can be started again.
  let away = true;
  const flaky = Object.create(boss, {
    start: { value: () => (away ? Promise.reject(new Error("away")) : boss.start()) },
  });
  for (const method of ["on", "createQueue", "send", "schedule", "work", "offWork", "notifyWorker", "getDb"])
    Object.defineProperty(flaky, method, { value: (...args) => boss[method](...args) });
  const late = open({ fleet, targets, boss: flaky });
  await assert.rejects(late.start(), /away/);
  away = false;
  await late.start();
  await late.rotate("t0");
  await until("it works", () => idle(late, ["t0"]));
});

test("no secret and no external message reaches the queue, a record or a metric", async () => {
  const fleet = name();
  const { targets, names, planes, sinks } = world(3, { policy: { ...QUICK, maxFailures: 3 } });
  planes.t0.fault = (method) => {
    if (method === "issue") throw new Error(`${CANARY} of a provider`);
  };
  sinks.t1.fault = (method, when) => {
    if (method === "write" && when === "request")
      throw Object.assign(new Error(`${CANARY} of a sink`), { pair: CANARY });
  };
  const worker = open({ fleet, targets });
  await worker.start();
  for (const target of names) await worker.rotate(target);
  await until("one needs a person", async () => {
    await worker.tick();
    const [one, two] = await worker.lifecycle.status(["t0", "t1"]);
    return one.progress.state === "stopped" || two.progress.state === "stopped";
  });
  // This error comes from the journal itself.
  await boss.send(`keyturn/${fleet}/targets`, { target: `not ${CANARY}`.slice(0, 3) });
  await until("the third is done", () => idle(worker, ["t2"]));
  const metrics = await worker.metrics();
  const dump = server.run("pg_dump", ["--inserts"]);
  for (const text of [dump, JSON.stringify(worker.records), metrics, server.log()])
    assert.ok(!text.includes(CANARY), text.slice(Math.max(0, text.indexOf(CANARY) - 200), text.indexOf(CANARY) + 50));
  assert.ok(dump.includes("t2"));
});

test("fleets of one database never touch each other's targets", async () => {
  const [one, two] = [world(4), world(4)];
  const workers = [open({ fleet: name(), targets: one.targets }), open({ fleet: name(), targets: two.targets })];
  await Promise.all(workers.map((worker) => worker.start()));
  for (const target of one.names) await workers[0].rotate(target);
  await until("the first fleet is done", async () => {
    await Promise.all(workers.map((worker) => worker.tick()));
    return idle(workers[0], one.names);
  });
  for (const target of two.names) assert.deepEqual(two.planes[target].calls, []);
  assert.deepEqual(
    (await workers[1].lifecycle.status()).map(({ sequence }) => sequence),
    [0, 0, 0, 0],
  );
});

test("an event of a newer version stops its target with a clear error, and nothing else", async () => {
  const fleet = name();
  const { targets, names, planes } = world(3);
  const worker = open({ fleet, targets });
  await worker.start();
  const journal = postgresJournal(pool, { fleet });
  await worker.lifecycle.adopt("t1", "c0");
  const [line] = await journal.read("t1", 1);
  const newer = { ...JSON.parse(line), v: 99, event: "something-new" };
  await journal.append("t1", 2, JSON.stringify(newer));
  const before = await journal.read("t1", 1);
  for (const target of ["t0", "t2"]) await worker.rotate(target);
  await assert.rejects(worker.rotate("t1"), { code: "lifecycle_stopped" });
  await worker.wake("t1");
  await until("the others are done", async () => {
    await worker.tick();
    return idle(worker, ["t0", "t2"]);
  });
  const failure = await until("it is recorded", () =>
    worker.records.find(({ target, event }) => target === "t1" && event === "failed"),
  );
  assert.equal(failure.code, "lifecycle_stopped:journal_newer", failure.message);
  assert.match(
    await worker.metrics(),
    /keyturn_fleet_needs_person\{target="t1",reason="lifecycle_stopped:journal_newer"\} 1/,
  );
  assert.match(await worker.metrics(), /keyturn_fleet_targets\{state="failing"\} 1/);
  assert.deepEqual(await journal.read("t1", 1), before);
  assert.equal(planes.t1.calls.filter(([method]) => method !== "look").length, 0);
  assert.equal(names.length, 3);
});

test("ignores a job for an unknown target", async () => {
  const fleet = name();
  const worker = open({ fleet, targets: world(1).targets });
  await worker.start();
  await boss.send(`keyturn/${fleet}/targets`, { target: "of-a-newer-configuration" });
  await until("it is recorded", () => worker.records.some(({ event }) => event === "unknown-target"));
  await worker.rotate("t0");
  await until("the worker goes on", () => idle(worker, ["t0"]));
});

test("works with a queue in another database, where a sweep catches up on jobs that were not sent", async () => {
  await pool.query("CREATE DATABASE elsewhere");
  const apart = await queue(server.url().replace(/postgres$/, "elsewhere"));
  const { targets, names } = world(2);
  const worker = open({ fleet: name(), targets, boss: apart });
  await worker.start();
  assert.ok(
    worker.records.some(({ event, message }) => event === "queue" && /cannot be sent in the journal's/.test(message)),
  );
  for (const target of names) await worker.rotate(target);
  await until("all are done", () => idle(worker, names));
});

test("serves metrics for Prometheus and probes for Kubernetes", async () => {
  const { targets, sinks } = world(3);
  const own = connect();
  const worker = open({ fleet: name(), targets, database: own });
  const http = createServer(worker.handler()).listen(0, "127.0.0.1");
  await once(http, "listening");
  const get = async (path, init) => {
    const answer = await fetch(`http://127.0.0.1:${http.address().port}${path}`, init);
    return [answer.status, await answer.text()];
  };
  try {
    assert.deepEqual(await get("/healthz"), [200, "ok\n"]);
    assert.deepEqual(await get("/readyz"), [503, "the worker is new\n"]);
    await worker.start();
    assert.deepEqual(await get("/readyz?verbose"), [200, "ready\n"]);
    assert.equal((await get("/other"))[0], 404);
    assert.equal((await get("/metrics", { method: "POST" }))[0], 405);
    assert.deepEqual(await get("/metrics", { method: "HEAD" }), [200, ""]);
    sinks.t0.fault = (method) => {
      if (method === "write") throw new Error("no");
    };
    await worker.rotate("t0");
    await worker.rotate("t1");
    await until("one is done, one fails", async () => {
      await worker.tick();
      // A worker counts and records what it has done after the journal shows it.
      const isRecorded = worker.records.some(({ event, state }) => event === "advanced" && state === "idle");
      return isRecorded && (await worker.lifecycle.status(["t0"]))[0].phase === "issued";
    });
    const [status, text] = await get("/metrics");
    assert.equal(status, 200);
    for (const line of text.trimEnd().split("\n"))
      assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="[^"\n]*",?)+\})? -?[\d.e+-]+)$/);
    assert.match(text, /^keyturn_fleet_targets\{state="idle"\} 2$/m);
    assert.match(text, /^keyturn_fleet_rotations\{phase="issued"\} 1$/m);
    assert.match(text, /^keyturn_fleet_calls_total\{provider="memory",method="issue",outcome="ok"\} \d+$/m);
    assert.match(text, /^keyturn_fleet_jobs_total\{outcome="idle"\} \d+$/m);
    assert.match(text, /^keyturn_fleet_up 1$/m);
    await worker.stop();
    assert.equal((await get("/healthz"))[0], 503);
    assert.equal((await get("/readyz"))[0], 503);
  } finally {
    http.close();
  }
});

test("refuses invalid options", () => {
  const good = { boss, database: pool, targets: world(1).targets };
  for (const [more, option] of [
    [{ boss: {} }, "boss"],
    [{ database: new pg.Client() }, "postgresJournal"],
    [{ fleet: "a b" }, "fleet"],
    [{ concurrency: 0 }, "concurrency"],
    [{ perTenant: 1.5 }, "perTenant"],
    [{ rates: { memory: { perSecond: 0 } } }, "rates"],
    [{ caps: { atATime: -1 } }, "caps"],
  ])
    assert.throws(() => openFleet({ ...good, ...more }), { name: "ConfigurationError", option });
  const { versions } = process;
  Object.defineProperty(process, "versions", { value: { ...versions, node: "22.11.0" }, configurable: true });
  try {
    assert.throws(() => openFleet(good), { option: "node", reason: "too_old", message: /needs Node 22.12 or newer/ });
  } finally {
    Object.defineProperty(process, "versions", { value: versions, configurable: true });
  }
});

test("a database that is restored in the middle of rotations issues nothing twice", async () => {
  const own = await startPostgres();
  servers.add(own);
  const database = connect(own.url());
  await migratePostgres(database);
  const fleet = name();
  const grace = { ...QUICK, grace: 600_000 };
  const { targets, names, planes, sinks } = world(6, { policy: grace });
  // One control plane has no list, so its records are searched; one sink cannot be read.
  const lists = world(1, { policy: grace, list: false });
  planes.searched = lists.planes.t0;
  sinks.searched = lists.sinks.t0;
  targets.searched = lists.targets.t0;
  names.push("searched");
  const start = async () => {
    const queueHere = await queue(own.url());
    const worker = open({ fleet, targets, database, boss: queueHere });
    await worker.start();
    return { worker, queueHere };
  };
  const first = await start();
  for (const target of names) await first.worker.lifecycle.adopt(target, "c0");
  // In the backup, t0 is in its grace period, t1 has a planned rotation, and the others have none.
  await first.worker.rotate("t0");
  await until("one is in its grace", async () => (await first.worker.lifecycle.status(["t0"]))[0].phase === "grace");
  const journal = postgresJournal(database, { fleet });
  const planner = openLifecycle({ journal: { ...journalOf(journal), append: plannedAlone(journal) }, targets });
  await planner.rotate("t1").catch(() => undefined);
  const backup = own.run("pg_dump", ["--schema=keyturn", "--exclude-table-data=keyturn.tokens"]);
  await first.worker.wake("t1");
  for (const target of names.slice(2, 5).concat("searched")) await first.worker.rotate(target);
  const moved = ["t1", "t2", "t3", "t4", "searched"];
  await until("others follow", async () =>
    (await first.worker.lifecycle.status(moved)).every(({ phase }) => phase === "grace"),
  );
  await first.worker.stop();
  await first.queueHere.stop();
  const before = new Map(names.map((target) => [target, issues(planes[target])]));

  await database.query("DROP SCHEMA keyturn CASCADE; DROP SCHEMA pgboss CASCADE");
  own.run("psql", ["--quiet", "--set=ON_ERROR_STOP=1"], backup);
  const second = await start();
  const { worker } = second;
  for (const target of ["t2", "t3", "t4", "t5", "searched"]) await worker.rotate(target);
  await until("the forgotten ones wait for a person", async () => {
    await worker.tick();
    return (await worker.lifecycle.status(moved)).every(({ progress }) => progress.state === "stopped");
  });
  for (const { progress, target } of await worker.lifecycle.status(moved)) {
    assert.deepEqual([progress.reason, progress.about], ["refused", "provider_failed:newer_credential"], target);
    assert.equal(issues(planes[target]), before.get(target), `${target} issued again`);
    assert.ok(planes[target].accepts(sinks[target].pair));
  }
  // Rotations without missing events continue.
  await until("what was remembered goes on", async () => (await worker.lifecycle.status(["t5"]))[0].phase === "grace");
  assert.equal((await worker.lifecycle.status(["t0"]))[0].phase, "grace");
  assert.equal(issues(planes.t5), 1);

  // One remedy: roll back the started rotation, and adopt the credential in use.
  const { lifecycle } = worker;
  assert.equal((await lifecycle.rollback("t2")).last, "rolled-back");
  assert.equal((await lifecycle.adopt("t2", "c1")).state, "ready");
  await worker.wake("t2");
  await until("the older one has ended", async () => (await lifecycle.status(["t2"]))[0].progress.state === "idle");
  assert.deepEqual(planes.t2.alive(), ["c1"]);
  assert.ok(planes.t2.accepts(sinks.t2.pair));
  // A worker may continue it before its status is read.
  assert.notEqual((await worker.rotate("t2")).state, "stopped");
  await until("it can be rotated again", async () => (await lifecycle.status(["t2"]))[0].phase === "grace");
  // The other: nothing uses the other credential, and the decision to resume is trusted.
  planes.t3.credentials.get("c1").ended = true;
  sinks.t3.put(sinks.t3.kept.get("c0@host"));
  await lifecycle.resume("t3");
  await worker.wake("t3");
  await until("it goes on", async () => (await lifecycle.status(["t3"]))[0].phase === "grace");
  assert.equal(issues(planes.t3), 2);
});

const journalOf = (journal) => ({ read: (...args) => journal.read(...args), streams: () => journal.streams() });
const plannedAlone = (journal) => async (stream, sequence, line) => {
  if (JSON.parse(line).event !== "planned") throw new Error("not now");
  return journal.append(stream, sequence, line);
};
