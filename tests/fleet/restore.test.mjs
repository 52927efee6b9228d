// A database that is restored, or replaced by a standby, while a fleet is running. Where the control plane can show
// what was issued, it does; where it cannot, nothing is issued before a person has checked.
import "../lib/newer-node.mjs";
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { PgBoss } from "pg-boss";
import { installed } from "../lib/installed.mjs";
import { ControlPlane, MemorySink } from "../lib/lifecycle-world.mjs";
import { openPool } from "../lib/pool.mjs";
import { startPostgres } from "../lib/postgres.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const { openLifecycle } = require("keyturn/lifecycle");
const { declareRestored, migratePostgres, postgresJournal } = require("keyturn/postgres");
const { openFleet } = require("keyturn/fleet");

const POLICY = {
  grace: 600_000,
  callDeadline: 15_000,
  margin: 50,
  hold: 20_000,
  poll: 200,
  backoff: 50,
  maxBackoff: 200,
};
const clock = { now: () => Date.now() };

let server;
let owner;
const ends = [];
function connect(url, options = {}) {
  const pool = openPool(url, options);
  ends.push(() => pool.end());
  return pool;
}

before(async () => {
  server = await startPostgres();
  owner = connect(server.url());
  await owner.query("CREATE ROLE worker LOGIN");
});
after(async () => {
  for (const end of ends.reverse()) await end();
  await server.stop();
});

/** Creates a target whose control plane has a list, or records, or neither; its sink cannot be read back. */
function place(options) {
  const plane = new ControlPlane({ clock, ...options });
  const sink = new MemorySink({ readback: "none" });
  const { clientId, secret } = plane.make("by hand");
  sink.put({ clientId, clientSecret: secret });
  return { plane, sink, target: { provider: plane.provider, sinks: [sink.sink], policy: POLICY } };
}

/** Creates four targets: one whose control plane has a list, one with records, and two with neither. */
function world() {
  const places = {
    lists: place({ evidence: false, list: true }),
    records: place({ evidence: true, list: false }),
    mute: place({ evidence: false, list: false }),
    // The same again, but its rotation is in the backup.
    "mute-remembered": place({ evidence: false, list: false }),
  };
  const targets = Object.fromEntries(Object.entries(places).map(([name, { target }]) => [name, target]));
  return { places, targets, names: Object.keys(targets) };
}

const issues = ({ plane }) => plane.calls.filter(([method]) => method === "issue").length;
const stop = ({ progress }) => [progress.state, progress.reason, progress.about];
const RESTORED = ["stopped", "refused", "provider_failed:restored"];
const NEWER = ["stopped", "refused", "provider_failed:newer_credential"];

test("after a restore from a dump, issues only if no credential is missing from the journal, or a person has checked", async () => {
  const own = await startPostgres();
  ends.push(() => own.stop());
  const database = connect(own.url());
  await migratePostgres(database);
  const { places, targets, names } = world();
  const open = () => openLifecycle({ journal: postgresJournal(database), targets });
  const first = open();
  for (const name of names) await first.adopt(name, "c0");
  await first.rotate("mute-remembered");
  const backup = own.run("pg_dump", ["--schema=keyturn", "--exclude-table-data=keyturn.tokens"]);
  for (const name of ["lists", "records", "mute"]) assert.equal((await first.rotate(name)).state, "waiting");
  await first.close();
  await database.query("DROP SCHEMA keyturn CASCADE");
  own.run("psql", ["--quiet", "--set=ON_ERROR_STOP=1"], backup);

  // One worker of the fleet detects the restore when it starts, and reports it once.
  const boss = new PgBoss({ connectionString: own.url(), max: 4 });
  boss.on("error", () => {});
  ends.push(() => boss.stop({ graceful: false }));
  const said = [];
  const workers = [0, 1].map(() =>
    openFleet({ boss, database, targets, cron: "0 0 1 1 *", logger: (record) => said.push(record) }),
  );
  for (const worker of workers) {
    await worker.start();
    await worker.stop();
  }
  assert.deepEqual(
    said.filter(({ event }) => event === "restored").map(({ level }) => level),
    ["warn"],
  );

  const second = open();
  for (const name of ["lists", "records", "mute"]) await second.rotate(name);
  const statuses = await second.status(["lists", "records", "mute"]);
  assert.deepEqual(statuses.map(stop), [NEWER, NEWER, RESTORED]);
  for (const name of names) assert.equal(issues(places[name]), 1, `${name} issued again`);
  // Its rotation goes on: the journal knows the credential.
  assert.equal((await second.status(["mute-remembered"]))[0].phase, "grace");

  // Once a person has checked, the rotation continues, and the next one needs nobody.
  await second.resume("mute");
  assert.equal((await second.advance("mute")).state, "waiting");
  assert.equal(issues(places.mute), 2);
  await second.close();
});

