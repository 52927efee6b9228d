// What an operator may do to a journal in Postgres: a pool that is too small, limits on statements, a stricter
// isolation level, terminated connections, and a pooler in between.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import postgresJs from "postgres";
import { installed } from "./lib/installed.mjs";
import { startPgBouncer } from "./lib/pgbouncer.mjs";
import { openPool } from "./lib/pool.mjs";
import { startPostgres } from "./lib/postgres.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const { testJournal } = require("keyturn/lifecycle/testing");
const { migratePostgres, postgresJournal, postgresStore } = require("keyturn/postgres");

let server;
let owner;
const pools = new Set();
function pool(url, options = {}) {
  const made = openPool(url, { max: 4, ...options });
  pools.add(made);
  return made;
}

let schemas = 0;
async function fresh() {
  const schema = `operated_${++schemas}`;
  await migratePostgres(owner, { schema, workers: ["worker"] });
  return schema;
}

before(async () => {
  server = await startPostgres();
  owner = pool(server.url());
  await owner.query("CREATE ROLE worker LOGIN");
});
after(async () => {
  for (const one of pools) await one.end();
  await server.stop();
});

test("a pool without a free connection causes a timeout, and the statement does not run later", async () => {
  const schema = await fresh();
  const small = pool(server.url("worker"), { max: 1 });
  const journal = postgresJournal(small, { schema, timeoutMs: 300 });
  assert.deepEqual(await journal.streams(), []);
  const taken = await small.connect();
  await assert.rejects(journal.append("a", 1, "given up"), {
    code: "journal_failed",
    reason: "unavailable",
    outcome: "none",
    message: /no connection to the database was free within 0.3 s/,
    hint: /`max`/,
  });
  await assert.rejects(journal.read("a", 1), { reason: "unavailable", outcome: "none" });
  taken.release();
  assert.equal(await journal.append("a", 1, "e"), true);
  assert.deepEqual(await journal.read("a", 1), ["e"]);
  assert.equal(small.totalCount, 1);
});

test("a statement that the server cancels has no effect, and the message names the setting", async () => {
  const schema = await fresh();
  const holder = await owner.connect();
  try {
    await holder.query(`BEGIN; LOCK TABLE ${schema}.events IN ACCESS EXCLUSIVE MODE`);
    for (const setting of ["statement_timeout", "lock_timeout"]) {
      const journal = postgresJournal(pool(server.url("worker"), { options: `-c ${setting}=100` }), { schema });
      await assert.rejects(journal.append("a", 1, "e"), {
        reason: "unavailable",
        outcome: "none",
        message: new RegExp(setting),
      });
    }
  } finally {
    await holder.query("ROLLBACK");
    holder.release();
  }
  assert.deepEqual(await postgresJournal(owner, { schema }).read("a", 1), []);
});

test("with serializable transactions, one of several writers wins and none fails", async () => {
  const schema = await fresh();
  const options = "-c default_transaction_isolation=serializable";
  const journals = Array.from({ length: 6 }, () =>
    postgresJournal(pool(server.url("worker"), { options, max: 2 }), { schema }),
  );
  for (let sequence = 1; sequence <= 20; sequence++) {
    const won = await Promise.all(journals.map((journal, index) => journal.append("a", sequence, `by ${index}`)));
    assert.deepEqual(
      won.filter((stored) => stored),
      [true],
    );
  }
  assert.equal((await journals[0].read("a", 1)).length, 20);
  const store = postgresStore(pool(server.url("worker"), { options }), { schema });
  const leases = await Promise.all(Array.from({ length: 6 }, () => store.lease("k", 60_000)));
  assert.equal(leases.filter(Boolean).length, 1);
});

test("a connection that the server closes fails only its own call", async () => {
  const schema = await fresh();
  const small = pool(server.url("worker"), { max: 2 });
  const journal = postgresJournal(small, { schema });
  const cut = async (run) => {
    const [{ pid }] = await run("SELECT pg_backend_pid()::text AS pid");
    await owner.query("SELECT pg_terminate_backend($1)", [pid]);
    await run("SELECT 1");
  };
  await assert.rejects(journal.appendWith("a", 1, "e", cut), { reason: "unavailable", outcome: "unknown" });
  assert.deepEqual(await journal.read("a", 1), []);
  await assert.rejects(
    journal.appendWith("a", 1, "e", async () => {
      throw new Error("not now");
    }),
    { code: "journal_failed" },
  );
  assert.equal(await journal.append("a", 1, "e"), true);
  assert.equal(await journal.appendWith("a", 2, "e", async (run) => void (await run("SELECT 1"))), true);
  assert.equal(small.waitingCount, 0);
});

describe("a pooler in transaction mode", () => {
  let bouncer;
  before(async () => {
    bouncer = await startPgBouncer(server, ["owner", "worker"]);
  });
  after(() => bouncer.stop());

  describe("serves a journal by `pg`", () => {
    testJournal(test, async () => {
      const schema = await fresh();
      return { open: () => postgresJournal(pool(bouncer.url("worker")), { schema }) };
    });
  });

  describe("serves a journal by `postgres` without prepared statements", () => {
    testJournal(test, async () => {
      const schema = await fresh();
      const clients = [];
      const open = () => {
        const sql = postgresJs(bouncer.url("worker"), { max: 3, prepare: false });
        clients.push(sql);
        return postgresJournal(sql, { schema });
      };
      return { open, remove: () => Promise.all(clients.map((sql) => sql.end())) };
    });
  });

  test("allows creating tables once, and storing tokens", async () => {
    const through = pool(bouncer.url());
    const done = await Promise.all(
      Array.from({ length: 4 }, () => migratePostgres(through, { schema: "pooled", workers: ["worker"] })),
    );
    const [{ to }] = done;
    assert.deepEqual(done.map(({ from }) => from).sort(), [0, to, to, to]);
    const store = postgresStore(pool(bouncer.url("worker")), { schema: "pooled" });
    assert.ok(await store.compareAndSet("k", "v", undefined, 60_000));
    const lease = await store.lease("k", 60_000);
    assert.equal(await store.lease("k", 60_000), undefined);
    await lease.release();
    assert.ok(await store.lease("k", 60_000));
  });
});
