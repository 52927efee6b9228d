// The command line over a fleet's database: a worker as a program, and the commands that read and write the same journal.
import "../lib/newer-node.mjs";
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import pg from "pg";
import { root } from "../../xtask/steps.mjs";
import { command } from "../lib/command.mjs";
import { installed } from "../lib/installed.mjs";
import { startPartition } from "../lib/partition.mjs";
import { freePort, startPostgres } from "../lib/postgres.mjs";
import { startSandbox } from "../lib/sandbox.mjs";
import { until } from "../lib/until.mjs";

const { ConductorOne } = createRequire(join(installed(), "load.cjs"))("keyturn");
// A separate installation without any other packages.
const folder = mkdtempSync(join(tmpdir(), "keyturn-fleet-cli-"));
cpSync(join(installed(), "node_modules/keyturn"), join(folder, "node_modules/keyturn"), { recursive: true });
const cwd = join(folder, "project");
mkdirSync(cwd);
let server;
let sandbox;
let keyturn;

before(async () => {
  [server, sandbox] = await Promise.all([startPostgres(), startSandbox(installed())]);
  keyturn = command({
    folder,
    cwd,
    env: {
      CONDUCTORONE_SERVER_URL: sandbox.url,
      CONDUCTORONE_CLIENT_ID: sandbox.clientId,
      CONDUCTORONE_CLIENT_SECRET: sandbox.clientSecret,
    },
  });
  const { appId, connectorId } = sandbox;
  const target = {
    kind: "c1-connector",
    appId,
    connectorId,
    sinks: [{ kind: "env-file", path: "crm.env" }],
    policy: { grace: "0s" },
  };
  writeFileSync(join(cwd, "keyturn.json"), JSON.stringify({ journal: "journal", targets: { crm: target } }));
});
after(async () => {
  await sandbox.stop();
  await server.stop();
  rmSync(folder, { recursive: true });
});

test("a database needs its package, a URL and its tables, and the message says so", async () => {
  const bare = await keyturn("status", "--database", server.url());
  assert.deepEqual([bare.code, bare.stdout], [2, ""]);
  assert.match(bare.stderr, /package pg is not installed here\nnpm install pg/);
  mkdirSync(join(cwd, "node_modules"));
  for (const name of ["pg", "pg-boss"]) symlinkSync(join(root, "node_modules", name), join(cwd, "node_modules", name));
  const wrong = await keyturn("status", "--database", "mysql://user:hunter2@host/x");
  assert.equal(wrong.code, 2);
  assert.doesNotMatch(wrong.stderr, /hunter2/);
  const empty = await keyturn("status", "--database", server.url());
  assert.equal(empty.code, 8);
  assert.match(empty.stderr, /schema .*does not exist\n.*migratePostgres/s);
  const none = await keyturn("worker");
  assert.equal(none.code, 2);
  assert.match(none.stderr, /a worker needs a database/);
});

test("a worker continues what a command starts, with the same journal", async () => {
  const client = new ConductorOne({
    serverURL: sandbox.url,
    clientID: sandbox.clientId,
    clientSecret: sandbox.clientSecret,
  });
  const { appId, connectorId } = sandbox;
  const made = await client.connector.rotateCredential({ appId, connectorId });
  const { id, clientId, clientSecret } = made.connectorServiceRotateCredentialResponse.credential;
  writeFileSync(join(cwd, "crm.env"), `BATON_CLIENT_ID=${clientId}\nBATON_CLIENT_SECRET=${clientSecret}\n`);
  const port = await freePort();
  const env = { KEYTURN_DATABASE: server.url(), KEYTURN_FLEET: "eu" };
  const worker = keyturn("worker", "--migrate", "--port", String(port), { env });
  const get = (path) => fetch(`http://127.0.0.1:${port}${path}`).catch(() => ({ status: 0 }));
  await until("it is ready", async () => (await get("/readyz")).status === 200, { more: worker.seen });

  assert.equal((await keyturn("adopt", "crm", id, { env })).code, 0);
  const rotated = await keyturn("rotate", "crm", "--yes", { env });
  assert.equal(rotated.code, 0, rotated.stderr);
  const status = await keyturn("status", "-o", "json", "--database", server.url(), "--fleet", "eu");
  assert.equal(status.code, 0, status.stderr);
  const [{ target, progress, current }] = JSON.parse(status.stdout);
  assert.deepEqual([target, progress.rotation, progress.state], ["crm", 1, "idle"]);
  assert.ok(readFileSync(join(cwd, "crm.env"), "utf8").includes(current.clientId));
  // Neither another fleet nor the folder has a record of it.
  for (const more of [["--database", server.url(), "--fleet", "us"], []]) {
    const other = await keyturn("status", "-o", "json", ...more);
    assert.equal(JSON.parse(other.stdout)[0].progress.rotation, 0);
  }
  assert.equal((await keyturn("journal", "verify", { env })).code, 0);
  assert.match(await (await get("/metrics")).text(), /^keyturn_fleet_targets\{state="idle"\} 1$/m);

  worker.child.kill("SIGTERM");
  const { code, stdout, stderr } = await worker;
  assert.equal(code, 0, stderr);
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).event);
  assert.deepEqual([events[0], events[1], events.at(-1)], ["migrated", "started", "stopped"]);
  for (const text of [stdout, stderr, status.stdout]) assert.doesNotMatch(text, /secret-token:/);
});

