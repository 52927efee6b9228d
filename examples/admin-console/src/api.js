/** The calls of the page to its own server, for sessions and for C1. */

import { ConductorOne } from "keyturn";

export const c1 = new ConductorOne({ proxy: "/keyturn" });

/** Returns the session's user; `null` without a session. */
export const session = {
  get: () => ask("GET"),
  signIn: (user) => ask("POST", { user }),
  signOut: () => ask("DELETE"),
};

async function ask(method, body) {
  const response = await fetch("/session", {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  return (await response.json()).user;
}

/** Returns the connectors of all apps. */
export async function connectors() {
  const found = [];
  for await (const app of c1.apps.list({ pageSize: 50 })) {
    for await (const { connector } of c1.connector.list({ appId: app.id })) found.push({ app, connector });
  }
  return found;
}
