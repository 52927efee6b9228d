// Three workers with sixty targets on a sandbox. Workers are killed, the database fails, and one worker is cut off from
// it: every rotation ends, or waits for a person for a recorded reason, and every issued credential was intended.
import "../lib/newer-node.mjs";
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { fleetTargets } from "../lib/fleet-targets.mjs";
import { installed } from "../lib/installed.mjs";
import { startPartition } from "../lib/partition.mjs";
import { openPool } from "../lib/pool.mjs";
import { startPostgres } from "../lib/postgres.mjs";
import { startSandbox } from "../lib/sandbox.mjs";
import { until } from "../lib/until.mjs";

const folder = installed();
const require = createRequire(join(folder, "load.cjs"));
const { openLifecycle } = require("keyturn/lifecycle");
const { migratePostgres, postgresJournal } = require("keyturn/postgres");
const program = fileURLToPath(new URL("../lib/fleet-worker.mjs", import.meta.url));

const EACH = 20;
const KILLS = 20;
/** How long one worker is cut off from the database, in milliseconds. */
const PARTITION = 60_000;
const FLEET = "kills";
/** The operations that issue credentials. */
const ISSUING = ["connector.rotateCredential", "principal.createCredential", "commercelayer.api_credentials.create"];
/** Times short enough for a test to see the end of every wait, and long enough for each call. */
const POLICY = {
  grace: "1s",
  callDeadline: "4s",
  margin: "1s",
  hold: "6s",
  poll: "1s",
  backoff: 200,
  maxBackoff: 1000,
  maxIntents: 20,
  maxFailures: 60,
};

let server;
let sandbox;
let way;
let pool;
let scratch;
before(async () => {
  [server, sandbox] = await Promise.all([startPostgres(), startSandbox(folder)]);
  way = await startPartition(server.port);
  pool = openPool(server.url());
  scratch = await mkdtemp(join(tmpdir(), "keyturn-fleet-"));
  await migratePostgres(pool);
  for (const role of ["worker", "queue"]) await pool.query(`CREATE ROLE ${role} LOGIN`);
});
after(async () => {
  await pool.end();
  await way.close();
  await server.stop();
  await sandbox.stop();
  await rm(scratch, { recursive: true });
});

/** Creates targets on the sandbox, each with a first credential in its sink that the journal knows. */
async function place() {
  const description = { sandbox, policy: POLICY, targets: [] };
  const { c1, cl } = fleetTargets(folder, description);
  const ids = { connector: [], principal: [], credential: [] };
  const { appId } = sandbox;
  const [{ id: at }] = await cl.organizations.list({ pageSize: 1 });
  const organization = cl.organizations.relationship(at);
  const [{ id: acting }] = await cl.roles.list({ filters: { organization_id_eq: at }, pageSize: 1 });
  const role = cl.roles.relationship(acting);
  for (let index = 0; index < EACH; index++) {
    const connector = await c1.connector.create({ appId, connectorServiceCreateRequest: {} });
    ids.connector.push(connector.connectorServiceCreateResponse.connectorView.connector.id);
    const principal = await c1.principal.create({ displayName: `robot ${index}` });
    ids.principal.push(principal.servicePrincipalServiceCreateResponse.servicePrincipal.id);
    ids.credential.push(
      (await cl.api_credentials.create({ name: `service ${index}`, kind: "integration", organization, role })).id,
    );
  }
  description.targets = Object.entries(ids).flatMap(([kind, list]) =>
    list.map((id, index) => ({ name: `${kind}-${index}`, kind, id, env: join(scratch, `${kind}-${index}.env`) })),
  );
  const { targets } = fleetTargets(folder, description);
  const lifecycle = openLifecycle({ journal: postgresJournal(pool, { fleet: FLEET }), targets });
  const signal = new AbortController().signal;
  const secrets = [];
  for (const { name, kind, id, env } of description.targets) {
    const { provider } = targets[name];
    let facts;
    let secret;
    if (kind === "credential") {
      facts = await provider.look(id, signal);
      secret = (await provider.recall(id, signal)).clientSecret;
    } else {
      const until = Date.now() + 10_000;
      ({ credential: facts, secret } = await provider.issue({
        marker: `first:${name}`,
        from: Date.now(),
        until,
        signal,
      }));
    }
    secrets.push(secret);
    await writeFile(env, `BATON_CLIENT_ID=${facts.clientId}\nBATON_CLIENT_SECRET=${secret}\n`);
    await lifecycle.adopt(name, facts.id);
  }
  await control("DELETE", "requests");
  return { description, targets, lifecycle, secrets, c1 };
}

