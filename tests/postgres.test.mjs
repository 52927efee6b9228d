// The journal and the token store in a real Postgres, with both client packages: what holds for every journal, each
// role's permissions, and what happens to an event when the server fails, is cut off or is not set up correctly.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import postgresJs from "postgres";
import { installed } from "./lib/installed.mjs";
import { Clock, ControlPlane, MemorySink } from "./lib/lifecycle-world.mjs";
import { startPartition } from "./lib/partition.mjs";
import { openPool } from "./lib/pool.mjs";
import { startPostgres } from "./lib/postgres.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const { testJournal, testSealStore } = require("keyturn/lifecycle/testing");
const { openLifecycle } = require("keyturn/lifecycle");
const { JournalError, migratePostgres, postgresJournal, postgresSeals, postgresStore } = require("keyturn/postgres");

let server;
let owner;
const pools = new Set();

/** Creates a role's pool, which ends after the tests. */
function pool(role, options = {}, at) {
  const made = openPool(server.url(role, at), { max: 4, ...options });
  pools.add(made);
  return made;
}

let schemas = 0;
/** Creates a separate schema with its tables. */
async function fresh(options = {}) {
  const schema = `place ${++schemas}`;
  await migratePostgres(owner, { schema, ...options });
  return schema;
}

before(async () => {
  server = await startPostgres();
  owner = pool("owner");
  for (const role of ["worker", "reader", "stranger"]) await owner.query(`CREATE ROLE ${role} LOGIN`);
});
after(async () => {
  for (const pool of pools) await pool.end();
  await server.stop();
});

describe("a journal in Postgres, by `pg`", () => {
  testJournal(test, async () => {
    const schema = await fresh({ workers: ["worker"] });
    return { open: () => postgresJournal(pool("worker"), { schema }) };
  });
});

describe("a journal in Postgres, by `postgres`, among other fleets of its schema", () => {
  testJournal(test, async () => {
    const schema = await fresh({ workers: ["worker"] });
    const others = postgresJournal(owner, { schema, fleet: "other" });
    for (const sequence of [1, 2, 3]) await others.append("a", sequence, "another fleet's");
    const clients = [];
    const open = () => {
      const sql = postgresJs(server.url("worker"), { max: 3 });
      clients.push(sql);
      return postgresJournal(sql, { schema, fleet: "own" });
    };
    const remove = async () => {
      for (const sql of clients) await sql.end();
      assert.deepEqual(await others.streams(), [{ stream: "a", version: "3" }]);
    };
    return { open, remove };
  });
});

describe("sealed copies in Postgres, by `pg`", () => {
  testSealStore(test, async () => {
    const schema = await fresh({ workers: ["worker"] });
    const own = openPool(server.url("worker"), { max: 4 });
    return { open: () => postgresSeals(own, { schema }), remove: () => own.end() };
  });
});

describe("sealed copies in Postgres, by `postgres`, among other fleets of its schema", () => {
  testSealStore(test, async () => {
    const schema = await fresh({ workers: ["worker"] });
    const others = postgresSeals(owner, { schema, fleet: "other" });
    await others.put("m", "another fleet's");
    const sql = postgresJs(server.url("worker"), { max: 3 });
    const remove = async () => {
      await sql.end();
      assert.equal(await others.get("m"), "another fleet's");
    };
    return { open: () => postgresSeals(sql, { schema, fleet: "own" }), remove };
  });
});

test("sealed copies leave no row once they are deleted, and never reach the write-ahead log", async () => {
  const schema = await fresh({ workers: ["worker"], readers: ["reader"] });
  const seals = postgresSeals(pool("worker"), { schema });
  const count = async () =>
    (await owner.query(`SELECT count(*)::integer AS count FROM "${schema}".seals`)).rows[0].count;
  const { rows } = await owner.query("SELECT relpersistence FROM pg_class WHERE oid = $1::regclass", [
    `"${schema}".seals`,
  ]);
  assert.deepEqual(rows, [{ relpersistence: "u" }]);
  await seals.put("m", "copy");
  assert.equal(await count(), 1);
  await seals.delete("m");
  assert.equal(await count(), 0);
  for (const call of ["get", "delete"])
    await assert.rejects(postgresSeals(pool("reader"), { schema })[call]("m"), { reason: "denied" });
});

