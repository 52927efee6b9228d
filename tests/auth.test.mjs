// Authentication tests that need Node: proofs and assertions checked by an independent verifier, the core's memory, the
// process's environment, files.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { format, inspect } from "node:util";
import * as jose from "jose";
import { coreMemory, installed } from "./lib/installed.mjs";
import { startSandbox } from "./lib/sandbox.mjs";
import { answer, stub } from "./lib/stub.mjs";

const memoryOfCore = coreMemory();
const folder = installed();
const { keyturn, sandbox } = await import(pathToFileURL(join(folder, "load.mjs")).href);
const { ConductorOne } = keyturn;

const SERVER = "https://tenant.conductor.one";
const TRUST = "clever-fox-1@tenant.conductor.one/wfe";
const BOUND = { access_token: "bound-token", token_type: "DPoP", expires_in: 3600 };
const exchange = keyturn.tokenExchange({ clientID: TRUST, subjectToken: () => "eyJhbGciOiJSUzI1NiJ9.e30.c2ln" });

/** Verifies a proof as RFC 9449, section 4.3 requires, without code of this package. */
async function verified({ url, method, headers }, seen, wanted = {}) {
  const proof = headers.get("dpop");
  assert.ok(proof, "there is a proof");
  const { payload, protectedHeader } = await jose.jwtVerify(proof, jose.EmbeddedJWK, {
    typ: "dpop+jwt",
    algorithms: ["ES256", "EdDSA"],
    maxTokenAge: 60,
    clockTolerance: 5,
  });
  assert.deepEqual(Object.keys(protectedHeader).sort(), ["alg", "jwk", "typ"]);
  assert.equal(protectedHeader.jwk.d, undefined);
  assert.equal(payload.htm, method);
  assert.equal(payload.htu, url.split(/[?#]/)[0]);
  assert.ok(payload.jti.length >= 16 && !seen.has(payload.jti), "a jti of its own");
  seen.add(payload.jti);
  assert.equal(payload.nonce, wanted.nonce);
  const [scheme, token] = (headers.get("authorization") ?? "").split(" ");
  assert.equal(scheme, url.endsWith("/auth/v1/token") ? "" : "DPoP");
  const hash =
    token &&
    jose.base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token))));
  assert.equal(payload.ath, hash);
  return jose.calculateJwkThumbprint(protectedHeader.jwk);
}

