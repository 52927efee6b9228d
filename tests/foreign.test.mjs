// Values that other realms and hostile code pass to the package: dates, bytes and responses that are instances of other
// classes, objects that are expensive or impossible to read, and thrown values that cannot become text.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { installed } from "./lib/installed.mjs";
import { answer, stub } from "./lib/stub.mjs";

const folder = installed();
const { keyturn, commercelayer } = await import(pathToFileURL(join(folder, "load.mjs")).href);
const load = (name) => import(pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm", name)).href);
const { ConductorOne, KeyturnError } = keyturn;
const { CommerceLayerProvisioning } = commercelayer;

const IDENTITY = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
const TRUST = "clever-fox-1@tenant.conductor.one/wfe";

/** Returns a client of Commerce Layer, and what it sends. */
function stubbed(body = { data: [] }) {
  const { fetch, sent } = stub(answer(200, body));
  return { cl: CommerceLayerProvisioning({ accessToken: "a.b.c", domain: "example.com", fetch }), sent };
}

/** Returns values that throw when they are read. */
function hostile() {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const trap = () => {
    throw new Error("a trap");
  };
  return {
    "a proxy whose traps throw": new Proxy({}, { get: trap, has: trap }),
    "an error whose message throws": Object.defineProperty(new Error("m"), "message", { get: trap }),
    "an error whose name throws": Object.defineProperty(new Error("m"), "name", { get: trap }),
    "an error whose message is no text": Object.assign(new Error("m"), { message: { toString: null } }),
    "an object without a prototype": Object.create(null),
    "an object whose toString throws": { toString: trap },
    "a symbol": Symbol("s"),
    "a revoked proxy": revoked.proxy,
  };
}

describe("other realms", () => {
  const date = (text) => runInNewContext(`new Date(${JSON.stringify(text)})`);

  test("a date of another realm is a date in filters, and is checked like one", async () => {
    const { cl, sent } = stubbed();
    const ok = date("2024-01-01T00:00:00Z");
    await cl.roles.list({ filters: { created_at_gt: ok } });
    await cl.roles.list({ filters: { created_at_in: [ok, ok] } });
    await cl.roles.list({ filters: { metadata_jcont: { since: ok } } });
    const text = "2024-01-01T00:00:00.000Z";
    const filters = sent.map(
      ({ url }) => [...new URL(url).searchParams].find(([name]) => name.startsWith("filter"))[1],
    );
    assert.deepEqual(filters, [text, `${text},${text}`, JSON.stringify({ since: text })]);
    for (const late of [date("+010000-01-01T00:00:00Z"), date("0000-06-01T00:00:00Z"), date("never")]) {
      for (const filters of [
        { created_at_gt: late },
        { created_at_in: [late] },
        { metadata_jcont: { since: [late] } },
      ]) {
        await assert.rejects(cl.roles.list({ filters }), { type: "request", kind: "invalid_request" });
      }
    }
    assert.equal(sent.length, 3);
  });

  test("an identity token may be bytes of another realm", async () => {
    const { fetch, sent } = stub({ access_token: "a-token" }, answer(200, {}));
    const subjectToken = () => runInNewContext("bytes => Uint8Array.from(bytes)")(new TextEncoder().encode(IDENTITY));
    await new ConductorOne({
      credentials: keyturn.tokenExchange({ clientID: TRUST, subjectToken }),
      fetch,
    }).auth.introspect();
    assert.equal(new URLSearchParams(sent[0].body).get("subject_token"), IDENTITY);
  });

  test("an answer of another realm's class is the answer of `authorize`", async () => {
    const { lifecycleHandler } = await load("lifecycle-remote.js");
    class Foreign {
      status = 302;
      get [Symbol.toStringTag]() {
        return "Response";
      }
    }
    const verdict = new Foreign();
    const handle = lifecycleHandler({ lifecycle: {}, authorize: () => verdict });
    const headers = { origin: "https://app.example", "content-type": "application/json" };
    assert.equal(
      await handle(new Request("https://app.example/status", { method: "POST", headers, body: "[]" })),
      verdict,
    );
  });
});

describe("what is thrown", () => {
  for (const [name, value] of Object.entries(hostile())) {
    test(`${name}, by a token store`, async (t) => {
      t.mock.method(console, "warn", () => undefined);
      const thrown = async () => {
        throw value;
      };
      for (const method of ["get", "compareAndSet", "lease"]) {
        const { fetch } = stub({ access_token: "a-token" }, answer(200, {}));
        const credentials = keyturn.tokenExchange({ clientID: TRUST, subjectToken: () => IDENTITY });
        const tokenStore = { ...keyturn.memoryStore(), [method]: thrown };
        const c1 = new ConductorOne({ credentials, fetch, tokenStore });
        assert.equal((await c1.auth.introspect()).statusCode, 200);
        c1.close();
      }
    });

    test(`${name}, by a fetch`, async () => {
      const thrown = async () => {
        throw value;
      };
      const { ConductoroneSDKTypescript } = await load("compat/index.js");
      const { HTTPClient } = await load("compat/lib.js");
      const security = { bearerAuth: "a-token" };
      const httpClient = new HTTPClient({ fetcher: thrown });
      const compat = new ConductoroneSDKTypescript({ security, serverURL: "https://tenant.conductor.one", httpClient });
      const cl = CommerceLayerProvisioning({ accessToken: "a.b.c", domain: "example.com", fetch: thrown });
      for (const call of [() => cl.roles.list(), () => compat.apps.list({})])
        await assert.rejects(call(), (error) => KeyturnError.is(error));
    });
  }

  test("an error whose message is no text, by an interceptor", async () => {
    const thrown = () => {
      throw hostile()["an error whose message is no text"];
    };
    const { cl } = stubbed();
    cl.addRequestInterceptor(thrown);
    await assert.rejects(cl.roles.list(), (error) => KeyturnError.is(error));
  });
});

describe("what is sent to Commerce Layer", () => {
  test("a resource that cannot be read is refused", async () => {
    const { cl, sent } = stubbed();
    for (const value of [hostile()["a revoked proxy"], hostile()["a proxy whose traps throw"]])
      await assert.rejects(async () => cl.api_credentials.create(value), { type: "request" });
    assert.equal(sent.length, 0);
  });

  test("a filter whose objects are shared so often that their text would not end is refused", async () => {
    const { cl, sent } = stubbed();
    let doubled = { leaf: true };
    for (let level = 0; level < 60; level++) doubled = { left: doubled, right: doubled };
    await assert.rejects(cl.roles.list({ filters: { metadata_jcont: doubled } }), /has too many objects/);
    const shared = { leaf: true };
    await cl.roles.list({ filters: { metadata_jcont: { left: shared, right: shared } } });
    assert.equal(sent.length, 1);
  });

  test("no part of a URL holds half of a surrogate pair", async () => {
    const half = "a\udc00";
    const { cl, sent } = stubbed();
    for (const [params, options] of [
      [{ filters: { name_eq: half } }],
      [{ filters: { name_in: [half] } }],
      [{ filters: { [`${half}_eq`]: "a" } }],
      [{ include: [half] }],
      [{ fields: [half] }],
      [{ fields: { [half]: ["name"] } }],
      [{ sort: [half] }],
      [{ sort: { [half]: "desc" } }],
      [{}, { params: { a: half } }],
      [{}, { params: { [half]: "a" } }],
    ]) {
      await assert.rejects(cl.roles.list(params, options), { type: "request", message: /lone surrogate/ });
    }
    assert.equal(sent.length, 0);
  });
});