test("another machine delivers the secret of a worker that died, and the row is gone", async () => {
  const schema = await fresh();
  const clock = new Clock();
  const control = new ControlPlane({ clock });
  const place = new MemorySink();
  const { clientId, secret: clientSecret } = control.make("by hand");
  place.put({ clientId, clientSecret });
  const key = new Uint8Array(32).fill(7);
  const open = () =>
    openLifecycle({
      journal: postgresJournal(owner, { schema, unsynced: true }),
      seal: { store: postgresSeals(owner, { schema }), key },
      clock,
      targets: { app: { provider: control.provider, sinks: [place.sink], policy: { grace: 0 } } },
    });
  const dying = open();
  await dying.adopt("app", "c0");
  let reached;
  const writing = new Promise((resolve) => {
    reached = resolve;
  });
  place.fault = (method) => {
    if (method !== "write") return undefined;
    reached();
    return new Promise(() => undefined);
  };
  dying.rotate("app").catch(() => undefined);
  await writing;
  place.fault = () => undefined;
  const { rows } = await owner.query(`SELECT marker, sealed FROM "${schema}".seals`);
  assert.equal(rows.length, 1);
  assert.match(rows[0].marker, /^keyturn:app:[0-9a-f]{8}:1\.1$/);
  assert.ok(!Buffer.from(rows[0].sealed, "base64url").toString("latin1").includes("canary"));
  const next = open();
  assert.equal((await next.advance("app")).last, "done");
  assert.equal(place.pair.clientId, "c1@host");
  assert.deepEqual(control.alive(), ["c1"]);
  assert.deepEqual((await owner.query(`SELECT FROM "${schema}".seals`)).rows, []);
  await dying.close();
  await next.close();
});

test("fleets in one schema do not see each other's events and tokens", async () => {
  const schema = await fresh();
  const [one, other] = ["one", "other"].map((fleet) => postgresJournal(owner, { schema, fleet }));
  assert.equal(await one.append("a", 1, "of one"), true);
  assert.deepEqual(await other.read("a", 1), []);
  assert.deepEqual(await other.streams(), []);
  await assert.rejects(other.append("a", 2, "of the other"), { reason: "gap" });
  assert.equal(await other.append("a", 1, "of the other"), true);
  assert.deepEqual(await one.read("a", 1), ["of one"]);
  const stores = ["one", "other"].map((fleet) => postgresStore(owner, { schema, fleet }));
  await stores[0].compareAndSet("k", "of one", undefined, 60_000);
  assert.equal(await stores[1].get("k"), undefined);
  assert.ok(await stores[0].lease("k", 60_000));
  assert.ok(await stores[1].lease("k", 60_000));
  await stores[1].delete("k");
  assert.equal((await stores[0].get("k")).value, "of one");
});

