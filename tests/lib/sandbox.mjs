// `npx keyturn sandbox` of the installed package, on a port of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/**
 * Starts it, and waits until it says where it is.
 *
 * @param {string} folder where the package is installed
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
