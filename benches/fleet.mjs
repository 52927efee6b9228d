/**
 * `node benches/fleet.mjs [--targets 200] [--events 100000] [--call 20]`: measures how a fleet scales. Due targets are
 * rotated by 1, 2 and 4 workers, with a control plane that takes `--call` milliseconds for each call. `status` is timed
 * with a journal in Postgres: in the first program that reads it, in one that starts later, in a running one, and after
 * a few changes. Each figure is compared with that of one worker, or of a tenth of the targets, in the same run.
 */

import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { memoryJournal, openLifecycle } from "keyturn/lifecycle";
import { migratePostgres, postgresJournal } from "keyturn/postgres";
import pg from "pg";
import { startPostgres } from "../tests/lib/postgres.mjs";
import { newerNode } from "../xtask/node.mjs";

const { values } = parseArgs({
  options: {
    targets: { type: "string", default: "200" },
    events: { type: "string", default: "100000" },
    call: { type: "string", default: "20" },
  },
});
const TARGETS = Number(values.targets);
const EVENTS = Number(values.events);
/** The minimum number of events in a stream; each rotation adds about thirteen. */
const LENGTH = 100;
const CALL_MS = Number(values.call);
const DAY = 86_400_000;

const rows = [];
const server = await startPostgres({ shared_buffers: "256MB", max_wal_size: "4GB" });
const pool = new pg.Pool({ connectionString: server.url(), max: 8 });
pool.on("error", () => {});
await migratePostgres(pool);

try {
  await dueTargets();
  await statuses();
} finally {
  await pool.end();
  await server.stop();
}
console.table(rows);