describe("the schema", () => {
  test("is created once by concurrent callers", async () => {
    const schema = "made at once";
    const results = await Promise.all(Array.from({ length: 6 }, () => migratePostgres(pool("owner"), { schema })));
    assert.deepEqual(results.map(({ from }) => from).sort(), [0, 2, 2, 2, 2, 2]);
    assert.ok(results.every(({ to }) => to === 2));
    const { rows } = await owner.query(`SELECT version FROM "${schema}".migrations`);
    assert.deepEqual(rows, [{ version: 1 }, { version: 2 }]);
  });

  test("of the first version gets what it lacks, keeps what it has, and still serves who knows no other", async () => {
    const schema = await fresh({ workers: ["worker"] });
    const journal = postgresJournal(owner, { schema });
    await journal.append("a", 1, "e");
    await owner.query(`DROP TABLE "${schema}".seals; DELETE FROM "${schema}".migrations WHERE version = 2`);
    await assert.rejects(postgresSeals(owner, { schema }).get("m"), {
      reason: "not_migrated",
      hint: /migratePostgres/,
    });
    assert.deepEqual(await migratePostgres(owner, { schema, workers: ["worker"] }), { from: 1, to: 2 });
    assert.deepEqual(await migratePostgres(owner, { schema }), { from: 2, to: 2 });
    assert.deepEqual(await postgresJournal(pool("worker"), { schema }).read("a", 1), ["e"]);
    await postgresSeals(pool("worker"), { schema }).put("m", "copy");
    const { rows } = await owner.query(`SELECT max(least) AS least FROM "${schema}".migrations`);
    assert.deepEqual(rows, [{ least: 1 }]);
  });

  test("if missing, causes an error that says how to create it", async () => {
    const journal = postgresJournal(owner, { schema: "nowhere" });
    await assert.rejects(journal.append("a", 1, "e"), {
      name: "JournalError",
      code: "journal_failed",
      reason: "not_migrated",
      outcome: "none",
      hint: /migratePostgres/,
    });
    await assert.rejects(journal.read("a", 1), { reason: "not_migrated" });
    // The tables are looked for again.
    await migratePostgres(owner, { schema: "nowhere" });
    assert.equal(await journal.append("a", 1, "e"), true);
    await owner.query(
      `CREATE SCHEMA old; CREATE TABLE old.migrations (version integer, least integer, applied timestamptz)`,
    );
    await assert.rejects(postgresJournal(owner, { schema: "old" }).streams(), {
      reason: "not_migrated",
      message: /version 0, but .* needs 2/,
    });
  });

  test("with an unknown newer version is neither used nor migrated", async () => {
    const schema = await fresh();
    // A newer version that only adds something leaves the tables usable for programs that do not know it.
    await owner.query(`INSERT INTO "${schema}".migrations (version, least) VALUES (98, 1)`);
    assert.equal(await postgresJournal(owner, { schema }).append("a", 1, "e"), true);
    assert.deepEqual(await migratePostgres(owner, { schema }), { from: 98, to: 98 });
    await owner.query(`INSERT INTO "${schema}".migrations (version, least) VALUES (99, 99)`);
    const newer = { name: "JournalError", reason: "newer", message: /version 99/, hint: /Update keyturn/ };
    await assert.rejects(postgresJournal(owner, { schema }).read("a", 1), newer);
    await assert.rejects(postgresStore(owner, { schema }).get("k"), newer);
    await assert.rejects(migratePostgres(owner, { schema }), newer);
  });

  test("can be created by a role that owns nothing else", async () => {
    await owner.query("CREATE SCHEMA given AUTHORIZATION stranger");
    assert.deepEqual(await migratePostgres(pool("stranger"), { schema: "given" }), { from: 0, to: 2 });
    await assert.rejects(migratePostgres(pool("stranger"), { schema: "refused" }), {
      reason: "denied",
      outcome: "none",
      hint: /role that may create schemas/,
    });
    await assert.rejects(migratePostgres(owner, { schema: "refused", workers: ["nobody there"] }), JournalError);
    // The whole migration is one transaction.
    await assert.rejects(postgresJournal(owner, { schema: "refused" }).streams(), { reason: "not_migrated" });
  });

  test("has no index that depends on the system's collations, and no tokens in the write-ahead log", async () => {
    const schema = await fresh();
    const { rows } = await owner.query(
      `SELECT attname FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid JOIN pg_collation ON attcollation = pg_collation.oid
      WHERE relnamespace = $1::regnamespace AND collname <> 'C'`,
      [`"${schema}"`],
    );
    assert.deepEqual(rows, []);
    const { rows: logged } = await owner.query(
      `SELECT relpersistence AS kept FROM pg_class WHERE relnamespace = $1::regnamespace AND relname = 'tokens'`,
      [`"${schema}"`],
    );
    assert.deepEqual(logged, [{ kept: "u" }]);
  });
});