describe("DPoP, verified by jose", () => {
  for (const algorithm of ["ES256", "EdDSA"]) {
    test(`1,000 ${algorithm} proofs are accepted, each unique and all with one key`, async () => {
      const { fetch, sent } = stub(BOUND, answer(200, {}));
      const c1 = new ConductorOne({ credentials: exchange, fetch, dpop: { algorithm } });
      for (let call = 0; call < 333; call++) {
        await Promise.all([c1.auth.introspect(), c1.apps.list({ pageSize: 7 }), c1.apps.create({ displayName: "a" })]);
      }
      assert.equal(sent.length, 1000);
      const seen = new Set();
      const keys = new Set();
      for (const request of sent) keys.add(await verified(request, seen));
      assert.equal(keys.size, 1);
      assert.equal(seen.size, 1000);
      c1.close();
    });
  }

  test("nonces: the token endpoint requires them with 400, the API with 401, each has its own, and new ones are used", async () => {
    const { fetch, sent } = stub(
      answer(400, { error: "use_dpop_nonce" }, { "dpop-nonce": "token-nonce" }),
      BOUND,
      answer(401, { code: 16 }, { "dpop-nonce": "api-1", "www-authenticate": 'DPoP error="use_dpop_nonce"' }),
      answer(200, {}, { "dpop-nonce": "api-2" }),
      answer(200, {}),
      answer(401, { code: 16 }, { "dpop-nonce": "api-3", "www-authenticate": 'DPoP error="use_dpop_nonce"' }),
      answer(200, {}),
    );
    const c1 = new ConductorOne({ credentials: exchange, fetch, dpop: true });
    await c1.auth.introspect();
    await c1.auth.introspect();
    // A call that must not be repeated may be repeated if the server has not acted on it.
    await c1.connector.rotateCredential({ appId: "a", connectorId: "c" });
    const nonces = [undefined, "token-nonce", undefined, "api-1", "api-2", "api-2", "api-3"];
    const seen = new Set();
    for (const [place, nonce] of nonces.entries()) await verified(sent[place], seen, { nonce });
    assert.equal(sent.length, nonces.length);
    c1.close();
  });

  test("with --dpop nonce, each proof over HTTP has a nonce", async () => {
    const at = await startSandbox(folder, ["--dpop", "nonce"]);
    try {
      const options = { clientID: at.clientId, clientSecret: at.clientSecret, serverURL: at.url };
      const c1 = new ConductorOne({ ...options, dpop: true });
      // All of them are refused because the nonce is missing, and only the first learns a new one.
      await Promise.all([
        c1.auth.introspect(),
        c1.apps.list(),
        c1.connector.rotateCredential({ appId: at.appId, connectorId: at.connectorId }),
      ]);
      await c1.connector.rotateCredential({ appId: at.appId, connectorId: at.connectorId });
      c1.close();
      const tokens = await (await fetch(`${at.url}/_sandbox/requests?operation=token`)).json();
      assert.deepEqual(
        tokens.map(({ status }) => status),
        [400, 200],
      );
      await assert.rejects(new ConductorOne(options).auth.introspect(), { reason: "invalid_dpop_proof" });
    } finally {
      await at.stop();
    }
  });

  test("a clock error after the login is learned from the API's refusal, and the call is repeated once", async () => {
    for (const wrongMs of [-600_000, 600_000, 86_400_000]) {
      let offMs = 0;
      const sent = [];
      const fetch = async (url, init) => {
        const headers = new Headers(init.headers);
        sent.push(String(url));
        if (String(url).endsWith("/token")) return Response.json(BOUND);
        const { iat } = jose.decodeJwt(headers.get("dpop"));
        const stale = Math.abs(iat - Date.now() / 1000) > 300;
        return Response.json(stale ? { code: 16, message: "the proof is stale" } : {}, {
          status: stale ? 401 : 200,
          headers: { date: new Date().toUTCString() },
        });
      };
      const clock = { now: () => Date.now() + offMs, monotonic: () => performance.now() };
      const c1 = new ConductorOne({ credentials: exchange, fetch, dpop: true, clock });
      await c1.auth.introspect();
      offMs = wrongMs;
      await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          i % 2 ? c1.auth.introspect() : c1.connector.rotateCredential({ appId: "a", connectorId: "c" }),
        ),
      );
      // A machine whose clock jumps by a token's whole lifetime may also have been asleep, so the token is renewed
      // then.
      const tokens = wrongMs > BOUND.expires_in * 1000 ? 2 : 1;
      assert.equal(sent.filter((url) => url.endsWith("/token")).length, tokens, "the token is as good as before");
      assert.equal(sent.length, 1 + tokens + 20);
      assert.ok(Math.abs(c1.authentication.clockOffsetMs + wrongMs) <= 2000);
      await c1.auth.introspect();
      assert.equal(sent.length, 1 + tokens + 21);
      c1.close();
    }
  });

  test("a clock error of a few seconds is learned at the login, and from a response that also has a nonce", async () => {
    for (const offMs of [-45_000, 35_000, 59_000]) {
      let number = 0;
      const sent = [];
      // Like C1's own validator: thirty seconds of tolerance, and a nonce in each response.
      const fetch = async (url, init) => {
        const { iat } = jose.decodeJwt(new Headers(init.headers).get("dpop"));
        const token = String(url).endsWith("/token");
        const now = Date.now() + offMs + (token ? 0 : 600_000);
        const stale = Math.abs(iat - now / 1000) > 30;
        sent.push(`${token ? "token" : "api"} ${stale ? 401 : 200}`);
        const headers = {
          date: new Date(now).toUTCString(),
          "dpop-nonce": `n-${number++}`,
          ...(stale && !token && { "www-authenticate": 'DPoP error="invalid_dpop_proof"' }),
        };
        const body = stale ? { error: "invalid_dpop_proof" } : token ? BOUND : {};
        return Response.json(body, { status: stale ? 401 : 200, headers });
      };
      const c1 = new ConductorOne({ credentials: exchange, fetch, dpop: true });
      await c1.connector.rotateCredential({ appId: "a", connectorId: "c" });
      assert.deepEqual(sent, ["token 401", "token 200", "api 401", "api 200"]);
      c1.close();
    }
  });

  test("aborts a login's request when no call waits for it", async () => {
    const signals = [];
    const fetch = (_, { signal }) => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const c1 = new ConductorOne({ credentials: exchange, fetch });
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }) => c1.auth.introspect({ signal }));
    while (signals.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controllers[0].abort();
    await assert.rejects(calls[0], { code: "aborted" });
    assert.equal(signals[0].aborted, false, "somebody still waits");
    controllers[1].abort();
    await assert.rejects(calls[1], { code: "aborted" });
    assert.equal(signals[0].aborted, true);
    assert.equal(signals.length, 1);
    c1.close();
  });

  test("nonces outlive a token", async () => {
    let passed = 0;
    const { fetch, sent } = stub(
      answer(200, BOUND, { "dpop-nonce": "token-1" }),
      answer(200, {}, { "dpop-nonce": "api-1" }),
      answer(200, BOUND, { "dpop-nonce": "token-2" }),
      answer(200, {}),
    );
    const clock = { now: () => Date.now(), monotonic: () => passed };
    const c1 = new ConductorOne({ credentials: exchange, fetch, dpop: true, clock });
    await c1.auth.introspect();
    passed = 100_000_000;
    await c1.auth.introspect();
    const nonces = [undefined, undefined, "token-1", "api-1"];
    for (const [place, nonce] of nonces.entries()) await verified(sent[place], new Set(), { nonce });
    c1.close();
  });

  test("proofs name the URL without its query, and with it if the server compares the query", async () => {
    for (const [dpopUrl, expected] of [
      ["without-query", ["200 bare", "200 bare"]],
      ["with-query", ["401 bare", "200 whole", "200 whole"]],
    ]) {
      const at = await sandbox.createSandbox({ dpop: "require", dpopUrl });
      const sent = [];
      const fetch = async (url, init) => {
        const { htu } = jose.decodeJwt(new Headers(init.headers).get("dpop"));
        const response = await at.fetch(url, init);
        if (String(url).includes("?")) sent.push(`${response.status} ${htu.includes("?") ? "whole" : "bare"}`);
        return response;
      };
      const { clientId: clientID, clientSecret, url: serverURL } = at;
      const c1 = new ConductorOne({ clientID, clientSecret, serverURL, fetch, dpop: true });
      await c1.apps.list({ pageSize: 5 });
      await c1.apps.list({ pageSize: 5 });
      assert.deepEqual(sent, expected);
      assert.equal(at.requests({ operation: "token" }).length, 1);
      c1.close();
    }
    // A request that was refused for another reason is not repeated with the other form of proof.
    const refused = answer(401, { code: 16 }, { "www-authenticate": "Bearer" });
    const { fetch, sent } = stub(BOUND, refused, BOUND, refused);
    const c1 = new ConductorOne({ credentials: exchange, fetch, dpop: true, retryConfig: { strategy: "none" } });
    await assert.rejects(c1.apps.list({ pageSize: 5 }), { code: "unauthorized" });
    assert.ok(sent.every(({ headers }) => !jose.decodeJwt(headers.get("dpop")).htu.includes("?")));
    c1.close();
  });

  test("a refusal that is not about the clock causes no further attempt", async () => {
    const refused = () => answer(401, { code: 16 }, { date: new Date().toUTCString() })();
    const { fetch, sent } = stub(BOUND, refused);
    const c1 = new ConductorOne({ credentials: exchange, fetch, dpop: true });
    await assert.rejects(c1.connector.rotateCredential({ appId: "a", connectorId: "c" }), { code: "unauthorized" });
    assert.equal(sent.length, 2);
    c1.close();
  });

  test("gives up on a server that requires nonces endlessly", async () => {
    let number = 0;
    const more = () =>
      answer(401, { code: 16 }, { "dpop-nonce": `n-${++number}`, "www-authenticate": 'DPoP error="use_dpop_nonce"' })();
    const { fetch, sent } = stub(BOUND, more);
    const c1 = new ConductorOne({ credentials: exchange, fetch, dpop: true });
    await assert.rejects(c1.connector.rotateCredential({ appId: "a", connectorId: "c" }), { code: "unauthorized" });
    // The token, the call, and five more attempts.
    assert.equal(sent.length, 7);
    const tokens = stub(() => answer(400, { error: "use_dpop_nonce" }, { "dpop-nonce": `n-${++number}` })());
    await assert.rejects(
      new ConductorOne({ credentials: exchange, fetch: tokens.fetch, dpop: true }).auth.introspect(),
      { reason: "use_dpop_nonce" },
    );
    assert.equal(tokens.sent.length, 6);
  });

  test("the request that begins a device login is sent again with the nonce that it lacked", async () => {
    const { fetch, sent } = stub(
      answer(400, { error: "use_dpop_nonce" }, { "dpop-nonce": "token-1" }),
      { device_code: "d", user_code: "u", verification_uri: "https://tenant.conductor.one/d", interval: 0.001 },
      BOUND,
      answer(200, {}),
    );
    const credentials = keyturn.deviceLogin({ clientID: "program", onCode: () => undefined });
    const c1 = new ConductorOne({ credentials, serverURL: SERVER, fetch, dpop: true });
    await c1.auth.introspect();
    const nonces = sent.map(({ headers }) => jose.decodeJwt(headers.get("dpop")).nonce);
    assert.deepEqual(nonces, [undefined, "token-1", "token-1", undefined]);
    c1.close();
  });

  // A server may accept only its newest nonce: each response ends the earlier ones, also for requests that are already
  // on their way.
  describe("a server that lets only its newest nonce pass", () => {
    const challenge = { "www-authenticate": 'DPoP error="use_dpop_nonce"' };

    /**
     * @param {(url: string, number: number) => unknown} before What each request waits for, before it arrives and
     *   before its response leaves.
     */
    function strict(before = () => undefined) {
      let newest;
      let issued = 0;
      const done = [];
      let refused = 0;
      const fetch = async (url, init) => {
        if (url.endsWith("/token")) return Response.json(BOUND);
        const number = ++issued;
        await before(url, number);
        const passes = jose.decodeJwt(new Headers(init.headers).get("dpop")).nonce === newest && newest !== undefined;
        newest = `n-${number}`;
        const headers = { "dpop-nonce": newest, ...(passes ? {} : challenge) };
        if (passes) done.push(`${init.method} ${init.body}`);
        else refused++;
        await before(url, number);
        return Response.json(passes ? {} : { code: 16 }, { status: passes ? 200 : 401, headers });
      };
      return { fetch, done, refused: () => refused };
    }
    const ticks = async (count) => {
      for (let tick = 0; tick < count; tick++) await new Promise((resolve) => setImmediate(resolve));
    };

    for (const [name, before] of [
      ["at once", undefined],
      ["in any order", (_, number) => ticks((number * 7) % 5)],
    ]) {
      test(`forty calls beside each other succeed, each is carried out once, and answers come ${name}`, async () => {
        const { fetch, done, refused } = strict(before);
        const c1 = new ConductorOne({ credentials: exchange, fetch, dpop: true });
        const call = (_, number) =>
          number % 2
            ? c1.apps.list({ pageSize: 5 })
            : c1.connector.rotateCredential({ appId: "a", connectorId: `c${number}` });
        await Promise.all(Array.from({ length: 40 }, call));
        assert.equal(done.length, 40);
        assert.equal(new Set(done.filter((line) => line.startsWith("POST"))).size, 20);
        // From here on, each call is sent once.
        const sofar = refused();
        for (let number = 1; number < 6; number++) await call(undefined, number);
        assert.equal(refused(), sofar);
        c1.close();
      });
    }

    test("a call that is aborted while it waits for its turn, or that is never answered, holds up no other one", async (t) => {
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const controller = new AbortController();
      // By now all nine have been refused twice; the rest wait for the one that is being sent.
      const { fetch, done } = strict((_, number) => {
        if (number !== 20) return undefined;
        controller.abort();
        setImmediate(() => t.mock.timers.tick(10_000));
        return new Promise(() => undefined);
      });
      const c1 = new ConductorOne({ credentials: exchange, fetch, dpop: true, timeoutMs: 0 });
      const calls = Array.from({ length: 9 }, (_, number) =>
        c1.apps.get({ id: `app-${number}` }, number === 8 ? { signal: controller.signal } : {}),
      );
      await assert.rejects(calls[8], { code: "aborted" });
      const answered = new Set();
      const all = calls.map((call, number) => call.then(() => answered.add(number)).catch(() => undefined));
      while (answered.size < 7) await ticks(1);
      assert.equal(done.length, 7);
      c1.close();
      await Promise.all(all);
    });

    test("a refusal that may have had an effect is not repeated", async () => {
      const { fetch, sent } = stub(BOUND, answer(500, { code: 13 }, { "dpop-nonce": "n-1", ...challenge }));
      const c1 = new ConductorOne({ credentials: exchange, fetch, dpop: true });
      const rotated = c1.connector.rotateCredential({ appId: "a", connectorId: "c" });
      await assert.rejects(rotated, { outcome: "unknown" });
      assert.equal(sent.length, 2);
      c1.close();
    });
  });

  test("uses the bearer token of a server that does not bind tokens", async () => {
    const { fetch, sent } = stub({ ...BOUND, token_type: "Bearer" }, answer(200, {}));
    await new ConductorOne({ credentials: exchange, fetch, dpop: true }).auth.introspect();
    assert.ok(sent[0].headers.get("dpop"));
    assert.equal(sent[1].headers.get("authorization"), "Bearer bound-token");
    assert.equal(sent[1].headers.get("dpop"), null);
  });

  test("refuses a bound token that was not requested", async () => {
    const { fetch } = stub(BOUND);
    const error = await new ConductorOne({ credentials: exchange, fetch }).auth.introspect().catch((error) => error);
    assert.equal(error.reason, "token_type_dpop");
    assert.match(error.hint, /dpop: true/);
  });

  test("uses a given key pair, and refuses an unusable one", async () => {
    const make = (algorithm, usages = ["sign", "verify"]) => crypto.subtle.generateKey(algorithm, false, usages);
    const pair = await make({ name: "ECDSA", namedCurve: "P-256" });
    const seen = new Set();
    const keys = new Set();
    for (let client = 0; client < 2; client++) {
      const { fetch, sent } = stub(BOUND, answer(200, {}));
      await new ConductorOne({ credentials: exchange, fetch, dpop: { keyPair: pair } }).auth.introspect();
      for (const request of sent) keys.add(await verified(request, seen));
    }
    assert.deepEqual([...keys], [await jose.calculateJwkThumbprint(await jose.exportJWK(pair.publicKey))]);
    for (const keyPair of [
      await make({ name: "ECDSA", namedCurve: "P-384" }),
      await make({ name: "ECDH", namedCurve: "P-256" }, ["deriveBits"]),
    ]) {
      // When the client is created, not with its first call.
      const expected = { code: "invalid_configuration", option: "dpop", reason: "key" };
      assert.throws(() => new ConductorOne({ credentials: exchange, dpop: { keyPair } }), expected);
    }
    assert.throws(() => new ConductorOne({ credentials: exchange, dpop: { algorithm: "RS256" } }), { option: "dpop" });
  });
});