test("creates tables for roles, declares a restore, and can stop a worker that waits for its database", async () => {
  const owner = new pg.Pool({ connectionString: server.url() });
  const way = await startPartition(server.port);
  try {
    await owner.query("CREATE ROLE fleet_worker LOGIN");
    const env = { KEYTURN_DATABASE: server.url(), KEYTURN_SCHEMA: "by_role" };
    const migrated = await keyturn("journal", "migrate", "--queue", "--worker", "fleet_worker", "-o", "json", { env });
    assert.deepEqual([migrated.code, JSON.parse(migrated.stdout)], [0, [{ from: 0, to: 2 }]], migrated.stderr);
    const asWorker = { ...env, KEYTURN_DATABASE: server.url("fleet_worker") };
    const status = await keyturn("status", "-o", "json", { env: asWorker });
    assert.equal(JSON.parse(status.stdout)[0].progress.rotation, 0);
    const refused = await keyturn("journal", "migrate", { env: { ...asWorker, KEYTURN_SCHEMA: "another" } });
    assert.deepEqual([refused.code, refused.stdout], [8, ""]);
    assert.match(refused.stderr, /lacks the permission\n.*role that may create schemas/s);

    assert.equal((await keyturn("journal", "restored", { env: asWorker })).code, 0);
    const restores = async () =>
      (await owner.query("SELECT fleet, restores FROM by_role.marks WHERE fleet <> ''")).rows.map(Object.values);
    assert.deepEqual(await restores(), [["default", 1]]);
    const unanswered = await keyturn("journal", "restored", "--nothing-lost", { env: asWorker });
    assert.equal(unanswered.code, 2);
    assert.equal((await keyturn("journal", "restored", "--nothing-lost", "--yes", { env: asWorker })).code, 0);
    assert.deepEqual(await restores(), [["default", 0]]);

    way.cut();
    const port = await freePort();
    const silent = { ...asWorker, KEYTURN_DATABASE: server.url("fleet_worker", way.port) };
    const worker = keyturn("worker", "--port", String(port), { env: silent });
    const get = (path) => fetch(`http://127.0.0.1:${port}${path}`).catch(() => ({ status: 0 }));
    await until("it responds", async () => (await get("/healthz")).status === 200, { more: worker.seen });
    assert.equal((await get("/readyz")).status, 503, worker.seen());
    worker.child.kill("SIGTERM");
    const { code, stderr } = await worker;
    assert.equal(code, 0, stderr);
  } finally {
    await way.close();
    await owner.end();
  }
});

test("does not repeat the password of an invalid URL", async () => {
  for (const url of [
    "postgres://user:hunter2@host:port/x",
    "postgres://user:hunter2@[::1/x",
    "postgres://u:hunter2@127.0.0.1:1/x",
  ])
    for (const args of [["status"], ["worker", "--port", "0"], ["journal", "migrate", "--queue"]]) {
      const { code, stdout, stderr } = await keyturn(...args, "--database", url);
      assert.notEqual(code, 0);
      assert.doesNotMatch(stdout + stderr, /hunter2/, `${args} ${url}`);
      assert.doesNotMatch(stderr, /\n {4}at /, stderr);
    }
});

test("reports the version that a worker needs on an older Node", async () => {
  const env = { KEYTURN_DATABASE: server.url(), NODE_OPTIONS: `--import=${join(cwd, "older.mjs")}` };
  writeFileSync(
    join(cwd, "older.mjs"),
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.0" } });\n',
  );
  const { code, stderr } = await keyturn("worker", { env });
  assert.notEqual(code, 0);
  assert.match(stderr, /needs Node 22.12 or newer/);
});
