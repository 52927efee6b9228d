// A Cloudflare Worker that reports which connectors do not sync. `env` has CONDUCTORONE_CLIENT_ID and
// CONDUCTORONE_CLIENT_SECRET; one client serves all requests of an isolate. Wrangler needs no configuration for the
// package: its `workerd` condition provides the module.
import { ConductorOne, KeyturnError } from "keyturn";

let c1;

export default {
  async fetch(request, env) {
    const appId = new URL(request.url).searchParams.get("app");
    if (!appId) return new Response("?app=ID says which app's connectors", { status: 400 });
    c1 ??= ConductorOne.fromEnv({ environment: env });
    try {
      const connectors = [];
      for await (const { connector } of c1.connector.list({ appId }, { signal: request.signal }))
        connectors.push({ name: connector?.displayName, status: connector?.status?.status });
      return Response.json(connectors);
    } catch (error) {
      if (!KeyturnError.is(error)) throw error;
      // The message contains no secrets, but is not public either.
      console.error(error.message);
      return Response.json({ error: error.kind }, { status: 502 });
    }
  },
};
