import { ConductorOne } from "keyturn";

const c1 = new ConductorOne({
  security: { bearerAuth: "token" },
  serverURL: "https://acme.example",
  fetch: async () => new Response('{"list":[]}', { headers: { "content-type": "application/json" } }),
});
await c1.apps.list();
globalThis.gc?.();
console.log(JSON.stringify({ heapMB: process.memoryUsage().heapUsed / 2 ** 20 }));
