/** `keyturn sandbox`: serves a sandbox tenant. */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { KeyturnError } from "../../base/errors.js";
import { type SandboxServer, type SandboxSwitches, type Seed, serveSandbox } from "../../sandbox-node.js";
import type { Context } from "../context.js";
import { EXIT, type Exit, type Interruption, UsageError } from "../exit.js";
import type { Given } from "../given.js";

/** Serves the tenant until the command is stopped, or the program of `--exec` ends. */
export async function run(context: Context, given: Given): Promise<Exit> {
  const command = given.text("exec");
  const server = await served({
    port: given.count("port"),
    host: given.text("host"),
    // The sandbox checks the value.
    seed: given.text("seed") as Seed | undefined,
    state: given.text("state"),
    tokenTtl: given.count("token-ttl"),
    clock: given.text("clock"),
    cors: given.text("cors"),
    oldAfterRotate: given.text("old-after-rotate") as SandboxSwitches["oldAfterRotate"],
    bridgeAfterRotate: given.text("bridge-after-rotate") as SandboxSwitches["bridgeAfterRotate"],
    systemLog: given.text("system-log") as SandboxSwitches["systemLog"],
    revoked: given.text("revoked") as SandboxSwitches["revoked"],
    dpop: given.text("dpop") as SandboxSwitches["dpop"],
    dpopUrl: given.text("dpop-url") as SandboxSwitches["dpopUrl"],
    replay: given.text("replay") as SandboxSwitches["replay"],
    commercelayer: { rateLimits: given.text("rate-limits") as "on" | "off" | undefined },
  });
  try {
    if (given.flag("json")) await context.out.write(`${JSON.stringify(ready(server))}\n`);
    else if (command === undefined) await context.out.write(introduce(server));
    return await (command === undefined ? stopped(context) : follow(context, command, server));
  } finally {
    await server.close();
  }
}

/** Starts the server. Errors about its options are reworded to name flags. */
async function served(options: Parameters<typeof serveSandbox>[0]): Promise<SandboxServer> {
  try {
    return await serveSandbox(options);
  } catch (error) {
    if (!KeyturnError.is(error) || error.kind !== "invalid_configuration") throw error;
    // Errors about Commerce Layer's options begin with its name, which is not part of a flag.
    throw new UsageError(`--${error.message.replace(/^(?:commercelayer: )?(\w+)(?=:)/, (_, name) => kebab(name))}`);
  }
}

function kebab(name: string): string {
  return name.replaceAll("_", "-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Returns the first line of `--json`. */
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
  return `The sandbox tenant is ready at ${server.url}

${lines.join("\n")}

Press Ctrl-C to stop it.
`;
}

/** Returns the tenant as environment variables: those that a client reads and, if there is one, a connector to try. */
function variables(server: SandboxServer): Record<string, string> {
  const { url, clientId, clientSecret, appId, connectorId, commercelayer } = server;
  return {
    CONDUCTORONE_SERVER_URL: url,
    CONDUCTORONE_CLIENT_ID: clientId,
    CONDUCTORONE_CLIENT_SECRET: clientSecret,
    ...(appId === "" ? {} : { CONDUCTORONE_APP_ID: appId, CONDUCTORONE_CONNECTOR_ID: connectorId }),
    COMMERCELAYER_SERVER_URL: commercelayer.serverURL,
    COMMERCELAYER_CLIENT_ID: commercelayer.clientId,
    COMMERCELAYER_CLIENT_SECRET: commercelayer.clientSecret,
  };
}

/** Waits until the program is stopped. */
function stopped({ signal }: Context): Promise<Exit> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(EXIT.done);
    signal.addEventListener("abort", () => resolve(EXIT.done), { once: true });
  });
}

/** Runs a command in a shell, with the tenant in its environment, and returns its exit code. */
function follow({ env, cwd, signal }: Context, command: string, server: SandboxServer): Promise<Exit> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: "inherit", cwd, env: { ...env, ...variables(server) } });
    // A signal that is sent only to this process must reach the command as well.
    const pass = (): void => void child.kill((signal.reason as Interruption).signal);
    if (signal.aborted) pass();
    signal.addEventListener("abort", pass, { once: true });
    child.once("error", reject);
    child.once("exit", (code, by) => resolve(code ?? 128 + (by === null ? 0 : constants.signals[by])));
  });
}
