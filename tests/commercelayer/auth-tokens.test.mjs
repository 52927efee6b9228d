// Reading tokens of Commerce Layer, and verifying them with the keys of the configured issuer.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { after, afterEach, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import * as jose from "jose";
import { installed, module } from "../lib/installed.mjs";
import { authServer, makeKey } from "./auth-server.mjs";

const folder = installed();
await import(pathToFileURL(join(folder, "load.mjs")).href);
const load = (name) => import(pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm", name)).href);
const auth = await load("commercelayer/index.js");
const { scopeHint } = await module("commercelayer/auth/jwt.js");

const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const servers = [];
after(() => Promise.all(servers.map((server) => server.close())));

async function serve(answers) {
  const at = await authServer(answers);
  servers.push(at);
  return at;
}

const reason = (promise) =>
  promise.then(
    () => "verified",
    (error) => error.reason ?? error,
  );
const JWKS = "/.well-known/jwks.json";

// The clock that determines the age of keys, which tests advance.
const { now } = performance;
let ahead = 0;
performance.now = () => now.call(performance) + ahead;
afterEach(() => (ahead += 7_200_000));

describe("decoding", () => {
  test("decodes all parts, with non-ASCII text and base64url characters", () => {
    const { token } = makeKey("ES256", "k-1");
    const claims = { name: "Zoë ~~~??>>", iss: "https://auth.commercelayer.io", application: { kind: "user" } };
    const text = token(claims);
    assert.match(text, /[-_]/);
    const decoded = auth.jwtDecode(` ${text}\n`);
    assert.deepEqual(decoded.header, { alg: "ES256", typ: "JWT", kid: "k-1" });
    assert.deepEqual(decoded.payload, claims);
    assert.equal(decoded.signature, text.split(".")[2]);
  });

  test("refuses an invalid token without showing it", () => {
    for (const text of [
      "",
      "a",
      "a.b",
      "a.b.c",
      `${part({})}.${part([])}.x`,
      `${part({})}.${part("null")}.x`,
      `${part({})}.${part("{")}.x`,
      `${part({})}..x`,
      `${part({})}.${part({})}`,
      `${part({})}.${part({})}.a.b`,
      `${part({})}.w5g.x`,
      `${part({})}.e30=.x`,
      null,
      undefined,
      7,
      {},
      `${part({})}.${part({ a: "canary".repeat(20_000) })}.x`,
    ]) {
      assert.throws(
        () => auth.jwtDecode(text),
        (error) => {
          assert.deepEqual([error.name, error.code, error.reason], ["InvalidTokenError", "invalid_token", "malformed"]);
          assert.ok(error instanceof auth.TokenError);
          return !inspect(error).includes("canary");
        },
      );
    }
  });

  test("distinguishes the kinds of tokens", () => {
    const kinds = {
      user: auth.jwtIsUser,
      dashboard: auth.jwtIsDashboard,
      integration: auth.jwtIsIntegration,
      sales_channel: auth.jwtIsSalesChannel,
      webapp: auth.jwtIsWebApp,
    };
    for (const kind of [...Object.keys(kinds), "other", undefined]) {
      for (const [name, is] of Object.entries(kinds)) assert.equal(is({ application: { kind } }), name === kind);
    }
    for (const is of Object.values(kinds))
      for (const payload of [{}, undefined, null]) assert.equal(is(payload), false);
  });

  test("finds the base URL of the Provisioning API", () => {
    const { token } = makeKey("EdDSA");
    const base = (iss, scope = "provisioning-api metrics-api") =>
      auth.getProvisioningApiBaseEndpoint(token({ iss, scope }));
    assert.equal(base("https://auth.commercelayer.io"), "https://provisioning.commercelayer.io");
    assert.equal(base("https://auth.commercelayer.co", "provisioning-api"), "https://provisioning.commercelayer.co");
    assert.equal(base("https://commercelayer.io"), "https://provisioning.commercelayer.io");
    assert.equal(base("http://127.0.0.1:8080/"), "http://127.0.0.1:8080");
    for (const [iss, scope, why] of [
      ["https://auth.commercelayer.io", "market:all", "scope"],
      ["https://auth.commercelayer.io", "no-provisioning-api", "scope"],
      ["https://auth.commercelayer.io", null, "scope"],
      ["http://auth.commercelayer.io", "provisioning-api", "issuer"],
      [undefined, "provisioning-api", "issuer"],
      ["commercelayer.io", "provisioning-api", "issuer"],
    ]) {
      assert.throws(() => base(iss, scope), { name: "InvalidTokenError", reason: why });
      assert.equal(auth.getProvisioningApiBaseEndpoint(token({ iss, scope }), { shouldThrow: false }), null);
    }
    assert.equal(auth.getProvisioningApiBaseEndpoint("x", { shouldThrow: false }), null);
  });

  test("the hint of a refusal, and only that, names a token of the wrong kind", () => {
    const { token } = makeKey("EdDSA");
    const bearer = (claims) => `Bearer ${token(claims)}`;
    const hint = scopeHint(401, bearer({ scope: "market:all", application: { kind: "integration" } }));
    assert.match(hint, /kind integration and has the scope "market:all".*profile menu/);
    assert.match(scopeHint(403, bearer({ scope: "<b>\u0000é market:all" })), /^The token has the scope "b market:all"/);
    for (const [status, value] of [
      [500, bearer({ scope: "market:all" })],
      [401, bearer({ scope: "metrics-api provisioning-api" })],
      [401, bearer({})],
      [401, "Bearer opaque"],
      [401, ""],
    ]) {
      assert.equal(scopeHint(status, value), undefined);
    }
  });

  test("that hint is in the error of a call", async () => {
    const at = await serve();
    const { default: CommerceLayerProvisioning } = await load("commercelayer/index.js");
    const accessToken = at.key.token({ scope: "market:all", application: { kind: "sales_channel" } });
    const error = await CommerceLayerProvisioning({ accessToken, serverURL: at.url })
      .api_credentials.list()
      .catch((error) => error);
    assert.deepEqual([error.name, error.status, error.apiCode], ["ApiError", 401, "INVALID_TOKEN"]);
    assert.match(error.hint, /^The token is one of kind sales_channel/);
    const right = at.key.token({ scope: "provisioning-api", application: { kind: "user" } });
    const other = await CommerceLayerProvisioning({ accessToken: right, serverURL: at.url })
      .api_credentials.list()
      .catch((error) => error);
    assert.doesNotMatch(other.hint, /kind/);
  });

  test("jose accepts an assertion signed with the shared key", async () => {
    const payload = { "https://commercelayer.io/claims": { owner: { type: "Customer", id: "c-1" } } };
    const assertion = await auth.createAssertion({ payload });
    const [header, claims, signature] = assertion.split(".");
    assert.equal(signature, createHmac("sha512", "cl").update(`${header}.${claims}`).digest("base64url"));
    assert.deepEqual(jose.decodeProtectedHeader(assertion), { alg: "HS512", typ: "JWT" });
    const { iat, ...rest } = jose.decodeJwt(assertion);
    assert.deepEqual(rest, payload);
    assert.ok(Math.abs(iat - Date.now() / 1000) < 5);
  });
});

describe("verifying", () => {
  test("accepts tokens of each algorithm, and no other token with the same key id", async () => {
    for (const alg of ["RS512", "ES256", "EdDSA"]) {
      const at = await serve();
      const key = makeKey(alg, "kid-1");
      at.keys.push({ kid: "other", kty: "oct", k: "eA" }, null, 7, { kid: 5 }, key.jwk);
      const claims = { iss: at.url, exp: at.now() + 60, scope: "provisioning-api" };
      const text = key.token(claims);
      const { payload, header } = await auth.jwtVerify(text, { serverURL: at.url });
      assert.deepEqual([payload, header.alg], [claims, alg]);
      // Verified by jose as well, which shares no code with the package.
      await jose.jwtVerify(text, await jose.importJWK(key.jwk, alg), { issuer: at.url });

      const [head, body, signature] = text.split(".");
      const stranger = makeKey(alg, "kid-1").token(claims);
      for (const forged of [
        stranger,
        [head, part({ ...claims, scope: "all" }), signature].join("."),
        [head, body, ""].join("."),
        [head, body, signature.slice(0, -8)].join("."),
      ]) {
        assert.equal(await reason(auth.jwtVerify(forged, { serverURL: at.url })), "signature");
      }
      assert.equal(at.of(JWKS).length, 1);
    }
  });

  test("refuses tokens that the issuer's key did not sign, whatever they claim", async () => {
    const at = await serve();
    const evil = await serve();
    const claims = { iss: at.url, exp: at.now() + 60 };
    const head = (more) => part({ alg: "RS512", typ: "JWT", kid: at.key.kid, ...more });
    const hmac = (alg, hash, secret) => {
      const signed = `${head({ alg })}.${part(claims)}`;
      return `${signed}.${createHmac(hash, secret).update(signed).digest("base64url")}`;
    };
    const es = makeKey("ES256", at.key.kid);
    const withKey = evil.key.token(claims, { jwk: evil.key.jwk, jku: `${evil.url}${JWKS}`, kid: at.key.kid });
    for (const [token, why] of [
      [`${head({ alg: "none" })}.${part(claims)}.`, "algorithm"],
      [`${head({ alg: "None" })}.${part(claims)}.`, "algorithm"],
      [`${head({ alg: "__proto__" })}.${part(claims)}.`, "algorithm"],
      [`${head({ alg: ["RS512"] })}.${part(claims)}.`, "algorithm"],
      [hmac("HS512", "sha512", JSON.stringify(at.key.jwk)), "algorithm"],
      [hmac("HS256", "sha256", "cl"), "algorithm"],
      [at.key.token(claims, { alg: "RS256" }), "algorithm"],
      [at.key.token(claims, { crit: ["exp"] }), "algorithm"],
      // The issuer's key does not match this algorithm.
      [es.token(claims), "key_unusable"],
      [withKey, "signature"],
      [evil.key.token({ ...claims, iss: evil.url }), "issuer"],
      [at.key.token({ ...claims, iss: `${at.url}.evil.example` }), "issuer"],
      [at.key.token({ ...claims, iss: `${at.url}/path` }), "issuer"],
      [at.key.token({ ...claims, iss: [at.url] }), "issuer"],
      [at.key.token({ exp: claims.exp }), "issuer"],
      [at.key.token(claims, { kid: undefined }), "key_unknown"],
      [at.key.token(claims, { kid: 7 }), "key_unknown"],
      [at.key.token(claims, { kid: "unknown" }), "key_unknown"],
      [at.key.token({ iss: at.url }), "malformed"],
      [at.key.token({ ...claims, exp: "later" }), "malformed"],
      [at.key.token({ ...claims, exp: at.now() - 11 }), "expired"],
      [at.key.token({ ...claims, nbf: at.now() + 60 }), "not_yet_valid"],
      [at.key.token({ ...claims, nbf: "now" }), "not_yet_valid"],
      ["no token", "malformed"],
    ]) {
      assert.equal(await reason(auth.jwtVerify(token, { serverURL: at.url })), why, token.slice(0, 60));
    }
    // The server that a token named got no request.
    assert.equal(evil.requests.length, 0);
    for (const token of [
      at.key.token(claims),
      at.key.token({ ...claims, iss: `${at.url}/` }),
      at.key.token({ ...claims, exp: at.now() - 5 }),
    ]) {
      await auth.jwtVerify(token, { serverURL: at.url });
    }
    const expired = at.key.token({ ...claims, exp: 1 });
    await assert.rejects(auth.jwtVerify(expired, { serverURL: at.url }), auth.TokenExpiredError);
    await auth.jwtVerify(expired, { serverURL: at.url, ignoreExpiration: true });
    for (const clockToleranceSeconds of [Number.NaN, "10", -1, Number.POSITIVE_INFINITY, null]) {
      const given = auth.jwtVerify(expired, { serverURL: at.url, clockToleranceSeconds });
      await assert.rejects(given, { option: "clockToleranceSeconds" });
    }
    const cut = expired.replace(/[^.]*$/, "A");
    assert.equal(await reason(auth.jwtVerify(cut, { serverURL: at.url })), "malformed");
    await auth.jwtVerify(expired, { serverURL: at.url, clock: { now: () => 5_000 } });
    assert.equal(
      await reason(
        auth.jwtVerify(at.key.token(claims), { serverURL: at.url, issuer: "https://auth.commercelayer.io" }),
      ),
      "issuer",
    );
    await auth.jwtVerify(at.key.token({ ...claims, iss: "https://auth.commercelayer.io" }), {
      serverURL: at.url,
      issuer: "https://auth.commercelayer.io",
    });
  });

  test("refuses invalid keys", async () => {
    const at = await serve();
    const short = makeKey("RS512short", "short");
    const { d: _, ...ec } = makeKey("ES256", "ec").jwk;
    at.keys.push(
      short.jwk,
      { ...at.key.jwk, kid: "enc", use: "enc" },
      { ...at.key.jwk, kid: "alg", alg: "RS256" },
      { ...ec, x: "AAAA" },
    );
    const token = (kid, alg = "RS512") => at.key.token({ iss: at.url, exp: at.now() + 60 }, { kid, alg });
    for (const [kid, alg] of [["short"], ["enc"], ["alg"], ["ec", "ES256"], ["ec", "RS512"]]) {
      assert.equal(await reason(auth.jwtVerify(token(kid, alg), { serverURL: at.url })), "key_unusable", kid);
    }
    await auth.jwtVerify(token(at.key.kid), { serverURL: at.url });
  });

  test("fetches keys once for any number of tokens, keeps them for an hour, and retries at most once a minute", async () => {
    const at = await serve();
    const token = (key, kid = key.kid) => key.token({ iss: at.url, exp: at.now() + 60 }, { kid });
    const verify = (text) => auth.jwtVerify(text, { serverURL: at.url });
    await Promise.all(Array.from({ length: 50 }, () => verify(token(at.key))));
    assert.equal(at.of(JWKS).length, 1);

    // A new key is found at once; the next fetch is at least a minute later.
    const next = makeKey("ES256");
    at.keys.push(next.jwk);
    await Promise.all(Array.from({ length: 50 }, () => verify(token(next))));
    assert.equal(at.of(JWKS).length, 2);
    for (const why of await Promise.all(
      Array.from({ length: 50 }, (_, number) => reason(verify(token(at.key, `kid-${number}`)))),
    ))
      assert.equal(why, "key_unknown");
    assert.equal(at.of(JWKS).length, 2);
    ahead += 61_000;
    for (let time = 0; time < 5; time++) assert.equal(await reason(verify(token(at.key, "unknown"))), "key_unknown");
    assert.equal(at.of(JWKS).length, 3);

    // A withdrawn key is not accepted forever.
    at.keys = [next.jwk];
    await verify(token(at.key));
    ahead += 3_601_000;
    assert.equal(await reason(verify(token(at.key))), "key_unknown");
    await verify(token(next));
    assert.equal(at.of(JWKS).length, 4);
  });

  test("keeps the keys of issuers apart, even with the same key id", async () => {
    const [one, other] = [await serve(), await serve()];
    other.keys[0] = { ...makeKey("RS512", one.key.kid).jwk };
    const token = (at) => one.key.token({ iss: at.url, exp: at.now() + 60 });
    await auth.jwtVerify(token(one), { serverURL: one.url });
    assert.equal(await reason(auth.jwtVerify(token(other), { serverURL: other.url })), "signature");
    // With more issuers than the cache holds, the first is fetched again.
    for (let number = 0; number < 20; number++)
      await reason(auth.jwtVerify(token(other), { serverURL: `${other.url}/${number}`, issuer: other.url }));
    await auth.jwtVerify(token(one), { serverURL: one.url });
    assert.equal(one.of(JWKS).length, 2);
  });

  test("reports keys that cannot be fetched with its own error, and does not retry at once", async () => {
    let body = { status: 500, body: "" };
    const at = await serve({ keys: () => body });
    const token = at.key.token({ iss: at.url, exp: at.now() + 60 });
    const verify = () => auth.jwtVerify(token, { serverURL: at.url });
    for (const bad of [
      { status: 500, body: "" },
      { status: 302, headers: { location: `${at.url}/elsewhere` }, body: "" },
      { status: 200, body: "<html>" },
      { status: 200, body: "[]" },
      { status: 200, body: '{"keys":{}}' },
      { status: 200, body: `{"keys":[],"a":"${"x".repeat(1 << 20)}"}` },
    ]) {
      body = bad;
      const before = at.of(JWKS).length;
      for (const why of await Promise.all(Array.from({ length: 10 }, () => reason(verify()))))
        assert.equal(why, "keys_unreachable");
      assert.equal(await reason(verify()), "keys_unreachable");
      assert.equal(at.of(JWKS).length, before + 1);
      ahead += 6_000;
    }
    assert.equal(at.of("/elsewhere").length, 0);
    body = { keys: at.keys };
    await verify();
  });

  test("does not wait forever for keys, whether the fetch respects its signal or not", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const key = makeKey("ES256");
    const token = key.token({ iss: "https://auth.commercelayer.io", exp: 4e9 });
    const never = () => new Promise(() => undefined);
    for (const hangs of [never, async () => ({ status: 200, text: never })]) {
      const verified = reason(auth.jwtVerify(token, { fetch: (...request) => hangs(...request) }));
      await new Promise((resolve) => setImmediate(resolve));
      t.mock.timers.tick(10_000);
      assert.equal(await verified, "keys_unreachable");
    }
  });

  test("accepts an expired token only if that is asked for by `true`", async () => {
    const key = makeKey("ES256");
    const token = key.token({ iss: "https://auth.commercelayer.io", exp: 1_000_000_000 });
    for (const ignoreExpiration of [undefined, false, "false", "true", 1, {}])
      assert.equal(await reason(auth.jwtVerify(token, { jwk: key.jwk, ignoreExpiration })), "expired");
    assert.equal(await reason(auth.jwtVerify(token, { jwk: key.jwk, ignoreExpiration: true })), "verified");
  });

  test("uses a given key", async () => {
    const key = makeKey("ES256");
    const token = key.token({ iss: "https://auth.commercelayer.io", exp: 4e9 });
    const fetch = () => assert.fail("nothing is fetched");
    assert.equal((await auth.jwtVerify(token, { jwk: key.jwk, fetch })).payload.exp, 4e9);
    assert.equal(await reason(auth.jwtVerify(token, { jwk: makeKey("ES256").jwk, fetch })), "key_unknown");
    assert.equal(await reason(auth.jwtVerify(token, { jwk: makeKey("ES256", key.kid).jwk, fetch })), "signature");
    assert.equal(await reason(auth.jwtVerify(token, { jwk: makeKey("RS512", key.kid).jwk, fetch })), "key_unusable");
  });

  test("refuses an insecure URL before it fetches anything", async () => {
    await assert.rejects(auth.jwtVerify(makeKey("EdDSA").token({}), { authURL: "http://auth.commercelayer.io" }), {
      option: "authURL",
    });
  });
});
