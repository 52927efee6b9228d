// docs/cli.md: its command lines run, its configuration works, its tables are complete, and its workflow rotates with
// an identity token.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { root } from "../../xtask/steps.mjs";
import { environment, PROGRAM, run, scratch, smallest, tenant, writeStore } from "../lib/cli.mjs";
import { module } from "../lib/installed.mjs";

const page = readFileSync(join(root, "docs/cli.md"), "utf8");
const blocks = (language) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, code]) => code);
const { COMMANDS } = await module("cli/table.js");
const { EXIT } = await module("cli/exit.js");
const { SCHEMA } = await module("cli/config/schema.js");

const cwd = scratch("guide");
let sandbox;
let runner;
before(async () => {
  sandbox = await tenant();
  writeStore(cwd);
  writeFileSync(join(cwd, "keyturn"), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  chmodSync(join(cwd, "keyturn"), 0o755);
  const { appId, connectorId, credential } = sandbox;
  const [config] = blocks("json");
  const ids = { appId: "APP", connectorId: "CONNECTOR", credential: "ID" };
  assert.deepEqual(JSON.parse(config), JSON.parse(smallest(ids)));
  writeFileSync(join(cwd, "keyturn.json"), smallest({ appId, connectorId, credential }));
});
after(async () => {
  runner?.close();
  await sandbox.stop();
  rmSync(cwd, { recursive: true });
});

/** Runs a script in a shell. */
async function shell(script, env) {
  const child = spawn("bash", ["-euo", "pipefail", "-c", script], {
    cwd,
    env: { ...environment(env), PATH: `${cwd}:${process.env.PATH}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let written = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => {
      written += text;
    });
  const [status] = await once(child, "close");
  return { status, written };
}

test("the command lines run", async () => {
  const [script] = blocks("sh");
  const { status, written } = await shell(script, sandbox.env);
  assert.equal(status, 0, written);
  assert.doesNotMatch(written, /secret-token:/);
});

test("the table of commands has those of this room", () => {
  const [table] = page.split("## Commands")[1].split("###");
  const rows = [...table.matchAll(/^\| `([a-z ]+)` +\| [A-Z]/gm)].map(([, name]) => name);
  const known = COMMANDS.map(({ name }) => name);
  assert.ok(rows.length > 10);
  for (const name of rows) assert.ok(known.includes(name), name);
  // Commands with their own page are not repeated here.
  const elsewhere = [
    "api",
    "login",
    "logout",
    "whoami",
    "doctor",
    "completion",
    "complete",
    "render",
    "import",
    "console",
    "discover",
    "profile",
  ];
  const missing = known.filter((name) => !rows.includes(name) && !elsewhere.includes(name.split(" ")[0]));
  assert.deepEqual(missing, []);
});

test("the table of exit codes has all of them", () => {
  const rows = [...page.matchAll(/^\| (\d+) +\| /gm)].map(([, code]) => Number(code));
  assert.deepEqual(
    rows,
    Object.values(EXIT).sort((one, other) => one - other),
  );
});

test("the tables of targets, sinks and fields have what the schema has", () => {
  const kinds = (schema) => schema.oneOf.map(({ properties }) => properties.kind.const);
  for (const kind of [...kinds(SCHEMA.$defs.sink), ...kinds(SCHEMA.properties.targets.additionalProperties)])
    assert.match(page, new RegExp(`^\\| \`${kind}\` +\\|`, "m"));
  for (const field of Object.keys(SCHEMA.properties))
    assert.ok(field === "$schema" || page.includes(`| \`${field}\` `), field);
});

test("the workflow rotates with an identity token, and without a secret", async () => {
  const [text] = blocks("yaml");
  const workflow = parse(text);
  assert.equal(workflow.permissions["id-token"], "write");
  assert.doesNotMatch(text, /secrets\./);
  const control = async (method, path, body) => {
    const init = { method, body: body && JSON.stringify(body), headers: { "content-type": "application/json" } };
    return (await fetch(`${sandbox.url}/_sandbox/${path}`, init)).json();
  };
  const { trustId } = await control("GET", "tenant");
  // GitHub's runner: an endpoint that returns the job's identity token.
  const asked = [];
  runner = createServer(async (request, response) => {
    const url = new URL(request.url, "http://runner");
    asked.push([request.headers.authorization, url.searchParams.get("audience")]);
    const { token } = await control("POST", "identity-token", { claims: { aud: url.searchParams.get("audience") } });
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ value: token }));
  }).listen(0, "127.0.0.1");
  await once(runner, "listening");
  const job = workflow.jobs.rotate;
  const vars = { CONDUCTORONE_CLIENT_ID: trustId, CONDUCTORONE_OIDC_AUDIENCE: sandbox.url };
  const env = {
    ...Object.fromEntries(
      Object.entries(job.env).map(([name, value]) => [
        name,
        value.replace(/\$\{\{ vars\.(\w+) \}\}/, (_, key) => vars[key]),
      ]),
    ),
    CONDUCTORONE_SERVER_URL: sandbox.url,
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${runner.address().port}/token?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "of-the-runner",
  };
  // The credential is old enough to be due.
  const config = JSON.parse(readFileSync(join(cwd, "keyturn.json"), "utf8"));
  delete config.targets["order-export"];
  config.targets["github-production"].policy = { rotateEvery: "1ms", grace: "0ms" };
  writeFileSync(join(cwd, "keyturn.json"), JSON.stringify(config));
  const held = () => /BATON_CLIENT_ID=(\S+)/.exec(readFileSync(join(cwd, "github.env"), "utf8"))[1];
  const first = held();
  const scripts = job.steps.flatMap((step) => (step.run?.includes("keyturn") ? [step.run] : []));
  assert.equal(scripts.length, 2);
  for (const script of scripts) {
    const { status, written } = await shell(script, env);
    assert.equal(status, 0, written);
  }
  assert.notEqual(held(), first);
  assert.ok(asked.length > 0);
  for (const [authorization, audience] of asked)
    assert.deepEqual([authorization, audience], ["Bearer of-the-runner", sandbox.url]);
  const { stdout } = await run(["journal", "verify", "-o", "json"], { cwd });
  assert.equal(JSON.parse(stdout)[0].broken, undefined);
});
