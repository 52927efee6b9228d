// The files of examples/fleet: their content is valid, and the worker runs.
import "../lib/newer-node.mjs";
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { python } from "../../xtask/python.mjs";
import { root } from "../../xtask/steps.mjs";
import { installed } from "../lib/installed.mjs";
import { freePort, startPostgres } from "../lib/postgres.mjs";
import { startSandbox } from "../lib/sandbox.mjs";
import { until } from "../lib/until.mjs";

const folder = installed();
const examples = join(root, "examples/fleet");
const read = (name) => readFile(join(examples, name), "utf8");
const PATHS = ["/healthz", "/readyz"];

test("the worker migrates, becomes ready, and stops on a signal", async () => {
  const [server, sandbox] = await Promise.all([startPostgres(), startSandbox(folder)]);
  const home = await mkdtemp(join(folder, "fleet-"));
  const port = await freePort();
  const env = {
    ...process.env,
    DATABASE_URL: server.url(),
    FLEET: "production",
    PORT: String(port),
    CONDUCTORONE_SERVER_URL: sandbox.url,
    CONDUCTORONE_CLIENT_ID: sandbox.clientId,
    CONDUCTORONE_CLIENT_SECRET: sandbox.clientSecret,
    CONDUCTORONE_APP_ID: sandbox.appId,
    CONDUCTORONE_CONNECTOR_ID: sandbox.connectorId,
    ENV_FILE: join(home, "crm.env"),
  };
  try {
    await cp(examples, home, { recursive: true });
    for (const name of ["pg", "pg-boss"])
      await symlink(join(root, "node_modules", name), join(folder, "node_modules", name)).catch(() => {});
    await writeFile(env.ENV_FILE, "");
    const run = (...args) =>
      spawn(process.execPath, [join(home, "worker.mjs"), ...args], {
        cwd: home,
        env,
        stdio: ["ignore", "pipe", "inherit"],
      });
    const migration = run("migrate");
    const [said, [code]] = await Promise.all([text(migration.stdout), once(migration, "exit")]);
    assert.equal(code, 0, said);
    assert.deepEqual(JSON.parse(said), { level: "info", event: "migrated", from: 0, to: 2 });

    const worker = run();
    const ended = once(worker, "exit");
    const records = [];
    createInterface(worker.stdout).on("line", (line) => records.push(JSON.parse(line)));
    const get = (path) => fetch(`http://127.0.0.1:${port}${path}`).catch(() => ({ status: 0 }));
    await until("the worker is ready", async () => (await get("/readyz")).status === 200);
    for (const path of PATHS) assert.equal((await get(path)).status, 200, path);
    const metrics = await (await get("/metrics")).text();

    // The dashboard queries all metrics, and none that does not exist.
    const families = [...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    const dashboard = JSON.parse(await read("grafana.json"));
    const asked = dashboard.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(/keyturn_\w+/g)));
    assert.deepEqual([...new Set(asked)].sort(), families.sort());
    assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
    for (const { gridPos } of dashboard.panels) assert.ok(gridPos.x + gridPos.w <= 24);

    worker.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);

    // The program for a timer, on the same journal: without a policy, a target that was never rotated is not started.
    const timer = spawn(process.execPath, [join(home, "advance.mjs")], {
      cwd: home,
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [advanced, [status]] = await Promise.all([text(timer.stdout), once(timer, "exit")]);
    assert.equal(status, 0, advanced);
    assert.deepEqual(JSON.parse(advanced), { level: "info", event: "advanced", target: "crm", state: "idle" });
    assert.deepEqual(
      records
        .filter(({ event }) => event === "started" || event === "stopped")
        .map(({ event, fleet }) => [event, fleet]),
      [
        ["started", "production"],
        ["stopped", "production"],
      ],
    );
  } finally {
    await rm(home, { recursive: true });
    await sandbox.stop();
    await server.stop();
  }
});

