/** Starts the console on 127.0.0.1, with a sandbox tenant unless the environment names a real one. */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { ConductorOne } from "keyturn";
import { createSandbox } from "keyturn/sandbox";
import { createApp } from "./app.js";

async function sandboxClient() {
  const { clientId: clientID, clientSecret, url: serverURL, fetch } = await createSandbox({ seed: "demo" });
  return new ConductorOne({ clientID, clientSecret, serverURL, fetch });
}

const client = process.env.CONDUCTORONE_CLIENT_ID ? ConductorOne.fromEnv() : await sandboxClient();
const files = relative(process.cwd(), fileURLToPath(new URL("../dist", import.meta.url)));
const app = await createApp({
  client,
  files,
  record: ({ principal, operation, status, reason }) =>
    console.log(`${principal?.name ?? "nobody"} ${operation ?? "-"} ${status} ${reason ?? ""}`.trimEnd()),
});
const port = Number(process.env.PORT ?? 4100);
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, (address) =>
  console.log(`The console is at http://127.0.0.1:${address.port}`),
);