test("jose accepts the assertions", async () => {
  const at = await sandbox.createSandbox();
  const { clientId, clientSecret } = at;
  const { x, kty, crv } = JSON.parse(Buffer.from(clientSecret.split(":")[3], "base64url"));
  const key = await jose.importJWK({ kty, crv, x }, "EdDSA");
  const nonces = new Set();
  for (let count = 0; count < 20; count++) {
    const { fetch, sent } = stub({ access_token: "t" }, answer(200, {}));
    const c1 = new ConductorOne({ clientID: clientId, clientSecret, fetch });
    await c1.auth.introspect();
    const assertion = new URLSearchParams(sent[0].body).get("client_assertion");
    const { payload, protectedHeader } = await jose.jwtVerify(assertion, key, {
      issuer: clientId,
      subject: clientId,
      audience: "tenant.sandbox.invalid",
      algorithms: ["EdDSA"],
    });
    assert.equal(payload.exp - payload.iat, 120);
    nonces.add(protectedHeader.nonce);
    c1.close();
  }
  assert.equal(nonces.size, 20);
});

describe("custody", () => {
  test("after close(), the core's memory contains no secret, token or code", async () => {
    const found = (text) => Buffer.from(memoryOfCore().buffer).includes(text);
    const at = await sandbox.createSandbox();
    const { clientId, clientSecret, url, fetch } = at;
    const key = clientSecret.split(":")[3];
    const seed = Buffer.from(JSON.parse(Buffer.from(key, "base64url")).d, "base64url");
    const tokens = [];
    const watching = async (...request) => {
      const response = await fetch(...request);
      if (String(request[0]).endsWith("/token")) tokens.push((await response.clone().json()).access_token);
      return response;
    };
    const canaries = ["canary-bearer-7f3a", "canary-external-91c2", "canary-device-55d1", "canary-granted-0b8e"];
    const [bearer, external, code, granted] = canaries;
    const device = stub(
      { device_code: code, user_code: "A", verification_uri: "https://a.example/", interval: 0.01 },
      { access_token: granted, expires_in: 600 },
      answer(200, {}),
    );
    const clients = [
      new ConductorOne({ clientID: clientId, clientSecret, serverURL: url, fetch: watching }),
      new ConductorOne({
        clientID: clientId,
        clientSecret: new TextEncoder().encode(clientSecret),
        serverURL: url,
        fetch: watching,
      }),
      new ConductorOne({
        credentials: keyturn.clientSecretPost({ clientID: clientId, clientSecret }),
        serverURL: url,
        fetch: watching,
      }),
      new ConductorOne({ credentials: keyturn.accessToken(bearer), serverURL: url, fetch }),
      new ConductorOne({ credentials: keyturn.tokenFunction(() => external), serverURL: url, fetch }),
      new ConductorOne({
        credentials: keyturn.deviceLogin({ clientID: "p", onCode() {} }),
        serverURL: SERVER,
        fetch: device.fetch,
      }),
    ];
    await Promise.allSettled(clients.map((client) => client.auth.introspect()));
    const { appId, connectorId } = at;
    const rotated = await clients[0].connector.rotateCredential({ appId, connectorId });
    const oneTime = rotated.connectorServiceRotateCredentialResponse.credential.clientSecret;
    assert.ok(
      tokens.filter(Boolean).length >= 2 && found(seed),
      "while it is open the key is there, so the search can see",
    );
    clients.forEach((client) => client.close());
    for (const text of [
      key,
      key.slice(20, 60),
      seed,
      oneTime,
      oneTime.split(":")[3].slice(20, 60),
      ...tokens.filter(Boolean),
      ...canaries,
    ]) {
      assert.ok(!found(text), `${String(text).slice(0, 6)}... is still there`);
    }
  });

  test("`using` and `await using` close a client", async () => {
    const c1 = new ConductorOne({ security: { bearerAuth: "t" }, serverURL: SERVER });
    c1[Symbol.dispose]();
    assert.throws(() => c1.serverURL, { code: "closed" });
    const c2 = new ConductorOne({ security: { bearerAuth: "t" }, serverURL: SERVER });
    await c2[Symbol.asyncDispose]();
    await assert.rejects(c2.auth.introspect(), { code: "closed" });
  });
});