/** Serves a control plane in memory over HTTP, each call of which takes `CALL_MS`. */
async function controlPlane() {
  const credentials = new Map();
  const http = createServer(async (request, response) => {
    const [, target, method] = request.url.split("/");
    const { marker, id } = JSON.parse((await text(request)) || "{}");
    await sleep(CALL_MS);
    const list = credentials.get(target) ?? [];
    credentials.set(target, list);
    const value = {
      issue: () => {
        const made = {
          id: `${target}-${list.length}`,
          clientId: `${target}-${list.length}@host`,
          createdAt: Date.now(),
          marker,
        };
        list.push(made);
        return made;
      },
      search: () => list.filter((one) => one.marker === marker),
      look: () => list.find((one) => one.id === id) ?? null,
      list: () => list,
      login: () => true,
      end: () => {
        for (const one of list) if (one.id === id) one.ended = true;
      },
    }[method]();
    response.end(JSON.stringify({ value }));
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  return { http, credentials, url: `http://127.0.0.1:${http.address().port}` };
}

async function dueTargets() {
  let alone;
  for (const number of [1, 2, 4]) {
    const { http, credentials, url } = await controlPlane();
    const fleet = `due-${number}`;
    const journal = postgresJournal(pool, { fleet });
    const names = Array.from({ length: TARGETS }, (_, index) => `t${index}`);
    for (const name of names)
      credentials.set(name, [{ id: `${name}-0`, clientId: `${name}-0@host`, createdAt: Date.now() - 90 * DAY }]);
    const described = { fleet, names, url: server.url(), plane: url };
    const workers = Array.from({ length: number }, () =>
      fork(fileURLToPath(new URL("fleet-worker.mjs", import.meta.url)), {
        execPath: newerNode(),
        env: { ...process.env, FLEET_BENCH: JSON.stringify(described) },
      }),
    );
    await Promise.all(workers.map((worker) => once(worker, "message")));
    const adopted = once(workers[0], "message");
    workers[0].send("adopt");
    await adopted;
    const begun = performance.now();
    workers[0].send("tick");
    const isDone = async () => {
      const { rows } = await pool.query(
        `SELECT count(*)::integer AS done FROM keyturn.events WHERE fleet = $1 AND event::jsonb ->> 'event' = 'done'`,
        [fleet],
      );
      return rows[0].done >= TARGETS;
    };
    while (!(await isDone())) await sleep(200);
    const seconds = (performance.now() - begun) / 1000;
    alone ??= seconds;
    const used = await Promise.all(
      workers.map(async (worker) => {
        const answer = once(worker, "message");
        worker.send("cpu");
        return (await answer)[0].seconds;
      }),
    );
    const cpu = used.reduce((sum, one) => sum + one, 0);
    for (const worker of workers) worker.kill("SIGKILL");
    http.closeAllConnections();
    http.close();
    rows.push({
      what: `${TARGETS} due targets, ${number} worker${number === 1 ? "" : "s"}`,
      seconds: seconds.toFixed(1),
      "a second": (TARGETS / seconds).toFixed(1),
      compared: `${(alone / seconds).toFixed(2)} x one worker`,
      events: (await journal.read("t0", 1)).length,
      "CPU of the workers": `${((cpu / TARGETS) * 1000).toFixed(0)} ms a target`,
    });
  }
}

/** Returns the events of a stream of many rotations. */
async function stream() {
  const journal = memoryJournal();
  const made = [];
  let at = Date.UTC(2020, 0, 1);
  let held;
  const provider = {
    kind: "bench",
    evidence: false,
    recalls: false,
    issue: async () => {
      const id = `c${made.length}`;
      made.push({ id, clientId: `${id}@tenant.conductor.one/pcc`, createdAt: at });
      return { credential: made.at(-1), secret: "not-a-secret" };
    },
    look: async (id) => made.find((one) => one.id === id),
    parses: () => true,
    login: async () => true,
    end: async (id) => void (made.find((one) => one.id === id).ended = true),
  };
  const sink = {
    name: "secret",
    compares: true,
    readback: "pair",
    read: async () => ({ clientId: held?.clientId, version: String(made.length) }),
    holds: async ({ clientId }) => clientId === held?.clientId,
    write: async (pair) => {
      held = pair;
      return true;
    },
  };
  const targets = { app: { provider, sinks: [sink], policy: { grace: 0 } } };
  const lifecycle = openLifecycle({ journal, targets, clock: { now: () => at } });
  for (let lines = []; ; lines = await journal.read("app", 1)) {
    if (lines.length >= LENGTH) return lines;
    at += DAY;
    await lifecycle.rotate("app");
  }
}

async function statuses() {
  const lines = await stream();
  let small;
  for (const events of [EVENTS / 10, EVENTS]) {
    const targets = Math.round(events / lines.length);
    const fleet = `status-${targets}`;
    await pool.query(
      `INSERT INTO keyturn.events (fleet, stream, sequence, event)
      SELECT $1, 't' || target, line.number, line.event
      FROM generate_series(0, $2::integer - 1) AS target, unnest($3::text[]) WITH ORDINALITY AS line (event, number)`,
      [fleet, targets, lines],
    );
    await pool.query("VACUUM ANALYZE keyturn.events");
    const idle = { issue() {}, look() {}, parses() {}, login() {}, end() {} };
    const target = {
      provider: { kind: "bench", evidence: false, recalls: false, ...idle },
      sinks: [{ name: "secret" }],
    };
    const all = Object.fromEntries(Array.from({ length: targets }, (_, index) => [`t${index}`, target]));
    const journal = postgresJournal(pool, { fleet });
    let lifecycle = openLifecycle({ journal, targets: all });
    const times = [];
    const restart = async () => {
      await lifecycle.close();
      lifecycle = openLifecycle({ journal: postgresJournal(pool, { fleet }), targets: all });
    };
    for (const [what, before] of [
      ["the first time", async () => {}],
      ["in a new program", restart],
      ["again", async () => {}],
      [
        "one in a hundred changed",
        () =>
          Promise.all(
            Object.keys(all)
              .filter((_, index) => index % 100 === 0)
              .map((name) => lifecycle.forget(name)),
          ),
      ],
    ]) {
      await before();
      const begun = performance.now();
      const found = await lifecycle.status();
      times.push([what, (performance.now() - begun) / 1000, found.length]);
    }
    small ??= times;
    times.forEach(([what, seconds, found], index) => {
      rows.push({
        what: `status of ${found} targets, ${events} events, ${what}`,
        seconds: seconds.toFixed(2),
        "a second": Math.round(found / seconds),
        compared: `${(seconds / small[index][1]).toFixed(1)} x a tenth`,
        events,
      });
    });
    rows.push({
      what: `memory after it, MB`,
      seconds: "",
      "a second": "",
      compared: Math.round(process.memoryUsage().rss / 2 ** 20),
      events,
    });
    await lifecycle.close();
  }
}