describe("rights", () => {
  test("a worker reads and inserts events, and can change or remove none", async () => {
    const schema = await fresh({ workers: ["worker"], readers: ["reader"] });
    const worker = pool("worker");
    const journal = postgresJournal(worker, { schema });
    assert.equal(await journal.append("a", 1, "e"), true);
    assert.equal(await journal.append("a", 1, "x"), false);
    const events = `"${schema}".events`;
    for (const statement of [
      `UPDATE ${events} SET event = 'x'`,
      `DELETE FROM ${events}`,
      `TRUNCATE ${events}`,
      `DROP TABLE ${events}`,
      `INSERT INTO ${events} VALUES ('default', 'a', 2, 'e', now() - interval '1 year')`,
      `INSERT INTO "${schema}".migrations VALUES (2, 1)`,
      `CREATE TABLE "${schema}".more ()`,
    ])
      await assert.rejects(worker.query(statement), /permission denied|must be owner/, statement);
    assert.deepEqual(await journal.read("a", 1), ["e"]);
    const store = postgresStore(worker, { schema });
    assert.ok(await store.compareAndSet("k", "v", undefined, 1000));
    assert.ok(await store.lease("k", 1000));
  });

  test("a reader reads events and no tokens", async () => {
    const schema = await fresh({ readers: ["reader"] });
    await postgresJournal(owner, { schema }).append("a", 1, "e");
    const reader = pool("reader");
    const journal = postgresJournal(reader, { schema });
    assert.deepEqual(await journal.read("a", 1), ["e"]);
    assert.equal((await journal.streams()).length, 1);
    await assert.rejects(journal.append("a", 2, "e"), { reason: "denied", outcome: "none", hint: /workers/ });
    await assert.rejects(postgresStore(reader, { schema }).get("k"), { reason: "denied" });
    await assert.rejects(postgresJournal(pool("stranger"), { schema }).read("a", 1), { reason: "denied" });
  });
});

