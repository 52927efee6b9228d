// examples/temporal on Temporal's own development server: workflows whose activities are calls of a lifecycle. A worker
// dies during a call that issues a credential, and another one continues; the call is not repeated, and Temporal's
// history contains no secret.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import pg from "pg";
import { python } from "../xtask/python.mjs";
import { root } from "../xtask/steps.mjs";
import { temporal } from "../xtask/temporal.mjs";
import { installed } from "./lib/installed.mjs";
import { freePort, startPostgres } from "./lib/postgres.mjs";
import { startSandbox } from "./lib/sandbox.mjs";
import { until } from "./lib/until.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const { ConductorOne } = require("keyturn");
const { openLifecycle } = require("keyturn/lifecycle");
const { postgresJournal } = require("keyturn/postgres");
const { Client, Connection } = createRequire(join(temporal(), "package.json"))("@temporalio/client");

const POLICY = {
  approval: true,
  grace: "1s",
  callDeadline: "4s",
  margin: "1s",
  hold: "6s",
  poll: "1s",
  backoff: 200,
  maxBackoff: 1000,
};
/** The example's targets, with times short enough for a test. */
const TARGETS = `
import { ConductorOne } from "keyturn";
import { connectorProvider } from "keyturn/lifecycle";
import { envFile } from "keyturn/lifecycle/node";
const { CONDUCTORONE_APP_ID: appId, CONDUCTORONE_CONNECTOR_ID: connectorId, ENV_FILE: path } = process.env;
export const targets = {
  crm: {
    provider: connectorProvider({ client: ConductorOne.fromEnv(), appId, connectorId, logsRotations: true }),
    sinks: [envFile({ path })],
    policy: ${JSON.stringify(POLICY)},
  },
};
`;
const ROTATE = "connector.rotateCredential";

const folder = mkdtempSync(join(installed(), "temporal-"));
const ends = [];
let server;
let sandbox;
let env;
let client;
const said = [];

/** Starts a program that ends with the tests. Its output is kept for failures. */
function start(program, args, options = {}) {
  const child = spawn(program, args, { cwd: folder, ...options, stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => said.push(line));
  const end = async (signal) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return exited;
  };
  ends.push(() => end("SIGKILL"));
  return { child, exited, end };
}

/** Failed waits show the last output of the programs. */
const patient = { every: 100, more: () => said.slice(-30).join("\n") };

/** Starts a worker of the example, and resolves once it takes tasks. */
async function worker() {
  const ready = said.filter((line) => line === "ready").length;
  const made = start(process.execPath, ["worker.mjs"], { env });
  await until("a worker is ready", () => said.filter((line) => line === "ready").length > ready, patient);
  return made;
}

const command = async (...args) => {
  const { child, exited } = start(process.execPath, ["client.mjs", ...args], { env });
  await exited;
  assert.equal(child.exitCode, 0, said.slice(-10).join("\n"));
};

const control = async (method, path, body) => {
  const init = { method, ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }) };
  return (await fetch(`${sandbox.url}/_sandbox/${path}`, init)).json();
};

before(async () => {
  [server, sandbox] = await Promise.all([startPostgres(), startSandbox(installed())]);
  const port = await freePort();
  const dev = [
    "server",
    "start-dev",
    "--headless",
    "--ip",
    "127.0.0.1",
    "--port",
    String(port),
    "--log-level",
    "error",
  ];
  start(python("temporal"), dev, { env: { ...process.env, TEMPORAL_VERSION_CHECK_DISABLED: "1" } });
  cpSync(join(root, "examples/temporal"), folder, { recursive: true });
  writeFileSync(join(folder, "targets.mjs"), TARGETS);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(temporal(), "node_modules/@temporalio"), join(folder, "node_modules/@temporalio"));
  symlinkSync(join(root, "node_modules/pg"), join(folder, "node_modules/pg"));
  env = {
    ...process.env,
    DATABASE_URL: server.url(),
    TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
    CONDUCTORONE_SERVER_URL: sandbox.url,
    CONDUCTORONE_CLIENT_ID: sandbox.clientId,
    CONDUCTORONE_CLIENT_SECRET: sandbox.clientSecret,
    CONDUCTORONE_APP_ID: sandbox.appId,
    CONDUCTORONE_CONNECTOR_ID: sandbox.connectorId,
    ENV_FILE: join(folder, "crm.env"),
  };
  await until(
    "Temporal answers",
    async () => {
      const connection = await Connection.connect({ address: env.TEMPORAL_ADDRESS, connectTimeout: 1000 }).catch(
        () => {},
      );
      if (connection === undefined) return false;
      ends.push(() => connection.close());
      client = new Client({ connection });
      return true;
    },
    patient,
  );
});
after(async () => {
  for (const end of ends.reverse()) await end();
  await sandbox.stop();
  await server.stop();
  rmSync(folder, { recursive: true });
});