test("treats a promoted standby as restored, unless it is declared complete", async () => {
  await migratePostgres(owner, { schema: "failover", workers: ["worker"] });
  const { places, targets, names } = world();
  const first = openLifecycle({
    journal: postgresJournal(connect(server.url("worker")), { schema: "failover" }),
    targets,
  });
  for (const name of names) await first.adopt(name, "c0");
  await first.rotate("mute-remembered");
  await first.close();
  const standby = await startPostgres({}, { standbyOf: server });
  ends.push(() => standby.stop());
  const pool = connect(standby.url("worker"));
  const journal = postgresJournal(pool, { schema: "failover" });
  const second = openLifecycle({ journal, targets });
  await assert.rejects(second.rotate("lists"), { code: "journal_failed", reason: "read_only", outcome: "none" });
  standby.promote();
  // Nothing was lost, which the list and the records show.
  for (const name of ["lists", "records"]) assert.equal((await second.rotate(name)).state, "waiting", name);
  assert.deepEqual(stop({ progress: await second.rotate("mute") }), RESTORED);
  assert.equal(issues(places.mute), 0);
  // Declared complete, its earlier events count as they did before.
  await second.rollback("mute");
  await declareRestored(pool, { schema: "failover", lost: false });
  assert.equal((await second.rotate("mute")).state, "waiting");
  await second.close();
});

test("an undetectable restore is declared for one fleet", async () => {
  await migratePostgres(owner, { schema: "declared", workers: ["worker"] });
  const pool = connect(server.url("worker"));
  const fleets = ["one", "other"].map((fleet) => {
    const { places, targets, names } = world();
    const journal = postgresJournal(pool, { schema: "declared", fleet });
    return { fleet, places, names, lifecycle: openLifecycle({ journal, targets }) };
  });
  for (const { lifecycle, names } of fleets) for (const name of names) await lifecycle.adopt(name, "c0");
  await declareRestored(pool, { schema: "declared", fleet: "one" });
  const [one, other] = fleets;
  const rotated = await Promise.all(fleets.map(({ lifecycle }) => lifecycle.rotate("mute")));
  assert.deepEqual(stop({ progress: rotated[0] }), RESTORED);
  assert.equal(rotated[1].state, "waiting");
  assert.deepEqual([issues(one.places.mute), issues(other.places.mute)], [0, 1]);
  assert.equal((await one.lifecycle.rotate("lists")).state, "waiting");
  // Adopting a credential after the restore counts as a check; learning of it from a sink does not.
  await one.lifecycle.rollback("mute");
  await one.lifecycle.adopt("mute", "c0");
  assert.equal((await one.lifecycle.rotate("mute")).state, "waiting");
  // A second restore requires another check, also of targets that were already checked.
  await declareRestored(pool, { schema: "declared", fleet: "one" });
  const [{ rows }] = await Promise.all([
    owner.query("SELECT stream, sequence::integer FROM declared.heads WHERE fleet = 'one' ORDER BY stream"),
  ]);
  assert.deepEqual(
    rows.map(({ stream }) => stream),
    [...one.names].sort(),
  );
  for (const { lifecycle } of fleets) await lifecycle.close();
});

test("a target that the backup lacks is not treated as new", async () => {
  await migratePostgres(owner, { schema: "forgotten" });
  const journal = postgresJournal(owner, { schema: "forgotten" });
  const empty = () => {
    const plane = new ControlPlane({ clock, evidence: false, list: true });
    const sink = new MemorySink({ readback: "none" });
    return { plane, target: { provider: plane.provider, sinks: [sink.sink], policy: POLICY } };
  };
  const [clean, used] = [empty(), empty()];
  used.plane.make("of a rotation that is forgotten");
  const lifecycle = openLifecycle({ journal, targets: { clean: clean.target, used: used.target } });
  await declareRestored(owner, { schema: "forgotten" });
  assert.equal((await lifecycle.rotate("clean")).last, "done");
  assert.deepEqual(stop({ progress: await lifecycle.rotate("used") }), NEWER);
  assert.equal(issues(used), 0);
  await lifecycle.close();
});