describe("a server", () => {
  test("that is read-only refuses the append without effect", async () => {
    const schema = await fresh();
    const replica = pool("owner", { options: "-c default_transaction_read_only=on" });
    await assert.rejects(postgresJournal(replica, { schema }).append("a", 1, "e"), {
      reason: "read_only",
      outcome: "none",
    });
  });

  test("with fsync off is refused without `unsynced`", async () => {
    const schema = await fresh();
    await owner.query("ALTER SYSTEM SET fsync = off");
    const reload = async (fsync) => {
      await owner.query("SELECT pg_reload_conf()");
      while ((await owner.query("SHOW fsync")).rows[0].fsync !== fsync) await sleep(20);
    };
    await reload("off");
    try {
      const refused = { reason: "unsupported", message: /fsync is off/ };
      await assert.rejects(postgresJournal(owner, { schema }).append("a", 1, "e"), refused);
      assert.equal(await postgresJournal(owner, { schema, unsynced: true }).append("a", 1, "e"), true);
    } finally {
      await owner.query("ALTER SYSTEM RESET fsync");
      await reload("on");
    }
  });

  test("that crashes has every acknowledged event, even with asynchronous commits", async () => {
    const own = await startPostgres({ wal_writer_delay: "10s", synchronous_commit: "off" });
    const client = new pg.Pool({ connectionString: own.url(), max: 8 });
    client.on("error", () => {});
    try {
      await migratePostgres(client);
      await client.query("CREATE TABLE lost (number integer)");
      const acknowledged = [];
      const writers = [0, 1, 2, 3].map(async (writer) => {
        const journal = postgresJournal(client, { timeoutMs: 2000 });
        for (let sequence = 1; ; sequence++) {
          try {
            assert.equal(await journal.append(String(writer), sequence, `${writer}:${sequence}`), true);
          } catch (error) {
            assert.ok(error instanceof JournalError, String(error));
            return;
          }
          acknowledged.push([String(writer), sequence]);
        }
      });
      while (acknowledged.length < 200) await sleep(5);
      await own.crash();
      await Promise.all(writers);
      await own.start();
      const journal = postgresJournal(client);
      for (const [stream, sequence] of acknowledged)
        assert.equal((await journal.read(stream, sequence))[0], `${stream}:${sequence}`);
      // On a server whose commits do not wait for the disk, an ordinary insert is lost.
      assert.equal(await journal.append("last", 1, "e"), true);
      await client.query("INSERT INTO lost VALUES (1)");
      await own.crash();
      await own.start();
      assert.deepEqual(await journal.read("last", 1), ["e"]);
      assert.deepEqual((await client.query("SELECT number FROM lost")).rows, []);
    } finally {
      await client.end();
      await own.stop();
    }
  });

  test("that is silent causes a timeout, and its late effects are detected", async () => {
    const schema = await fresh();
    const way = await startPartition(server.port);
    const client = pool("owner", { max: 2 }, way.port);
    const journal = postgresJournal(client, { schema, timeoutMs: 300 });
    try {
      assert.equal(await journal.append("a", 1, "e1"), true);
      way.cut("answers");
      await assert.rejects(journal.append("a", 2, "e2"), {
        reason: "unavailable",
        outcome: "unknown",
        message: /did not respond within 0.3 s/,
      });
      await assert.rejects(journal.read("a", 1), { reason: "unavailable", outcome: "none" });
      way.heal();
      assert.equal(await journal.append("a", 2, "again"), false);
      assert.deepEqual(await journal.read("a", 2), ["e2"]);
    } finally {
      await way.close();
    }
  });

  test("that is unreachable causes an error without effect", async () => {
    const gone = pool("owner", {}, 1);
    await assert.rejects(postgresJournal(gone).append("a", 1, "e"), {
      reason: "unavailable",
      outcome: "none",
      message: /ECONNREFUSED/,
    });
    const sql = postgresJs(server.url("owner", 1), { max: 1 });
    await assert.rejects(postgresJournal(sql).read("a", 1), { reason: "unavailable", outcome: "none" });
    await sql.end();
  });
});

test("detects a removed event", async () => {
  const schema = await fresh();
  const journal = postgresJournal(owner, { schema });
  for (const sequence of [1, 2, 3]) await journal.append("a", sequence, `e${sequence}`);
  await owner.query(`DELETE FROM "${schema}".events WHERE sequence = 2`);
  await assert.rejects(journal.read("a", 1), { reason: "gap", message: /event 2 .* missing/ });
  await assert.rejects(journal.append("a", 3, "x"), { reason: "gap" });
});

test("events are plain JSON for SQL queries", async () => {
  const schema = await fresh();
  const clock = new Clock();
  const plane = new ControlPlane({ clock });
  const sink = new MemorySink();
  const journal = postgresJournal(owner, { schema });
  const lifecycle = openLifecycle({
    journal,
    clock,
    targets: { app: { provider: plane.provider, sinks: [sink.sink], policy: { grace: 0 } } },
  });
  const progress = await lifecycle.rotate("app");
  assert.equal(progress.last, "done");
  assert.deepEqual(
    (await lifecycle.verify()).map(({ broken }) => broken),
    [undefined],
  );
  await lifecycle.close();
  const { rows } = await owner.query(
    `SELECT event::jsonb ->> 'event' AS event FROM "${schema}".events WHERE fleet = 'default' AND stream = 'app' ORDER BY sequence`,
  );
  assert.equal(rows[0].event, "planned");
  assert.equal(rows.at(-1).event, "done");
});