test("the manifests are valid for Kubernetes", async () => {
  const files = ["kubernetes.yaml", "cronjob.yaml"].map((name) => join(examples, name));
  const checked = spawnSync(python("kubernetes-validate"), ["--strict", ...files], { encoding: "utf8" });
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  assert.equal((checked.stdout + checked.stderr).match(/ passed for resource /g)?.length, 4);
  const cron = parse(await read("cronjob.yaml"));
  const { containers, volumes } = cron.spec.jobTemplate.spec.template.spec;
  const [{ command, env, volumeMounts }] = containers;
  const program = (await read(command.at(-1))) + (await read("targets.mjs"));
  for (const { name } of env) assert.ok(program.includes(name), name);
  assert.deepEqual(
    volumeMounts.map(({ name }) => name),
    volumes.map(({ name }) => name),
  );
});

test("the manifests match the worker's ports and paths", async () => {
  const documents = parseAllDocuments(await read("kubernetes.yaml"));
  for (const { errors, warnings } of documents) assert.deepEqual([...errors, ...warnings], []);
  const [migration, deployment, budget] = documents.map((document) => document.toJS());
  assert.deepEqual(
    [migration, deployment, budget].map(({ apiVersion, kind }) => `${apiVersion} ${kind}`),
    ["batch/v1 Job", "apps/v1 Deployment", "policy/v1 PodDisruptionBudget"],
  );
  const { template, selector, replicas } = deployment.spec;
  assert.deepEqual(template.metadata.labels, selector.matchLabels);
  assert.deepEqual(budget.spec.selector, selector);
  assert.ok(replicas > budget.spec.maxUnavailable);
  const [container] = template.spec.containers;
  const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));
  assert.equal(String(ports.http), template.metadata.annotations["prometheus.io/port"]);
  for (const [probe, path] of [
    ["livenessProbe", "/healthz"],
    ["readinessProbe", "/readyz"],
    ["startupProbe", "/readyz"],
  ]) {
    assert.equal(container[probe].httpGet.path, path);
    assert.ok(container[probe].httpGet.port in ports);
  }
  // The grace period for stopping is longer than a worker needs by default.
  assert.ok(template.spec.terminationGracePeriodSeconds > 20 + 5);
  const program = await read("worker.mjs");
  assert.ok(program.includes(`PORT = "${ports.http}"`));
  const mounted = container.volumeMounts.map(({ name }) => name);
  assert.deepEqual(
    template.spec.volumes.map(({ name }) => name),
    mounted,
  );
  const known = new Set(
    [...program.matchAll(/[A-Z][A-Z_]+/g), ...(await read("targets.mjs")).matchAll(/[A-Z][A-Z_]+/g)].map(String),
  );
  for (const { name } of [...container.env, ...migration.spec.template.spec.containers[0].env])
    assert.ok(known.has(name), name);
});

test("the compose file starts existing services in order", async () => {
  const { services, volumes } = parse(await read("compose.yaml"));
  for (const { depends_on = {}, volumes: mounted = [], build } of Object.values(services)) {
    for (const name of Object.keys(depends_on)) assert.ok(name in services, name);
    for (const mount of mounted) assert.ok(mount.split(":")[0] in volumes, mount);
    if (build) assert.match(await read(join(build, "Dockerfile")), /CMD \["node", "worker.mjs"\]/);
  }
  assert.equal(services.worker.depends_on.migrate.condition, "service_completed_successfully");
  assert.ok(Number.parseInt(services.worker.stop_grace_period, 10) > 25);
  const dockerfile = await read("Dockerfile");
  for (const [, names] of dockerfile.matchAll(/^COPY (.*) \.\/$/gm))
    for (const name of names.split(" ")) assert.ok(await read(name), name);
  const manifest = JSON.parse(await read("package.json"));
  const own = createRequire(import.meta.url)(join(root, "package.json"));
  for (const name of ["pg", "pg-boss"]) assert.equal(manifest.dependencies[name], own.devDependencies[name]);
  assert.match(dockerfile, /^FROM node:22/m);
});
