#!/usr/bin/env node
/** `npx keyturn`: the sandbox on the command line. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { parseArgs } from "node:util";
import { KeyturnError } from "./base/errors.js";
import { type SandboxServer, type SandboxSwitches, type Seed, serveSandbox } from "./sandbox-node.js";

const HELP = `keyturn sandbox: a tenant to try things on, served on 127.0.0.1

  --port N               the port; 0, the default, for any that is free
  --seed NAME            demo (the default), empty or large
  --json                 first line: {"url","clientId","clientSecret","appId","connectorId","commercelayer"}
  --state FILE           keep the rows in a file; no secret is written to it
  --token-ttl SECONDS    how long access tokens live; default 3600
  --clock DATE           what its clock shows at first, such as 2030-01-01T00:00:00Z
  --cors ORIGIN          let the pages of one other origin call it; '*' for those of any
  --old-after-rotate     keep (the default), revoke or expire: a connector's older credentials
  --bridge-after-rotate  revoke (the default) or keep: a bridge's older credentials
  --revoked              gone (the default) or shown: revoked connector credentials
  --dpop                 accept (the default), ignore, require or nonce: proofs of possession
  --dpop-url             without-query (the default) or with-query: the URL that a proof names
  --replay               by-nonce (the default) or by-signature: assertions that were used before
  --system-log           full (the default), sparse (no ids of new credentials) or off
  --rate-limits          off (the default) or on: the documented limits of Commerce Layer
  --exec COMMAND         run a command with CONDUCTORONE_CLIENT_ID, _CLIENT_SECRET, _SERVER_URL,
                         _APP_ID and _CONNECTOR_ID set, and the first three as COMMERCELAYER_... for
                         the Provisioning API, then stop with its exit code

keyturn --version, keyturn --help
`;

/** A command line that makes no sense. */
class UsageError extends Error {}

/** Does what the command line says and gives the exit code. */
async function main(args: string[]): Promise<number> {
  const [command] = args;
  if (command === "--version") {
    const manifest = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
    console.log((JSON.parse(manifest) as { version: string }).version);
    return 0;
  }
  if (command === "--help" || command === "help" || args.includes("--help")) {
    process.stdout.write(HELP);
    return 0;
  }
  if (command !== "sandbox")
    throw new UsageError(command === undefined ? "a command is missing" : `there is no command ${command}`);
  return sandbox(args.slice(1));
}

async function sandbox(args: string[]): Promise<number> {
  const text = { type: "string" } as const;
  const options = {
    port: text,
    seed: text,
    state: text,
    "token-ttl": text,
    clock: text,
    cors: text,
    host: text,
    "old-after-rotate": text,
    "bridge-after-rotate": text,
    "system-log": text,
    revoked: text,
    dpop: text,
    "dpop-url": text,
    replay: text,
    "rate-limits": text,
    exec: text,
    json: { type: "boolean" },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    ({ values } = parseArgs({ args, options, strict: true }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const number = (name: "port" | "token-ttl"): number | undefined => {
    const value = values[name];
    if (value === undefined) return undefined;
    if (!/^\d+$/.test(value)) throw new UsageError(`--${name}: a whole number`);
    return Number(value);
  };
  const server = await serveSandbox({
    port: number("port"),
    host: values.host,
    // The sandbox says which values there are.
    seed: values.seed as Seed | undefined,
    state: values.state,
    tokenTtl: number("token-ttl"),
    clock: values.clock,
    cors: values.cors,
    oldAfterRotate: values["old-after-rotate"] as SandboxSwitches["oldAfterRotate"],
    bridgeAfterRotate: values["bridge-after-rotate"] as SandboxSwitches["bridgeAfterRotate"],
    systemLog: values["system-log"] as SandboxSwitches["systemLog"],
    revoked: values.revoked as SandboxSwitches["revoked"],
    dpop: values.dpop as SandboxSwitches["dpop"],
    dpopUrl: values["dpop-url"] as SandboxSwitches["dpopUrl"],
    replay: values.replay as SandboxSwitches["replay"],
    commercelayer: { rateLimits: values["rate-limits"] as "on" | "off" | undefined },
  });
  if (values.json) console.log(JSON.stringify(ready(server)));
  else if (values.exec === undefined) console.log(introduce(server));
  try {
    return await (values.exec === undefined ? stopped() : run(values.exec, server));
  } finally {
    await server.close();
  }
}

/** What the first line of `--json` tells. */
function ready({ url, clientId, clientSecret, appId, connectorId, commercelayer }: SandboxServer): object {
  const { serverURL, clientId: id, clientSecret: secret } = commercelayer;
  return {
    url,
    clientId,
    clientSecret,
    appId,
    connectorId,
    commercelayer: { serverURL, clientId: id, clientSecret: secret },
  };
}

function introduce(server: SandboxServer): string {
  const lines = Object.entries(variables(server)).map(([name, value]) => `export ${name}='${value}'`);
  return `The sandbox tenant answers at ${server.url}

${lines.join("\n")}

Ctrl-C stops it.`;
}

/** The tenant as variables of the environment: those that a client reads and, if there is one, a connector to try. */
function variables({
  url,
  clientId,
  clientSecret,
  appId,
  connectorId,
  commercelayer,
}: SandboxServer): Record<string, string> {
  const login = {
    CONDUCTORONE_SERVER_URL: url,
    CONDUCTORONE_CLIENT_ID: clientId,
    CONDUCTORONE_CLIENT_SECRET: clientSecret,
  };
  return {
    ...login,
    ...(appId === "" ? {} : { CONDUCTORONE_APP_ID: appId, CONDUCTORONE_CONNECTOR_ID: connectorId }),
    COMMERCELAYER_SERVER_URL: commercelayer.serverURL,
    COMMERCELAYER_CLIENT_ID: commercelayer.clientId,
    COMMERCELAYER_CLIENT_SECRET: commercelayer.clientSecret,
  };
}

/** Waits until somebody stops the program. */
function stopped(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve(0));
  });
}

/** Runs a command in a shell, with the tenant in its environment, and gives its exit code. */
function run(command: string, server: SandboxServer): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, {
      shell: true,
      stdio: "inherit",
      env: { ...process.env, ...variables(server) },
    });
    // A signal that is sent to this process alone has to reach the command as well.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => child.kill(signal));
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    // What a person can fix is told in a line, anything else with its stack.
    const known =
      error instanceof UsageError || KeyturnError.is(error) || (error as { code?: string }).code !== undefined;
    if (!known) throw error;
    console.error(`keyturn: ${(error as Error).message}`);
    if (error instanceof UsageError) console.error("`keyturn --help` says how it is used.");
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