test("status reads only events that are newer than its fold, and ignores a fold that does not match them", async () => {
  const schema = await fresh({ readers: ["reader"], workers: ["worker"] });
  const clock = new Clock();
  const plane = new ControlPlane({ clock });
  const sink = new MemorySink();
  const target = { provider: plane.provider, sinks: [sink.sink], policy: { grace: 0 } };
  /** Returns a separate program, and the sequence numbers from which it has read. */
  const program = (role) => {
    const journal = postgresJournal(pool(role), { schema });
    const read = [];
    const watched = Object.assign(Object.create(journal), {
      append: (...args) => journal.append(...args),
      streams: () => journal.streams(),
      kept: (stream) => journal.kept(stream),
      keep: (...args) => journal.keep(...args),
      guard: undefined,
      read: (stream, from) => {
        read.push(from);
        return journal.read(stream, from);
      },
    });
    return { read, lifecycle: openLifecycle({ journal: watched, clock, targets: { app: target } }) };
  };
  const folds = async () => (await owner.query(`SELECT sequence::integer, fold FROM "${schema}".folds`)).rows;
  const first = program("worker");
  for (let turn = 0; turn < 4; turn++) assert.equal((await first.lifecycle.rotate("app")).last, "done");
  assert.deepEqual(await folds(), []);
  // A role that may not keep a fold sees the same.
  const truth = await program("reader").lifecycle.status();
  assert.deepEqual(await folds(), []);
  const { read: all, lifecycle: looker } = program("worker");
  assert.deepEqual(await looker.status(), truth);
  assert.deepEqual(all, [1]);
  const [{ sequence, fold }] = await folds();
  assert.equal(sequence, truth[0].sequence);
  assert.ok(!fold.includes("canary"));

  await first.lifecycle.rotate("app");
  const now = await first.lifecycle.status();
  const later = program("reader");
  const events = later.lifecycle.events();
  assert.deepEqual(await later.lifecycle.status(), now);
  assert.deepEqual(later.read, [sequence]);
  assert.equal((await events.next()).value.sequence, sequence + 1);
  // A program that acts reads all events.
  const actor = program("worker");
  await actor.lifecycle.status();
  await actor.lifecycle.rotate("app");
  assert.ok(actor.read.includes(1));

  // A fold in another form, of another journal, or of events that are gone, is ignored.
  const whole = await first.lifecycle.status();
  for (const change of [
    "fold = replace(fold, '\"form\":1', '\"form\":9')",
    "fold = 'x'",
    "sequence = 3",
    "sequence = 999",
  ]) {
    await owner.query(`UPDATE "${schema}".folds SET sequence = $1, fold = $2`, [sequence, fold]);
    await owner.query(`UPDATE "${schema}".folds SET ${change}`);
    assert.deepEqual(await program("reader").lifecycle.status(), whole, change);
  }
  await owner.query(`UPDATE "${schema}".folds SET sequence = $1, fold = $2`, [sequence, fold]);
  await owner.query(`DELETE FROM "${schema}".events WHERE sequence > 5`);
  assert.equal((await program("reader").lifecycle.status())[0].sequence, 5);
});

test("refuses invalid options", async () => {
  for (const client of [undefined, {}, { query() {} }, new pg.Client(server.url())])
    for (const make of [postgresJournal, postgresStore])
      assert.throws(() => make(client), { name: "ConfigurationError", reason: "client" });
  assert.throws(() => postgresJournal(new pg.Client(server.url())), /pass a Pool/);
  for (const name of ["", "x".repeat(64), "a\u0000b", "\ud800", 7])
    for (const option of ["schema", "fleet"]) {
      assert.throws(() => postgresJournal(owner, { [option]: name }), { option, reason: "invalid" });
      if (option === "schema") await assert.rejects(migratePostgres(owner, { schema: name }), { option });
    }
  await assert.rejects(postgresJournal(owner).append("x".repeat(2001), 1, "e"), { reason: "invalid" });
});