async function control(method, path, body) {
  const init = { method, ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }) };
  return (await fetch(`${sandbox.url}/_sandbox/${path}`, init)).json();
}

const said = [];

/** Starts a worker process, which is restarted when it was killed. */
function worker(number, url, description) {
  const slot = { child: undefined, alive: false, kills: 0 };
  slot.start = () => {
    const FLEET_WORKER = JSON.stringify({ folder, url, fleet: FLEET, description, worker: `w${number}` });
    const child = fork(program, { env: { ...process.env, FLEET_WORKER }, silent: true });
    slot.child = child;
    slot.alive = false;
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => said.push(line));
    child.on("message", ({ started }) => {
      if (started) slot.alive = true;
    });
    child.on("error", () => {});
    child.on("exit", (code) => {
      slot.alive = false;
      // The worker could not reach the database.
      if (code === 75 && !slot.over) setTimeout(slot.start, 300);
    });
  };
  slot.tell = (message) => slot.alive && slot.child.connected && slot.child.send(message, () => {});
  slot.kill = async () => {
    const { child } = slot;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    slot.kills++;
    slot.start();
  };
  slot.end = async () => {
    slot.over = true;
    const { child } = slot;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  slot.start();
  return slot;
}

/** Failed waits show the last output of the workers. */
const patient = { every: 100, more: () => said.slice(-20).join("\n") };