test("public objects reveal no secrets at any depth", () => {
  const canary = "canary-7f3a91c2";
  const secret = new keyturn.Secret(canary);
  const shown = [
    secret,
    keyturn.accessToken(canary),
    keyturn.tokenFunction(() => canary),
    keyturn.clientSecretPost({ clientID: TRUST, clientSecret: canary }),
    keyturn.signedAssertion({ clientID: TRUST, clientSecret: canary }),
    keyturn.memoryStore(),
    keyturn.encryptedStore(keyturn.memoryStore(), new TextEncoder().encode(canary.repeat(32).slice(0, 32))),
    new ConductorOne({
      credentials: keyturn.accessToken(canary),
      serverURL: SERVER,
      tokenStore: keyturn.memoryStore(),
      dpop: true,
    }),
  ];
  for (const one of shown) {
    for (const text of [
      inspect(one, { depth: 10, showHidden: true, getters: true }),
      inspect([one, { one }]),
      JSON.stringify({ one }),
      String(one),
    ]) {
      assert.ok(!text.includes(canary), text);
    }
  }
  for (const print of [
    (one) => `${one}`,
    (one) => `${one}`,
    (one) => new Error("x", { cause: one }).stack,
    (one) => format("%s %o %O %j", one, one, one, one),
  ]) {
    assert.ok(!print(secret).includes(canary));
  }
});

