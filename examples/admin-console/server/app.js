/** The server of the console: sessions, the proxy, and the page's files. */

import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { csrf } from "hono/csrf";
import { secureHeaders } from "hono/secure-headers";
import { createProxy } from "keyturn/proxy";

/** The users who may sign in, and their apps; `*` stands for all apps. */
const USERS = {
  ada: { name: "Ada", apps: ["*"] },
  ben: { name: "Ben", apps: ["GitHub"] },
};

/**
 * @param {object} options
 * @param {import("keyturn").ConductorOne} options.client makes the calls
 * @param {string} options.files the folder of the page's files
 * @param {(record: import("keyturn/proxy").ProxyRecord) => void} [options.record] called for each request of the page
 */
export async function createApp({ client, files, record }) {
  const idsOf = await appIds(client);
  /** The user of each session. */
  const sessions = new Map();
  const userOf = (context) => sessions.get(getCookie(context, "session"));

  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        // The package compiles WebAssembly.
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        styleSrc: ["'self'"],
        imgSrc: ["data:"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      referrerPolicy: "same-origin",
    }),
  );

  app.get("/session", (context) => {
    context.header("cache-control", "no-store");
    return context.json({ user: userOf(context)?.name ?? null });
  });
  app.post("/session", csrf(), async (context) => {
    const { user } = (await context.req.json().catch(() => undefined)) ?? {};
    if (!Object.hasOwn(USERS, user)) return context.json({ user: null }, 403);
    const id = crypto.randomUUID();
    sessions.set(id, USERS[user]);
    setCookie(context, "session", id, { httpOnly: true, sameSite: "Strict", path: "/" });
    return context.json({ user: USERS[user].name });
  });
  app.delete("/session", csrf(), (context) => {
    sessions.delete(deleteCookie(context, "session"));
    return context.json({ user: null });
  });

  const contexts = new WeakMap();
  const proxy = createProxy({
    client,
    authorize: (request) => userOf(contexts.get(request)),
    allow: [
      "apps.list",
      "connector.list",
      "connector.getCredentials",
      "connector.revokeCredential",
      "connector.rotateCredential",
    ],
    pin: (user, operation, input) =>
      /\.list$/.test(operation) || user.apps.some((name) => name === "*" || idsOf.get(name) === input.appId),
    record,
  });
  app.post("/keyturn", (context) => {
    contexts.set(context.req.raw, context);
    return proxy(context.req.raw);
  });

  app.use(serveStatic({ root: files }));
  return app;
}

/** The ids of apps by name. */
async function appIds(client) {
  const ids = new Map();
  for await (const { id, displayName } of client.apps.list()) ids.set(displayName, id);
  return ids;
}
