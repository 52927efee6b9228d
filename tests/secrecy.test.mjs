// Nothing that prints, logs or reports shows a token or a secret, wherever it came from; and a value that cannot be
// a secret causes an error that says so.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";
import { load } from "./commercelayer/world.mjs";
import { answer, SERVER, stub } from "./lib/stub.mjs";

const keyturn = await load("keyturn");
const { ConductorOne, memoryStore } = keyturn;
const { ConductoroneSDKTypescript } = await load("keyturn/compat");
const { HTTPClient } = await load("keyturn/compat/lib/http.js");
const { default: CommerceLayerProvisioning, clientCredentials } = await load("keyturn/commercelayer");

const CANARY = "canary-0042-opaque";
const SECRET = `secret-token:conductorone.com:v1:${Buffer.from("canary-0042-key").toString("base64url")}`;
const { privateKey } = generateKeyPairSync("ed25519");
/** A secret that works, for logins. */
const LOGIN = `secret-token:conductorone.com:v1:${Buffer.from(JSON.stringify(privateKey.export({ format: "jwk" }))).toString("base64url")}`;
const JWT = ["{}", JSON.stringify({ sub: CANARY }), CANARY]
  .map((part) => Buffer.from(part.padEnd(24)).toString("base64url"))
  .join(".");

/** Bodies in which a server repeats secrets. */
const BODIES = [
  { message: `no such token: ${CANARY}` },
  { message: `[${CANARY}] is not known`, details: [{ "@type": "x", given: `{"token":"${CANARY}"}` }] },
  { message: `refused [${SECRET} ${JWT}]` },
  { message: "x", details: [{ "@type": "x", field: "clientSecret", value: "canary-0042" }] },
];

const show = (one) => [
  inspect(one, { depth: 12, getters: true, showHidden: true }),
  inspect(one, { depth: 12, getters: true }),
  JSON.stringify(one) ?? "",
  String(one),
];

function hidden(text) {
  for (const part of ["canary-0042", Buffer.from("canary-0042-key").toString("base64url"), JWT])
    assert.ok(!text.includes(part), text);
}

test("debugBodies shows no token, whatever its source and however the server echoes it", async () => {
  for (const bearerAuth of [CANARY, async () => ({ bearerAuth: CANARY, oauth: CANARY })]) {
    for (const body of BODIES) {
      for (const status of [200, 400]) {
        const lines = [];
        const debugLogger = { group() {}, groupEnd() {}, log: (...args) => lines.push(args.join(" ")) };
        const sdk = new ConductoroneSDKTypescript({
          security: typeof bearerAuth === "string" ? { bearerAuth, oauth: bearerAuth } : bearerAuth,
          serverURL: SERVER,
          httpClient: new HTTPClient({ fetcher: async () => Response.json(body, { status }) }),
          debugLogger,
          debugBodies: true,
        });
        const error = await sdk.apps.create({ displayName: "x" }).then(
          () => undefined,
          (error) => error,
        );
        assert.equal(error !== undefined, status === 400, error);
        assert.ok(lines.some((line) => line.includes("response body")));
        lines.forEach(hidden);
      }
    }
  }
});

test("hides a token from a store in errors, like one that the client fetched", async () => {
  const tokenStore = memoryStore();
  const login = async () => Response.json({ access_token: CANARY, expires_in: 3600 });
  const client = (fetch) => {
    return new ConductorOne({
      clientID: "an-id@tenant.conductor.one/spc",
      clientSecret: LOGIN,
      serverURL: SERVER,
      tokenStore,
      fetch,
    });
  };
  const first = client(async (url) => (String(url).includes("/auth/") ? login() : Response.json({})));
  await first.apps.list();
  for (const body of BODIES) {
    const asked = [];
    const other = client(async (url, init) => {
      asked.push(String(url));
      assert.equal(new Headers(init.headers).get("authorization"), `Bearer ${CANARY}`);
      return Response.json(body, { status: 400 });
    });
    const error = await other.apps.list().then(
      () => assert.fail("400 is an answer"),
      (error) => error,
    );
    assert.equal(asked.length, 1, "the token came from the store");
    for (const text of [...show(error), error.stack, error.message]) hidden(text);
  }
});

test("inspecting with getters shows no token in keyturn/compat and keyturn/commercelayer", async () => {
  const sdk = new ConductoroneSDKTypescript({
    security: { bearerAuth: CANARY, oauth: CANARY },
    serverURL: SERVER,
    httpClient: new HTTPClient({ fetcher: async () => Response.json({ list: [] }) }),
  });
  await sdk.apps.list();
  const fetch = async (url) =>
    Response.json(
      String(url).includes("/oauth/token")
        ? { access_token: CANARY, token_type: "Bearer", expires_in: 7200 }
        : { data: [], meta: { record_count: 0, page_count: 1 } },
    );
  const fixed = CommerceLayerProvisioning({ accessToken: CANARY, fetch });
  const credentials = clientCredentials({ clientId: "an-id", clientSecret: CANARY });
  const renewed = CommerceLayerProvisioning({ credentials, fetch });
  for (const cl of [fixed, renewed]) await cl.organizations.list();
  for (const one of [sdk, sdk.apps, fixed, fixed.organizations, renewed, renewed.organizations, credentials])
    show(one).forEach(hidden);
});

test("a Secrets Store binding instead of a string causes an error that says how to get the string", async () => {
  const binding = { get: async () => SECRET };
  const make = [
    () => new ConductorOne({ clientID: "a@tenant.conductor.one/pcc", clientSecret: binding, ...stub(answer(200, {})) }),
    () => new ConductorOne({ security: { bearerAuth: binding }, serverURL: SERVER, ...stub(answer(200, {})) }),
    () => CommerceLayerProvisioning({ credentials: clientCredentials({ clientId: "x", clientSecret: binding }) }),
  ];
  for (const made of make) {
    await assert.rejects(
      async () => {
        const client = made();
        await (client.apps ?? client.organizations).list();
      },
      (error) => {
        assert.ok(keyturn.KeyturnError.is(error), error);
        assert.equal(error.kind, "invalid_configuration");
        assert.match(error.message, /get\(\)/);
        return true;
      },
    );
  }
});

test("entries of memoryStore expire while the machine sleeps, even if one of the two clocks stands still", async (t) => {
  const store = memoryStore();
  await store.compareAndSet("token", "value", undefined, 3_600_000);
  const lease = await store.lease("login", 30_000);
  assert.ok(lease && (await store.lease("login", 30_000)) === undefined);
  const now = Date.now();
  t.mock.method(Date, "now", () => now + 7_200_000);
  assert.equal(await store.get("token"), undefined);
  assert.equal(await lease.extend(30_000), false);
  assert.ok(await store.lease("login", 30_000));
});
