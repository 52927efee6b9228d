import { ConductorOne } from "keyturn";

const c1 = new ConductorOne({
  security: { bearerAuth: "token" },
  serverURL: "https://acme.example",
  // Not a `Response`: creating the first one makes Node load its HTTP client, which would be measured too.
  fetch: async () => ({
    status: 200,
    headers: new Map([["content-type", "application/json"]]),
    arrayBuffer: async () => new TextEncoder().encode('{"list":[]}').buffer,
  }),
});
await c1.apps.list();
globalThis.gc?.();
console.log(JSON.stringify({ heapMB: process.memoryUsage().heapUsed / 2 ** 20 }));