describe("the process", () => {
  const program = (text, env) =>
    spawnSync(process.execPath, ["--input-type=module", "-e", text], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: process.env.PATH, ...env },
    });

  test("reads variables when a client is created, not when the package is loaded", () => {
    const { stdout, stderr } = program(
      `import { ConductorOne } from "keyturn";
       process.env.CONDUCTORONE_ACCESS_TOKEN = "late"; process.env.CONDUCTORONE_TENANT_DOMAIN = "acme";
       const c1 = ConductorOne.fromEnv();
       console.log(c1.serverURL, c1.authentication.method, c1.authentication.variables.join());`,
      { CONDUCTORONE_CLIENT_ID: "not an id" },
    );
    assert.equal(stderr.includes("Error"), true, "a client id that names no tenant is told even beside a token");
    assert.equal(stdout, "");
    const good = program(
      `import { ConductorOne } from "keyturn";
       process.env.CONDUCTORONE_ACCESS_TOKEN = "late";
       const c1 = new ConductorOne({ tenantDomain: "acme" });
       console.log(c1.serverURL, c1.authentication.method, c1.authentication.variables.join());`,
      {},
    );
    assert.equal(good.stdout, "https://acme.conductor.one token CONDUCTORONE_ACCESS_TOKEN\n", good.stderr);
  });

  test("reads an identity token from its file each time", async () => {
    const place = mkdtempSync(join(tmpdir(), "keyturn-token-"));
    const file = join(place, "token");
    try {
      const subjectToken = keyturn.fileToken(file);
      for (const token of ["eyJhbGciOiJSUzI1NiJ9.e30.b25l", "eyJhbGciOiJSUzI1NiJ9.e30.dHdv"]) {
        writeFileSync(file, `${token}\n`);
        const { fetch, sent } = stub({ access_token: "t" }, answer(200, {}));
        await new ConductorOne({
          credentials: keyturn.tokenExchange({ clientID: TRUST, subjectToken }),
          fetch,
        }).auth.introspect();
        assert.equal(new URLSearchParams(sent[0].body).get("subject_token"), token);
      }
      rmSync(file);
      const { fetch } = stub();
      const error = await new ConductorOne({
        credentials: keyturn.tokenExchange({ clientID: TRUST, subjectToken }),
        fetch,
      }).auth
        .introspect()
        .catch((error) => error);
      assert.deepEqual([error.reason, error.cause.code], ["subject_token", "ENOENT"]);
    } finally {
      rmSync(place, { recursive: true });
    }
  });
});
