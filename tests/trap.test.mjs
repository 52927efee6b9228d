// How a defect in the core affects other clients. Nothing public makes the core trap, so the guard is called as its own
// modules call it.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { chunk, installed } from "./lib/installed.mjs";

const folder = installed();
const { keyturn } = await import(pathToFileURL(join(folder, "load.mjs")).href);
const { guarded } = await chunk(folder, "core");

/** Causes a real trap: the core's own glue refuses a null handle. */
function trap() {
  guarded((glue) => Object.assign(Object.create(glue.Session.prototype), { __wbg_ptr: 0 }).base());
}

function clients() {
  const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const clientSecret = `secret-token:conductorone.com:v1:${Buffer.from(JSON.stringify(jwk)).toString("base64url")}`;
  const sent = [];
  let tokens = 0;
  const fetch = async (url, init) => {
    sent.push(init.headers.authorization);
    if (String(url).endsWith("/auth/v1/token"))
      return Response.json({ access_token: `token-${++tokens}`, expires_in: 600 });
    return Response.json({ list: [{ id: "a", createdAt: "2026-01-02T03:04:05Z" }] });
  };
  const assertion = new keyturn.ConductorOne({ clientID: "a-b-1@acme.conductor.one/spc", clientSecret, fetch });
  const bearer = new keyturn.ConductorOne({
    security: { bearerAuth: "a-bearer-token" },
    serverURL: "https://b.example",
    fetch,
  });
  return { assertion, bearer, sent, tokens: () => tokens };
}

test("a trap is an InternalError, and clients keep their credentials in a fresh core", async () => {
  const { assertion, bearer, sent, tokens } = clients();
  await assertion.apps.list();
  await bearer.apps.list();
  for (let times = 1; times <= 2; times++) {
    assert.throws(trap, { name: "InternalError", code: "internal" });
    const { list } = (await assertion.apps.list()).listAppsResponse;
    assert.deepEqual(list, [{ id: "a", createdAt: new Date("2026-01-02T03:04:05Z") }]);
    await bearer.apps.list();
    assert.equal(sent.at(-1), "Bearer a-bearer-token");
    assert.equal(tokens(), 1 + times, "tokens stay behind in the broken core; a new one is fetched");
  }
  assertion.close();
  bearer.close();
});

test("a client that was closed stays closed after a trap", async () => {
  const { bearer } = clients();
  bearer.close();
  assert.throws(trap, { code: "internal" });
  await assert.rejects(bearer.apps.list(), { code: "closed" });
});

test("a call in progress when the core traps ends with a response or an error", async () => {
  let release;
  const gate = new Promise((resolve) => (release = resolve));
  const fetch = async () => {
    await gate;
    return Response.json({ list: [] });
  };
  const c1 = new keyturn.ConductorOne({
    security: { bearerAuth: "a-bearer-token" },
    serverURL: "https://b.example",
    fetch,
  });
  const call = c1.apps.list();
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.throws(trap, { code: "internal" });
  release();
  assert.deepEqual((await call).listAppsResponse, { list: [] });
  c1.close();
});