test("with killed workers and a failing database, every issued credential was intended", async (t) => {
  const { description, targets, lifecycle, secrets, c1 } = await place();
  const names = Object.keys(targets);
  const workers = [0, 1, 2].map((number) =>
    worker(number, server.url("owner", number === 2 ? way.port : server.port), description),
  );
  await until("all have started", () => workers.every(({ alive }) => alive), patient);
  // Calls are slow, so that some are under way whenever a worker is killed, and some responses are lost in addition.
  for (const operation of ISSUING) {
    await control("POST", "faults", { operation, action: "drop-answer", times: 2 });
    await control("POST", "faults", { operation, action: { delayMs: 300 }, times: "always" });
  }
  const begin = (some) => workers[Math.floor(Math.random() * 3)].tell({ rotate: some });

  let over = false;
  const sweeping = (async () => {
    for (let turn = 0; !over; turn++) {
      workers[turn % 3].tell({ tick: true });
      // The log only counts as complete up to an attempt's end once something later is in it.
      await c1.apps.list({ pageSize: 1 }).catch(() => undefined);
      await c1.with({ clientID: sandbox.clientId, clientSecret: sandbox.clientSecret }).authenticate();
      await sleep(700);
    }
  })();
  let healed;
  for (let kill = 0; kill < KILLS; kill++) {
    begin(names.slice((kill * names.length) / KILLS, ((kill + 1) * names.length) / KILLS));
    await sleep(400 + Math.random() * 700);
    await workers[Math.floor(Math.random() * 3)].kill();
    if (kill === 6) {
      await server.crash();
      await sleep(500);
      await server.start();
    }
    if (kill === 11) {
      way.cut();
      healed = sleep(PARTITION).then(() => way.heal());
    }
  }
  await healed;
  await control("DELETE", "faults");
  const settled = await until(
    "every rotation is over, or waits for a person",
    async () => {
      const statuses = await lifecycle.status();
      const isOver = ({ progress: { state, rotation } }) => (state === "idle" && rotation > 0) || state === "stopped";
      // The worker that should have started these was killed before.
      const left = statuses.filter(({ progress: { state, rotation } }) => state === "idle" && rotation === 0);
      if (left.length > 0) begin(left.map(({ target }) => target));
      return statuses.every(isOver) && statuses;
    },
    { tries: 450, ...patient },
  );
  over = true;
  await sweeping;
  const metrics = await new Promise((resolve) => {
    const teller = workers.find(({ alive }) => alive);
    teller.child.on("message", (message) => message.metrics && resolve(message.metrics));
    teller.tell({ metrics: true });
  });
  await Promise.all(workers.map((one) => one.end()));

  // The journal's events match the control plane's requests.
  const requests = await control("GET", "requests");
  assert.ok(requests.length < 10_000, "the sandbox remembers all requests");
  const named = await Promise.all(ISSUING.map((operation) => control("GET", `requests?operation=${operation}`)));
  // Requests without a status were lost before they arrived.
  const issuing = named.flat().filter(({ status }) => status !== null);
  let intents = 0;
  let none = 0;
  let unsure = 0;
  const words = new Map();
  for (const name of names) {
    for (const { event, found } of await lifecycle.history(name)) {
      words.set(event, (words.get(event) ?? 0) + 1);
      if (event === "issuing") intents++;
      if (event === "not-issued" || (event === "settled" && found.length === 0)) none++;
    }
    const [{ doubt }] = await lifecycle.status([name]);
    if (doubt) unsure++;
  }
  const stopped = settled.filter(({ progress }) => progress.state === "stopped");
  t.diagnostic(
    `${intents} intents, ${none} of them without a credential, ${issuing.length} requests, ${stopped.length} stopped`,
  );
  t.diagnostic(JSON.stringify(Object.fromEntries(words)));
  for (const { target, progress } of stopped) t.diagnostic(`${target}: ${progress.reason} ${progress.about}`);
  assert.ok(
    issuing.length <= intents - none && issuing.length >= intents - none - unsure,
    `${issuing.length} requests for ${intents} intents, ${none} without`,
  );
  assert.ok(issuing.length >= names.length);
  assert.ok(stopped.length <= 3, "nearly all are done");
  for (const { broken } of await lifecycle.verify()) assert.equal(broken, undefined);

  // Every sink's pair logs in, and it is the only valid credential of those that were created.
  const signal = new AbortController().signal;
  for (const { name, env } of description.targets) {
    const text = await readFile(env, "utf8");
    const value = (variable) => new RegExp(`^${variable}=(.*)$`, "m").exec(text)?.[1].replace(/^"|"$/g, "");
    const pair = { clientId: value("BATON_CLIENT_ID"), clientSecret: value("BATON_CLIENT_SECRET") };
    assert.equal(await targets[name].provider.login(pair, signal), true, `${name}: the sink's pair logs in`);
    secrets.push(pair.clientSecret);
    const [{ current, progress }] = await lifecycle.status([name]);
    if (progress.state !== "idle") continue;
    assert.equal(current.clientId, pair.clientId, name);
    const listed = await targets[name].provider.list?.(signal);
    if (listed)
      assert.deepEqual(
        listed.filter(({ ended }) => !ended).map(({ id }) => id),
        [current.id],
        name,
      );
  }

  // Neither an old nor a current secret is anywhere in the database.
  const dump = server.run("pg_dump", ["--inserts", "--exclude-table-data=keyturn.tokens"]);
  const places = {
    "the database": dump,
    "the server's log": server.log(),
    "the workers' logs": said.join("\n"),
    metrics,
  };
  for (const [where, text] of Object.entries(places)) {
    assert.ok(!text.includes("secret-token:"), where);
    for (const secret of secrets) assert.ok(!text.includes(secret), `a secret is in ${where}`);
  }
  assert.ok(dump.includes("pgboss") && dump.includes("connector-0"));
  await lifecycle.close();
});