test("when a worker dies during the issuing call, another continues, and the workflow ends with one credential in use", async () => {
  const c1 = new ConductorOne({
    serverURL: sandbox.url,
    clientID: sandbox.clientId,
    clientSecret: sandbox.clientSecret,
  });
  const { appId, connectorId } = sandbox;
  const made = await c1.connector.rotateCredential({ appId, connectorId });
  const first = made.connectorServiceRotateCredentialResponse.credential;
  writeFileSync(env.ENV_FILE, `BATON_CLIENT_ID=${first.clientId}\nBATON_CLIENT_SECRET=${first.clientSecret}\n`);
  const doomed = await worker();
  const pool = new pg.Pool({ connectionString: server.url() });
  ends.push(() => pool.end());
  const { connectorProvider } = require("keyturn/lifecycle");
  const { envFile } = require("keyturn/lifecycle/node");
  const provider = connectorProvider({ client: c1, appId, connectorId });
  const journal = postgresJournal(pool, { fleet: "temporal" });
  const crm = { provider, sinks: [envFile({ path: env.ENV_FILE })], policy: POLICY };
  const lifecycle = openLifecycle({ journal, targets: { crm } });
  ends.push(() => lifecycle.close());
  await lifecycle.adopt("crm", first.id);
  await control("DELETE", "requests");
  await control("POST", "faults", { operation: ROTATE, action: { delayMs: 6000 }, times: 1 });

  await command("rotate", "crm");
  await until(
    "the call is made",
    async () => (await control("GET", `requests?operation=${ROTATE}`)).length > 0,
    patient,
  );
  await doomed.end("SIGKILL");
  const next = await worker();
  await command("rotate", "crm");
  const handle = client.workflow.getHandle("keyturn-rotate-crm");
  // The outcome of the call is unknown until the control plane's log shows it.
  await until(
    "the rotation waits for a person",
    async () => {
      // The log only counts as complete up to an attempt's end once something later is in it.
      await c1.with({ clientID: sandbox.clientId, clientSecret: sandbox.clientSecret }).authenticate();
      return (await lifecycle.status(["crm"]))[0].progress.state === "awaits-approval";
    },
    patient,
  );
  assert.equal((await handle.describe()).status.name, "RUNNING");
  await lifecycle.approve("crm");
  await command("wake", "crm");
  const result = await handle.result();
  assert.deepEqual([result.target, result.state], ["crm", "idle"]);

  const events = (await lifecycle.history("crm")).map(({ event }) => event);
  assert.ok(events.includes("unknown"), events.join());
  const calls = await control("GET", `requests?operation=${ROTATE}`);
  assert.equal(calls.length, events.filter((event) => event === "issuing").length);
  const [{ current, progress }] = await lifecycle.status(["crm"]);
  assert.deepEqual([progress.rotation, progress.last], [1, "done"]);
  const text = readFileSync(env.ENV_FILE, "utf8");
  const [, clientId] = /BATON_CLIENT_ID=(.*)/.exec(text);
  const [, clientSecret] = /BATON_CLIENT_SECRET="?(.*?)"?\n/.exec(text);
  assert.equal(clientId.replaceAll('"', ""), current.clientId);
  assert.equal(await provider.login({ clientId: current.clientId, clientSecret }, new AbortController().signal), true);
  const history = JSON.stringify(await handle.fetchHistory());
  const payloads = [...history.matchAll(/"data":"([^"]*)"/g)].map(([, data]) => Buffer.from(data, "base64").toString());
  assert.ok(payloads.length > 2);
  for (const shown of [history, ...payloads, said.join("\n")]) {
    assert.doesNotMatch(shown, /secret-token:/);
    assert.ok(!shown.includes(clientSecret));
  }

  // Waking a rotation that has just ended reports this, without a failure.
  await command("wake", "crm");
  assert.ok(said.includes("No rotation of crm is in progress."));

  // A scheduled sweep finds nothing to do, and reports this for each target.
  await command("schedule");
  const schedule = client.schedule.getHandle("keyturn-sweep");
  await schedule.trigger();
  const swept = await until(
    "the schedule has run",
    async () => {
      const [action] = (await schedule.describe()).info.recentActions;
      return action && client.workflow.getHandle(action.action.workflow.workflowId).result();
    },
    patient,
  );
  assert.deepEqual(swept, [{ target: "crm", state: "idle" }]);
  // It shuts down in order when it is told to stop.
  assert.deepEqual(await next.end("SIGTERM"), [0, null]);
});
