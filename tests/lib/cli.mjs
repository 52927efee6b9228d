// Runs the command line of the installed package as a separate process.
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { python } from "../../xtask/python.mjs";
import { installed } from "./installed.mjs";
import { startSandbox } from "./sandbox.mjs";

const folder = installed();
/** The target of the link `node_modules/.bin/keyturn`. */
export const PROGRAM = join(folder, "node_modules/keyturn/pkg/dist/esm/cli.js");

/** Returns the command's environment, without any of the machine's variables that would affect it. */
export function environment(more = {}) {
  const { PATH, HOME, LANG = "C.UTF-8", TMPDIR } = process.env;
  return { PATH, HOME, LANG, ...(TMPDIR ? { TMPDIR } : {}), ...more };
}

/**
 * Starts `keyturn ARGS`.
 *
 * @returns {{ child: import("node:child_process").ChildProcess, done: Promise<{ status: number | null, signal: string | null, stdout: string, stderr: string }> }}
 */
export function start(args, { cwd, env = {}, input, stdio = ["pipe", "pipe", "pipe"] } = {}) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd, env: environment(env), stdio });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"])
    child[name]?.setEncoding("utf8").on("data", (text) => {
      texts[name] += text;
    });
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  const done = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => resolve({ status, signal, ...texts }));
  });
  return { child, done };
}

/** Runs `keyturn ARGS` to its end. */
export function run(args, options) {
  return start(args, options).done;
}

/**
 * Runs `keyturn ARGS` on a terminal with this many columns, and types as the steps say: each is a text to wait for and
 * what to type then.
 *
 * @returns {Promise<{ status: number, shown: string, plain: string }>} `plain` is without control sequences.
 */
export async function onTerminal(columns, args, { steps = [], env = {}, cwd } = {}) {
  const script = fileURLToPath(new URL("terminal.py", import.meta.url));
  const words = [script, String(columns), "40", JSON.stringify(steps), process.execPath, PROGRAM, ...args];
  const child = spawn(python("python"), words, { cwd, env: environment({ TERM: "xterm-256color", ...env }) });
  let [shown, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    shown += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  const status = await new Promise((resolve) => child.once("close", resolve));
  if (status === 99) throw new Error(`${errors}${shown}`);
  return { status, shown, plain: shown.replace(/\u001b\[[\d;?]*[A-Za-z]/g, "").replaceAll("\r", "") };
}

/** Returns the smallest configuration with a target of each API, as in the documentation, with the ids of a tenant. */
export function smallest({ appId, connectorId, credential }) {
  return `{
  "journal": "./keyturn-journal",
  "targets": {
    "github-production": {
      "kind": "c1-connector", "appId": "${appId}", "connectorId": "${connectorId}",
      "sinks": [{ "kind": "env-file", "path": "./github.env", "clientId": "BATON_CLIENT_ID", "clientSecret": "BATON_CLIENT_SECRET" }],
      "policy": { "rotateEvery": "60d", "rotateBefore": "14d", "grace": "24h" }
    },
    "order-export": {
      "kind": "commercelayer-api-credential", "id": "${credential}",
      "sinks": [{ "kind": "command", "run": ["./store.sh"] }],
      "policy": { "rotateEvery": "90d", "grace": "48h" }
    }
  }
}
`;
}

/** Writes a program that stores the pair which it receives in a file. */
export function writeStore(cwd, script = "cat > store.json") {
  writeFileSync(join(cwd, "store.sh"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(cwd, "store.sh"), 0o755);
}

/** Writes the smallest configuration for a tenant, and the program that it delivers to. */
export function writeProject(cwd, tenant) {
  writeFileSync(join(cwd, "keyturn.json"), smallest(tenant));
  writeStore(cwd);
}

/** Creates a folder for one test. */
export function scratch(name) {
  return mkdtempSync(join(folder, `${name}-`));
}

/**
 * Starts a sandbox tenant. Returns the variables that the command logs in with, and an API credential of the tenant.
 */
export async function tenant(flags = []) {
  const { commercelayer: library } = await import(pathToFileURL(join(folder, "load.mjs")).href);
  const sandbox = await startSandbox(folder, flags);
  const { url, clientId, clientSecret, appId, connectorId, commercelayer } = sandbox;
  const { serverURL, clientId: id, clientSecret: secret } = commercelayer;
  // A new client each time: the old one's tokens may have expired by the sandbox's clock.
  const client = () =>
    library.CommerceLayerProvisioning({
      serverURL,
      credentials: library.clientCredentials({ clientId: id, clientSecret: secret }),
    });
  const [first] = await client().api_credentials.list({ filters: { kind_eq: "integration" } });
  const env = {
    CONDUCTORONE_SERVER_URL: url,
    CONDUCTORONE_CLIENT_ID: clientId,
    CONDUCTORONE_CLIENT_SECRET: clientSecret,
    COMMERCELAYER_SERVER_URL: serverURL,
    COMMERCELAYER_CLIENT_ID: id,
    COMMERCELAYER_CLIENT_SECRET: secret,
  };
  return { url, env, appId, connectorId, credential: first.id, client, stop: sandbox.stop };
}

/** Advances a sandbox's clock by some milliseconds. */
export async function setOn(url, ms) {
  const answer = await fetch(`${url}/_sandbox/clock`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ advance: ms }),
  });
  if (!answer.ok) throw new Error(`the clock was not set on: ${answer.status} ${await answer.text()}`);
}
