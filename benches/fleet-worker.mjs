// A worker of `fleet.mjs`. Its control plane is the parent process, over HTTP; its sinks are rows of a separate table.
import { openFleet } from "keyturn/fleet";
import pg from "pg";
import { PgBoss } from "pg-boss";

const { fleet: name, names, url, plane } = JSON.parse(process.env.FLEET_BENCH);
const database = new pg.Pool({ connectionString: url, max: 8 });
const boss = new PgBoss({ connectionString: url, max: 6, registerInstance: false });
boss.on("error", () => {});
await database
  .query(
    "CREATE TABLE IF NOT EXISTS sinks (fleet text, target text, id text, version integer, PRIMARY KEY (fleet, target))",
  )
  .catch(() => {});

function providerOf(target) {
  const ask = async (method, body = {}) => {
    const answer = await fetch(`${plane}/${target}/${method}`, { method: "POST", body: JSON.stringify(body) });
    return (await answer.json()).value;
  };
  return {
    kind: "bench",
    evidence: true,
    recalls: false,
    issue: async ({ marker }) => ({ credential: await ask("issue", { marker }), secret: "not-a-secret" }),
    search: ({ marker }) => ask("search", { marker }),
    look: async (id) => (await ask("look", { id })) ?? undefined,
    list: () => ask("list"),
    parses: () => true,
    login: () => ask("login"),
    end: (id) => ask("end", { id }),
  };
}

function sinkOf(target) {
  const key = [name, target];
  const read = async () =>
    (await database.query("SELECT id, version FROM sinks WHERE fleet = $1 AND target = $2", key)).rows[0];
  return {
    name: "table",
    compares: true,
    readback: "client-id",
    read: async () => {
      const row = await read();
      return { clientId: row?.id, version: String(row?.version ?? 0) };
    },
    holds: async ({ clientId }) => (await read())?.id === clientId,
    write: async ({ clientId }, expected) => {
      const { rowCount } = await database.query(
        `INSERT INTO sinks VALUES ($1, $2, $3, 1) ON CONFLICT (fleet, target)
        DO UPDATE SET id = excluded.id, version = sinks.version + 1 WHERE sinks.version = $4::integer`,
        [...key, clientId, expected],
      );
      return rowCount === 1;
    },
  };
}

const targets = Object.fromEntries(
  names.map((target) => [
    target,
    { provider: providerOf(target), sinks: [sinkOf(target)], policy: { grace: 0, rotateEvery: "60d" } },
  ]),
);
const fleet = openFleet({
  boss,
  database,
  fleet: name,
  targets,
  caps: { atATime: 100_000 },
  cron: "0 0 1 1 *",
  pollSeconds: 0.5,
});
await fleet.start();
process.on("message", async (what) => {
  if (what === "adopt") {
    for (let index = 0; index < names.length; index += 16)
      await Promise.all(names.slice(index, index + 16).map((target) => fleet.lifecycle.adopt(target, `${target}-0`)));
    process.send("adopted");
  } else if (what === "cpu") {
    const { user, system } = process.cpuUsage();
    process.send({ seconds: (user + system) / 1e6 });
  } else await fleet.tick();
});
process.send("started");
