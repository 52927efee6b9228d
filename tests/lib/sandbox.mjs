// Starts `npx keyturn sandbox` of the installed package, on a separate port.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Returns the variables that clients and the command line read, with the credentials of a sandbox's tenant. */
export function variablesOf({ url, clientId, clientSecret, appId, connectorId, commercelayer }) {
  return {
    CONDUCTORONE_SERVER_URL: url,
    CONDUCTORONE_CLIENT_ID: clientId,
    CONDUCTORONE_CLIENT_SECRET: clientSecret,
    CONDUCTORONE_APP_ID: appId,
    CONDUCTORONE_CONNECTOR_ID: connectorId,
    COMMERCELAYER_SERVER_URL: commercelayer.serverURL,
    COMMERCELAYER_CLIENT_ID: commercelayer.clientId,
    COMMERCELAYER_CLIENT_SECRET: commercelayer.clientSecret,
  };
}

/**
 * Starts the sandbox, and waits until it prints its address.
 *
 * @param {string} folder Where the package is installed.
 * @param {string[]} [flags]
 * @returns {Promise<{ url: string, clientId: string, clientSecret: string, appId: string, connectorId: string, stop(): Promise<void> }>}
 */
export async function startSandbox(folder, flags = []) {
  const program = join(folder, "node_modules/keyturn/pkg/dist/esm/cli.js");
  const child = spawn(process.execPath, [program, "sandbox", "--port", "0", "--json", ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const first = once(createInterface(child.stdout), "line").then(([line]) => JSON.parse(line));
  const early = ended.then(([code]) => {
    throw new Error(`the sandbox ended with ${code} before it was ready`);
  });
  early.catch(() => {});
  const ready = await Promise.race([first, early]);
  return {
    ...ready,
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}
