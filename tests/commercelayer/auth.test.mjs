// Getting tokens of Commerce Layer, renewing and ending them, over HTTP on loopback.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { installed, module } from "../lib/installed.mjs";
import { authServer } from "./auth-server.mjs";

const folder = installed();
const { keyturn, sandbox } = await import(pathToFileURL(join(folder, "load.mjs")).href);
// All modules come from one instance: the parts, and the client.
const auth = await module("commercelayer/index.js");
const { default: CommerceLayerProvisioning } = auth;
const { commerceLayerPlan } = await module("commercelayer/auth/plan.js");
const { Session } = await module("auth/session.js");
const { Driver } = await module("http/driver.js");
const { Limit } = await module("auth/limit.js");
const { Deadline, sender } = await module("http/transport.js");
const { guarded } = await module("core/instance.js");

const CANARY = "canary-7f3a9b";
const APPLICATION = { clientId: "client-id-1", clientSecret: `${CANARY}-client-secret` };

const servers = [];
after(() => Promise.all(servers.map((server) => server.close())));

async function serve(answers) {
  const at = await authServer(answers);
  servers.push(at);
  return at;
}

/** Time added to the machine's clock. A token that is refused within seconds of being issued is not renewed. */
let passedMs = 0;
const clock = { now: () => Date.now(), monotonic: () => performance.now() + passedMs };

/** Makes the API refuse all tokens from now on. */
function refuse(at) {
  at.good.clear();
  passedMs += 10_000;
}

/** Creates a session with these options, and a function that calls the API with it. */
function client(at, options) {
  const session = new Session(commerceLayerPlan({ serverURL: at.url, clock, ...options }), sender(options.fetch));
  const driver = new Driver(session, {
    retryConfig: { strategy: "none" },
    send: (_facts, url, init) => fetch(url, init),
  });
  const failure = () => JSON.stringify({ code: "", message: "", details: "", excerpt: "" });
  const facts = { id: "api_credentials.list", method: "GET", effect: 0, failure };
  const closed = new AbortController().signal;
  const call = (more = {}) =>
    driver.run(
      { facts, url: `${session.baseURL}/api_credentials`, headers: {}, body: null },
      more,
      closed,
      (answer) => answer.status,
    );
  return { session, call };
}

const calls = (number, call) => Promise.all(Array.from({ length: number }, () => call()));
const failure = (promise) =>
  promise.then(
    () => assert.fail("it should fail"),
    (error) => error,
  );

describe("grants", () => {
  const verifier = "v".repeat(43);
  for (const [grant, credentials, sent] of [
    [
      "clientCredentials",
      () => auth.clientCredentials(APPLICATION),
      { grant_type: "client_credentials", client_id: "client-id-1", client_secret: APPLICATION.clientSecret },
    ],
    [
      "clientCredentials",
      () => auth.clientCredentials({ clientId: "sales", scope: "market:all" }),
      { grant_type: "client_credentials", client_id: "sales", scope: "market:all" },
    ],
    [
      "clientCredentials",
      () => auth.clientCredentials({ clientId: " sales\n", clientSecret: new TextEncoder().encode('"bytes"') }),
      { grant_type: "client_credentials", client_id: "sales", client_secret: "bytes" },
    ],
    [
      "password",
      () =>
        auth.password({ clientId: "sales", username: "a@example.com", password: ' "p w" é\\', scope: "market:id:1" }),
      {
        grant_type: "password",
        client_id: "sales",
        username: "a@example.com",
        password: ' "p w" é\\',
        scope: "market:id:1",
      },
    ],
    [
      "refreshToken",
      () => auth.refreshToken({ ...APPLICATION, refreshToken: "refresh-1" }),
      {
        grant_type: "refresh_token",
        client_id: "client-id-1",
        client_secret: APPLICATION.clientSecret,
        refresh_token: "refresh-1",
      },
    ],
    [
      "authorizationCode",
      () =>
        auth.authorizationCode({
          clientId: "web",
          code: "code-1",
          redirectUri: "https://shop.example/back?x=1",
          codeVerifier: verifier,
        }),
      {
        grant_type: "authorization_code",
        client_id: "web",
        code: "code-1",
        redirect_uri: "https://shop.example/back?x=1",
        code_verifier: verifier,
      },
    ],
    [
      "jwtBearer",
      () => auth.jwtBearer({ ...APPLICATION, assertion: async () => "eyJhbGciOiJIUzUxMiJ9.e30.c2ln" }),
      {
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        client_id: "client-id-1",
        client_secret: APPLICATION.clientSecret,
        assertion: "eyJhbGciOiJIUzUxMiJ9.e30.c2ln",
      },
    ],
  ]) {
    test(`${grant} sends ${Object.keys(sent).join(", ")}`, async () => {
      const at = await serve();
      const made = credentials();
      assert.equal(made.grant, grant);
      const { call, session } = client(at, { credentials: made });
      assert.equal(await call(), 200);
      const [request] = at.of("/oauth/token");
      assert.deepEqual(request.body, sent);
      assert.equal(request.method, "POST");
      assert.equal(request.headers["content-type"], "application/json");
      assert.deepEqual(session.authentication, { grant, clientId: sent.client_id, clockOffsetMs: 0 });
      session.close();
    });
  }

  test("refuses invalid parts of a grant by name, before anything is sent", () => {
    const plan = (credentials) => new Session(commerceLayerPlan({ credentials }), () => assert.fail("nothing is sent"));
    const ok = { clientId: "a", clientSecret: "b" };
    for (const [make, option, reason] of [
      [() => auth.clientCredentials({ clientId: "" }), "clientId", "grant_missing"],
      [() => auth.clientCredentials({ clientSecret: "b" }), "clientId", "grant_missing"],
      [() => auth.clientCredentials({ clientId: 7 }), "clientId", "not_text"],
      [() => auth.clientCredentials({ clientId: "a b" }), "clientId", "grant_character"],
      [() => auth.clientCredentials({ clientId: "é" }), "clientId", "grant_character"],
      [() => auth.clientCredentials({ clientId: "a".repeat(8193) }), "clientId", "grant_long"],
      [() => auth.clientCredentials({ clientId: "eyJh.e30.c2ln" }), "clientId", "grant_is_token"],
      [() => auth.clientCredentials({ clientId: "secret-token:x" }), "clientId", "grant_is_secret"],
      [() => auth.clientCredentials({ clientId: "a\0b" }), "credentials", "grant_fields"],
      [() => auth.clientCredentials({ clientId: "a", clientSecret: "a" }), "clientSecret", "grant_same"],
      [
        () => auth.clientCredentials({ clientId: "a", clientSecret: "eyJh.e30.c2ln" }),
        "clientSecret",
        "grant_is_token",
      ],
      [() => auth.clientCredentials({ clientId: "a", clientSecret: "two words" }), "clientSecret", "grant_character"],
      [() => auth.password({ ...ok, username: "", password: "p" }), "username", "grant_missing"],
      [() => auth.password({ ...ok, username: "u", password: "" }), "password", "grant_missing"],
      [() => auth.password({ ...ok, username: "u", password: new Uint8Array([0xff]) }), "password", "grant_character"],
      [() => auth.refreshToken({ ...ok, refreshToken: " " }), "refreshToken", "grant_missing"],
      [() => auth.refreshToken({ ...ok, refreshToken: "a\nb" }), "refreshToken", "grant_character"],
      [() => auth.authorizationCode({ ...ok, code: "", redirectUri: "https://a" }), "code", "grant_missing"],
      [() => auth.authorizationCode({ ...ok, code: "c", redirectUri: "" }), "redirectUri", "grant_missing"],
      [() => auth.authorizationCode({ ...ok, code: "c", redirectUri: "/back" }), "redirectUri", "grant_redirect"],
      [
        () => auth.authorizationCode({ ...ok, code: "c", redirectUri: "app:back", codeVerifier: "short" }),
        "codeVerifier",
        "grant_verifier",
      ],
      [
        () => auth.authorizationCode({ ...ok, code: "c", redirectUri: "app:back", codeVerifier: "é".repeat(50) }),
        "codeVerifier",
        "grant_character",
      ],
    ]) {
      assert.throws(() => plan(make()), { code: "invalid_configuration", option, reason }, `${option} ${reason}`);
    }
    assert.throws(() => plan(keyturn.accessToken("t")), { option: "credentials", reason: "not_credentials" });
    const session = (options) => new Session(commerceLayerPlan(options), () => assert.fail());
    assert.throws(() => session({}), { option: "accessToken", reason: "credentials_missing" });
    assert.throws(() => session({ accessToken: "a", credentials: auth.accessToken("b") }), {
      option: "credentials",
      reason: "credentials_twice",
    });
    assert.throws(() => session({ accessToken: "a", refreshToken: "b" }), {
      option: "refreshToken",
      reason: "not_a_function",
    });
    assert.throws(() => auth.tokenFunction("a"), { option: "tokenFunction" });
  });

  test("finds the URLs of both servers", () => {
    const at = (options) => {
      const session = new Session(commerceLayerPlan({ accessToken: "a", ...options }), () => assert.fail());
      return [session.baseURL, session.authURL];
    };
    assert.deepEqual(at({}), ["https://provisioning.commercelayer.io/api", "https://auth.commercelayer.io"]);
    assert.deepEqual(at({ domain: "Commercelayer.CO" }), [
      "https://provisioning.commercelayer.co/api",
      "https://auth.commercelayer.co",
    ]);
    assert.deepEqual(at({ serverURL: "http://127.0.0.1:8080/" }), [
      "http://127.0.0.1:8080/api",
      "http://127.0.0.1:8080",
    ]);
    assert.deepEqual(at({ serverURL: new URL("https://proxy.example/cl/api") }), [
      "https://proxy.example/cl/api",
      "https://proxy.example/cl",
    ]);
    assert.deepEqual(at({ authURL: "http://localhost:1" }), [
      "https://provisioning.commercelayer.io/api",
      "http://localhost:1",
    ]);
    for (const [options, option, reason] of [
      [{ domain: "https://commercelayer.io" }, "domain", "domain_is_url"],
      [{ domain: "auth.commercelayer.io" }, "domain", "domain_has_service"],
      [{ domain: "commercelayer.io/api" }, "domain", "host_path"],
      [{ domain: "evil.example@commercelayer.io" }, "domain", "host_user_info"],
      [{ domain: "localhost" }, "domain", "host_ipv4"],
      [{ serverURL: "http://commercelayer.io" }, "serverURL", "url_insecure"],
      [{ authURL: "http://commercelayer.io" }, "authURL", "url_insecure"],
      [{ authURL: "https://a:b@commercelayer.io" }, "authURL", "url_user_info"],
    ]) {
      assert.throws(() => at(options), { option, reason }, reason);
    }
  });

  test("100 concurrent calls make one token request", async () => {
    const at = await serve();
    const { call } = client(at, { credentials: auth.clientCredentials(APPLICATION) });
    assert.deepEqual(await calls(100, call), Array(100).fill(200));
    assert.equal(at.of("/oauth/token").length, 1);
    assert.equal(at.of("/api/api_credentials").length, 100);
  });

  test("50 concurrently refused calls renew the token once, and each is repeated once", async () => {
    const at = await serve();
    const { call } = client(at, { credentials: auth.clientCredentials(APPLICATION) });
    await call();
    refuse(at);
    assert.deepEqual(await calls(50, call), Array(50).fill(200));
    assert.equal(at.of("/oauth/token").length, 2);
    assert.equal(at.of("/api/api_credentials").length, 101);
  });

  test("a fresh token that is also refused is not renewed again", async () => {
    const at = await serve({ token: () => ({ access_token: "never-good", expires_in: 7200 }) });
    const { call } = client(at, { credentials: auth.clientCredentials(APPLICATION) });
    for (const { status } of await calls(20, () => failure(call()))) assert.equal(status, 401);
    assert.equal(at.of("/oauth/token").length, 2);
    assert.equal((await failure(call())).status, 401);
    assert.equal(at.of("/oauth/token").length, 2);
  });

  test("takes a token's lifetime from the response or its claims, independently of the machine's clock", async () => {
    let minutes = 0;
    const clock = { now: () => Date.now() + 86_400_000 * 365, monotonic: () => performance.now() + minutes * 60_000 };
    for (const [life, answer] of [
      [120, (at) => ({ access_token: at.issue({}, 60), expires_in: 7200 })],
      [60, (at) => ({ access_token: at.issue({}, 3600) })],
      [60, (at) => ({ access_token: at.issue({}, 3600), expires_in: "soon" })],
      [120, (at) => (at.good.add("opaque"), { access_token: "opaque" })],
      [120, (at) => ({ access_token: at.issue({ iat: undefined }, 3600) })],
    ]) {
      minutes = 0;
      let at;
      at = await serve({ token: () => answer(at) });
      const { call } = client(at, { credentials: auth.clientCredentials(APPLICATION), clock });
      await call();
      minutes = life * 0.7;
      await call();
      assert.equal(at.of("/oauth/token").length, 1, `${life} minutes: still good`);
      minutes = life * 0.95;
      await call();
      while (at.of("/oauth/token").length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      minutes = life * 1.3;
      await call();
      assert.equal(at.of("/oauth/token").length, 2, `${life} minutes: renewed once`);
    }
  });
});

describe("refresh tokens", () => {
  test("a refresh token renews the token, and each replaces the previous one", async () => {
    for (const credentials of [
      auth.password({ clientId: "sales", username: "u", password: "p" }),
      auth.authorizationCode({ clientId: "web", code: "code-1", redirectUri: "https://a.example" }),
      auth.refreshToken({ clientId: "web", refreshToken: "refresh-0" }),
      auth.jwtBearer({ clientId: "web", clientSecret: "s", assertion: "eyJhbGciOiJIUzUxMiJ9.e30.c2ln" }),
    ]) {
      let at;
      at = await serve({
        token: (_body, number) =>
          at.grant({ refresh_token: `refresh-${number}`, owner_id: "o", owner_type: "customer" }),
      });
      const { call } = client(at, { credentials });
      for (let time = 0; time < 3; time++) {
        assert.equal(await call(), 200);
        refuse(at);
      }
      assert.equal(await call(), 200);
      const renewals = at
        .of("/oauth/token")
        .slice(1)
        .map(({ body }) => [body.grant_type, body.refresh_token, body.password ?? body.code ?? body.assertion]);
      assert.deepEqual(
        renewals,
        [1, 2, 3].map((number) => ["refresh_token", `refresh-${number}`, undefined]),
      );
    }
  });

  test("a response without a valid refresh token keeps the current one", async () => {
    let number = 0;
    let at;
    const more = [
      {},
      { refresh_token: null },
      { refresh_token: "" },
      { refresh_token: 7 },
      { refresh_token: "a\nb" },
      { refresh_token: ["x"] },
    ];
    at = await serve({ token: () => at.grant(more[number++] ?? {}) });
    const { call } = client(at, { credentials: auth.refreshToken({ clientId: "web", refreshToken: "refresh-0" }) });
    for (let time = 0; time < more.length; time++) {
      await call();
      refuse(at);
    }
    assert.deepEqual(new Set(at.of("/oauth/token").map(({ body }) => body.refresh_token)), new Set(["refresh-0"]));
  });

  test("requests an assertion only when needed; reports a failing function, and sends nothing", async () => {
    let at;
    let asked = 0;
    at = await serve({ token: () => at.grant({ refresh_token: "refresh-1" }) });
    const web = { clientId: "web", clientSecret: "s" };
    const good = client(at, {
      credentials: auth.jwtBearer({ ...web, assertion: () => (asked++, auth.createAssertion({ payload: {} })) }),
    });
    for (let time = 0; time < 3; time++) {
      assert.equal(await good.call(), 200);
      refuse(at);
    }
    assert.equal(asked, 1);

    at.requests.length = 0;
    const thrown = new Error("not signed in");
    for (const [assertion, message] of [
      [
        () => {
          throw thrown;
        },
        /`assertion` function failed$/,
      ],
      [
        async () => {
          throw thrown;
        },
        /`assertion` function failed$/,
      ],
      [() => "two words", /`assertion` returned no token$/],
      [() => "", /`assertion` returned no token$/],
      ["two words", /`assertion` returned no token$/],
    ]) {
      const error = await failure(client(at, { credentials: auth.jwtBearer({ ...web, assertion }) }).call());
      assert.deepEqual([error.code, error.reason, error.status], ["authentication_failed", "assertion", 0]);
      assert.match(error.message, message);
      if (/failed/.test(error.message)) assert.equal(error.cause, thrown);
    }
    assert.equal(at.requests.length, 0);
  });

  test("after a refused refresh token, a password is used again, but a code is not", async () => {
    const token = (at) => (body) =>
      body.grant_type === "refresh_token"
        ? { status: 400, body: { error: "invalid_grant" } }
        : at().grant({ refresh_token: "r" });
    let at;
    at = await serve({ token: token(() => at) });
    const customer = client(at, { credentials: auth.password({ clientId: "sales", username: "u", password: "p" }) });
    await customer.call();
    refuse(at);
    assert.equal(await customer.call(), 200);
    assert.deepEqual(
      at.of("/oauth/token").map(({ body }) => body.grant_type),
      ["password", "refresh_token", "password"],
    );

    at = await serve({ token: token(() => at) });
    const web = client(at, {
      credentials: auth.authorizationCode({ clientId: "web", code: "c", redirectUri: "https://a.example" }),
    });
    await web.call();
    refuse(at);
    const error = await failure(web.call());
    assert.deepEqual([error.code, error.reason], ["authentication_failed", "invalid_grant"]);
    assert.match(error.hint, /sign in again/);
    assert.deepEqual(
      at.of("/oauth/token").map(({ body }) => body.grant_type),
      ["authorization_code", "refresh_token"],
    );
  });

  test("after a trap of the core, the refresh token is kept with the credential", async () => {
    let at;
    at = await serve({ token: (_body, number) => at.grant({ refresh_token: `refresh-${number}` }) });
    const { call } = client(at, {
      credentials: auth.authorizationCode({ clientId: "web", code: "c", redirectUri: "https://a.example" }),
    });
    const renewable = client(at, { accessToken: "old", refreshToken: () => at.issue() });
    await call();
    await renewable.call();
    const renewed = renewable.session.token;
    assert.throws(
      () => guarded((glue) => Object.assign(Object.create(glue.Session.prototype), { __wbg_ptr: 0 }).base()),
      { code: "internal" },
    );
    assert.equal(await call(), 200);
    assert.equal(at.of("/oauth/token").at(-1).body.refresh_token, "refresh-1");
    assert.equal(await renewable.call(), 200);
    assert.equal(renewable.session.token, renewed);
  });
});

describe("a token that a function renews", () => {
  const expired = (at) =>
    at.key.token({ iss: at.url, iat: 1, exp: 2, scope: "provisioning-api", application: { kind: "user" } });

  test("50 concurrently refused calls request one token, and the function gets the refused one", async () => {
    const at = await serve();
    for (const token of [expired(at), "opaque", at.key.token({ exp: 4e9, n: "\u00fb\u00ff\u00fe~~~???>>>" })]) {
      const asked = [];
      const refreshToken = async (refused) => {
        asked.push(refused);
        await new Promise((resolve) => setTimeout(resolve, 20));
        return at.issue();
      };
      const { call, session } = client(at, { accessToken: token, refreshToken });
      assert.equal(session.token, token);
      at.requests.length = 0;
      assert.deepEqual(await calls(50, call), Array(50).fill(200));
      assert.deepEqual(asked, [token]);
      assert.equal(at.requests.length, 100);
      assert.notEqual(session.token, token);
      // A token that was revoked before it expired is renewed as well.
      refuse(at);
      assert.equal(await call(), 200);
      assert.equal(asked.length, 2);
      session.close();
    }
  });

  test("a valid token is sent unchanged, and never renewed ahead of time", async () => {
    const at = await serve();
    const { call } = client(at, { accessToken: at.issue({}, 1), refreshToken: () => assert.fail("nobody asked") });
    await calls(5, call);
    assert.equal(at.requests.length, 5);
  });

  test("reports a function that fails or returns no token, and calls it again later", async () => {
    const at = await serve();
    for (const [refreshToken, pattern] of [
      [
        () => {
          throw new Error("no network");
        },
        /function failed$/,
      ],
      [
        async () => {
          throw new Error("no network");
        },
        /function failed$/,
      ],
      [() => "", /returned no token: bearer_empty/],
      [() => undefined, /returned no token: bearer_empty/],
      [() => ({ accessToken: "x" }), /returned no token: bearer_empty/],
      [() => "two words", /returned no token: bearer_space/],
      [() => "secret-token:x", /returned no token: bearer_is_secret/],
    ]) {
      let asked = 0;
      const { call, session } = client(at, { accessToken: "old", refreshToken: () => (asked++, refreshToken()) });
      for (const error of await calls(10, () => failure(call()))) {
        assert.deepEqual(
          [error.name, error.code, error.reason],
          ["AuthenticationError", "authentication_failed", "token_refresh"],
        );
        assert.match(error.message, pattern);
      }
      assert.equal(asked, 1);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await failure(call());
      assert.equal(asked, 2);
      session.close();
    }
  });

  test("if the new token is also refused, each call is repeated once and reports the response", async () => {
    const at = await serve();
    let asked = 0;
    const { call } = client(at, { accessToken: "old", refreshToken: () => `bad-${++asked}` });
    for (const error of await calls(10, () => failure(call()))) assert.equal(error.status, 401);
    assert.equal(asked, 1);
    assert.equal(at.requests.length, 20);
  });

  test("a call's deadline includes the function, and the next call uses a late result", async () => {
    const at = await serve();
    let release;
    const gate = new Promise((resolve) => (release = resolve));
    const { call } = client(at, { accessToken: "old", refreshToken: () => gate.then(() => at.issue()) });
    assert.equal((await failure(call({ timeoutMs: 50 }))).code, "timeout");
    const controller = new AbortController();
    const aborted = failure(call({ signal: controller.signal }));
    setTimeout(() => controller.abort(), 20);
    assert.equal((await aborted).code, "aborted");
    release();
    assert.equal(await call(), 200);
  });

  test("a fixed token is never renewed, and a token function is called for each attempt", async () => {
    const at = await serve();
    const fixed = client(at, { accessToken: "old" });
    assert.equal((await failure(fixed.call())).status, 401);
    assert.equal(at.requests.length, 1);
    const tokens = ["old", at.issue()];
    const ask = client(at, { credentials: auth.tokenFunction(() => tokens.shift()) });
    assert.equal(await ask.call(), 200);
  });
});

describe("responses of the token endpoint", () => {
  test("refusals are typed errors with the server's message and a hint", async () => {
    for (const [status, body, reason, message, hint] of [
      [
        401,
        { error: "invalid_client", error_description: "Client authentication failed" },
        "invalid_client",
        /: Client authentication failed$/,
        /profile menu/,
      ],
      [
        401,
        { errors: [{ title: "Unauthorized", detail: "No such application", code: "UNAUTHORIZED", status: "401" }] },
        "UNAUTHORIZED",
        /No such application$/,
        /profile menu/,
      ],
      [200, { errors: [{ title: "Unauthorized", status: "401" }] }, "token_refused", /Unauthorized$/, /profile menu/],
      [400, { errors: [{}] }, "token_refused", /refused the credential$/, /profile menu/],
      [400, { errors: "no" }, "token_refused", /refused the credential$/, /profile menu/],
      [
        429,
        { errors: [{ title: "Too many requests", code: "RATE_LIMIT" }] },
        "RATE_LIMIT",
        /Too many requests/,
        /tokenStore/,
      ],
      [404, "<html>", "token_endpoint_not_found", /no token endpoint/, /authURL/],
      [502, "<html>Bad gateway</html>", "token_server_error", /failed$/, undefined],
      [200, "<html>", "token_html", /web page/, /authURL/],
      [200, "", "token_empty_body", /empty/, undefined],
      [200, [], "token_not_object", /not a JSON object/, /authURL/],
      [200, { access_token: 5 }, "token_not_text", /not text/, undefined],
      [200, { access_token: "a", token_type: "mac" }, "token_type_unknown", /unknown type/, undefined],
      [200, { access_token: "a", expires_in: -1 }, "token_expired_on_arrival", /already expired/, undefined],
      [302, "", "token_unexpected_status", /unexpected status/, /authURL/],
    ]) {
      const at = await serve({
        token: () => ({ status, body, headers: { "x-request-id": "req-1", location: "http://127.0.0.1:1/" } }),
      });
      const { call } = client(at, {
        credentials: auth.clientCredentials(APPLICATION),
        retryConfig: { strategy: "none" },
      });
      const error = await failure(call());
      assert.deepEqual(
        [error.name, error.status, error.reason, error.requestId],
        ["AuthenticationError", status, reason, "req-1"],
      );
      assert.match(error.message, message);
      if (hint) assert.match(error.hint, hint);
      else assert.equal(error.hint, undefined);
      assert.equal(at.of("/api/api_credentials").length, 0);
      // Later callers do not overload the endpoint.
      await calls(20, () => failure(call()));
      assert.equal(at.of("/oauth/token").length, 1);
    }
  });

  test("after close(), the core's memory contains no secret, token or refresh token", async () => {
    const { memory } = (await module("generated/core-glue.js")).initSync({});
    const found = (text) => Buffer.from(memory.buffer).includes(text);
    // Not written as one string anywhere else, so that only the core's memory can contain it.
    const fresh = (name) => `${name}-${Math.random().toString(36).slice(2)}-${Math.random().toString(36).slice(2)}`;
    const all = [];
    const keep = (text) => (all.push(text), text);
    let at;
    at = await serve({
      token: () => at.grant({ access_token: keep(fresh("token")), refresh_token: keep(fresh("refresh")) }),
    });
    const secret = () => ({ clientId: "web", clientSecret: keep(fresh("secret")) });
    for (const options of [
      { credentials: auth.clientCredentials(secret()) },
      { credentials: auth.password({ ...secret(), username: "u", password: keep(fresh("password")) }) },
      { credentials: auth.refreshToken({ ...secret(), refreshToken: keep(fresh("refresh")) }) },
      {
        credentials: auth.authorizationCode({
          ...secret(),
          code: keep(fresh("code")),
          redirectUri: "app:back",
          codeVerifier: keep(fresh("v".repeat(43))),
        }),
      },
      { credentials: auth.jwtBearer({ ...secret(), assertion: "eyJhbGciOiJIUzUxMiJ9.e30.c2ln" }) },
      { accessToken: keep(fresh("old")), refreshToken: () => keep(fresh("new")) },
    ]) {
      const { call, session } = client(at, options);
      for (let time = 0; time < 2; time++) {
        assert.equal((await failure(call())).status, 401);
        passedMs += 10_000;
      }
      assert.ok(all.some(found), "it was there");
      session.close();
      assert.deepEqual(all.filter(found), []);
      all.length = 0;
    }
  });

  test("nobody there", async () => {
    const at = await authServer();
    await at.close();
    const error = await failure(client(at, { credentials: auth.clientCredentials(APPLICATION) }).call());
    assert.deepEqual([error.code, error.reason, error.status], ["authentication_failed", "unreachable", 0]);
  });

  test("no error, log or inspection contains a secret, whatever the servers echo", async () => {
    const lines = [];
    const debugLogger = { log: (...line) => lines.push(line), group() {}, groupEnd() {} };
    const shown = (value) => inspect(value, { depth: 20, showHidden: true, getters: true });
    const all = (error) => [shown(error), error.stack, JSON.stringify(error), String(error.cause?.stack)].join("\n");
    const secrets = {
      clientId: "web",
      clientSecret: `${CANARY}-client-secret-of-forty-three-characters`,
      scope: "market:all",
    };
    const made = [
      auth.clientCredentials(secrets),
      auth.password({ ...secrets, username: "u", password: `${CANARY}-password-0123456789-0123456789-01234` }),
      auth.refreshToken({ ...secrets, refreshToken: `${CANARY}-refresh-0123456789-0123456789-012345` }),
      auth.authorizationCode({
        ...secrets,
        code: `${CANARY}-code-0123456789-0123456789-0123456789`,
        redirectUri: "https://a.example",
      }),
      auth.jwtBearer({ ...secrets, assertion: `eyJhbGciOiJIUzUxMiJ9.${CANARY}.c2ln` }),
    ];
    for (const credentials of made) {
      for (const status of [200, 400, 401, 500]) {
        const at = await serve({
          token: (body) => ({
            status,
            body: { error: "invalid_grant", error_description: `got ${Object.values(body).join(" ")}` },
          }),
        });
        const { call, session } = client(at, { credentials, debugLogger });
        assert.doesNotMatch(all(await failure(call())), new RegExp(CANARY));
        assert.doesNotMatch(
          shown([credentials, session, session.authentication]) + JSON.stringify([credentials, session]),
          new RegExp(CANARY),
        );
        session.close();
        assert.equal((await failure(call())).code, "closed");
      }
    }
    for (const refreshToken of [() => `${CANARY} two words`, () => `secret-token:${CANARY}`]) {
      const at = await serve();
      assert.doesNotMatch(
        all(await failure(client(at, { accessToken: `${CANARY}-token`, refreshToken, debugLogger }).call())),
        new RegExp(CANARY),
      );
    }
    assert.throws(
      () => client({ url: "http://localhost:1" }, { accessToken: `${CANARY} two words` }),
      (error) => !all(error).includes(CANARY),
    );
    assert.doesNotMatch(shown(lines), new RegExp(CANARY));
  });
});

describe("shared stores", () => {
  test("20 clients on one store make one token request, and another principal makes its own", async () => {
    const at = await serve();
    const tokenStore = keyturn.memoryStore();
    const one = Array.from({ length: 20 }, () =>
      client(at, { credentials: auth.clientCredentials(APPLICATION), tokenStore }),
    );
    await Promise.all(one.map(({ call }) => call()));
    assert.equal(at.of("/oauth/token").length, 1);
    for (const other of [
      { ...APPLICATION, clientId: "other" },
      { ...APPLICATION, scope: "market:all" },
      // A worker with another secret has not proven that it may use the token.
      { ...APPLICATION, clientSecret: "other" },
    ]) {
      at.requests.length = 0;
      await client(at, { credentials: auth.clientCredentials(other), tokenStore }).call();
      assert.equal(at.of("/oauth/token").length, 1);
    }
  });

  test("people who log in with a password, or by an assertion, never get each other's tokens", async () => {
    const at = await serve();
    const tokenStore = keyturn.memoryStore();
    const ways = [
      () => auth.password({ clientId: "sales", username: "u", password: "p" }),
      () => auth.jwtBearer({ clientId: "web", clientSecret: "s", assertion: "eyJhbGciOiJIUzUxMiJ9.e30.c2ln" }),
    ];
    for (const way of ways)
      for (let time = 0; time < 2; time++) await client(at, { credentials: way(), tokenStore }).call();
    assert.equal(at.of("/oauth/token").length, 4);
  });

  test("a refresh token that one worker received replaces the shared one for the others", async () => {
    // Like servers whose refresh tokens work once.
    const good = new Set(["refresh-0"]);
    let at;
    at = await serve({
      token: ({ refresh_token }, number) => {
        if (!good.delete(refresh_token)) return { status: 400, body: { error: "invalid_grant" } };
        good.add(`refresh-${number}`);
        return at.grant({ refresh_token: `refresh-${number}` });
      },
    });
    const memory = keyturn.memoryStore();
    const keys = new Set();
    const tokenStore = {
      ...memory,
      compareAndSet: (key, ...entry) => (keys.add(key), memory.compareAndSet(key, ...entry)),
    };
    const credentials = () => auth.refreshToken({ clientId: "web", refreshToken: "refresh-0" });
    const workers = Array.from({ length: 4 }, () => client(at, { credentials: credentials(), tokenStore }));
    for (let time = 0; time < 3; time++) {
      for (const { call } of workers) {
        // All access tokens have expired; refresh tokens are kept for longer.
        passedMs += 7_200_000;
        for (const key of keys) if (!key.endsWith(".refresh")) await memory.delete(key);
        assert.equal(await call(), 200);
      }
    }
    assert.equal(at.of("/oauth/token").length, 12);
  });
});

describe("30 token requests a minute", () => {
  const deadline = () => new Deadline(0, []);

  test("clients with the same fetch are counted together", async () => {
    const at = await serve();
    const lines = [];
    const debugLogger = { log: (line) => lines.push(line), group() {}, groupEnd() {} };
    const own = (url, init) => fetch(url, init);
    const controller = new AbortController();
    const open = (number) =>
      client(at, {
        credentials: auth.clientCredentials({ clientId: `c-${number}`, clientSecret: "s" }),
        fetch: own,
        debugLogger,
      });
    const clients = Array.from({ length: 45 }, (_, number) => open(number));
    const ends = clients.map(({ call }) => call({ signal: controller.signal }).catch(({ code }) => code));
    while (at.of("/api/api_credentials").length < 30) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(at.of("/oauth/token").length, 30);
    const [, seconds] = /next is sent in (\d+) s$/.exec(lines.find((line) => line.includes("accepts no more")));
    assert.ok(seconds > 30 && seconds <= 60, `${seconds} s, which depends on how long 30 requests took`);
    controller.abort();
    const all = await Promise.all(ends);
    assert.deepEqual(
      [all.filter((end) => end === 200).length, all.filter((end) => end === "aborted").length],
      [30, 15],
    );
    clients.forEach(({ session }) => session.close());
  });

  test("all workers that share a store are counted in any minute of the store's clock", async () => {
    let now = 0;
    const entries = new Map();
    const store = {
      get: async (key) => {
        const entry = entries.get(key);
        return entry && entry.until > now
          ? { value: entry.value, version: entry.version, leftMs: entry.until - now }
          : undefined;
      },
      compareAndSet: async (key, value, expected, ttl) => {
        const entry = entries.get(key);
        if ((entry && entry.until > now ? entry.version : undefined) !== expected) return undefined;
        const version = `${Math.random()}`;
        entries.set(key, { value, version, until: now + ttl });
        return version;
      },
    };
    // Each is a separate worker, as if in its own process: they share only the store.
    let passed = [];
    const times = [];
    const step = async (ms) => {
      passed = [];
      for (let worker = 0; worker < 40; worker++) {
        const deadline = new Deadline(0, []);
        const controller = new AbortController();
        const ended = new Deadline(0, [controller.signal]);
        await new Limit(30)
          .pass("https://auth.example/oauth/token", { store, key: "k" }, ended, () => controller.abort())
          .then(
            () => (passed.push(worker), times.push(now)),
            () => undefined,
          );
        deadline.end();
        now += ms;
      }
    };
    for (const ms of [0, 500, 1500, 2500, 100]) await step(ms);
    for (const at of times) assert.ok(times.filter((other) => other >= at && other < at + 60_000).length <= 30);
    assert.ok(times.length > 90, `${times.length} passed`);
  });

  test("of many concurrent workers, thirty may send", async () => {
    const store = keyturn.memoryStore();
    const controller = new AbortController();
    const ended = new Deadline(0, [controller.signal]);
    let passed = 0;
    const waiting = [];
    const all = Array.from({ length: 80 }, () =>
      new Limit(30)
        .pass("https://auth.example/oauth/token", { store, key: "k" }, ended, (ms) => waiting.push(ms))
        .then(
          () => passed++,
          () => undefined,
        ),
    );
    while (passed + waiting.length < 80) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual([passed, waiting.length], [30, 50]);
    for (const ms of waiting) assert.ok(ms > 55_000 && ms <= 60_000);
    controller.abort();
    await Promise.all(all);
  });

  test("all workers respect the server's Retry-After", async () => {
    let at;
    at = await serve({
      token: (_body, number) =>
        number === 1
          ? { status: 429, body: { errors: [{ code: "TOO_MANY_REQUESTS" }] }, headers: { "retry-after": "60" } }
          : at.grant(),
    });
    const tokenStore = keyturn.memoryStore();
    const clients = Array.from({ length: 5 }, () =>
      client(at, { credentials: auth.clientCredentials(APPLICATION), tokenStore }),
    );
    for (const { call } of clients)
      for (let time = 0; time < 2; time++) assert.equal((await failure(call())).reason, "TOO_MANY_REQUESTS");
    passedMs += 30_000;
    await failure(clients[0].call());
    assert.equal(at.of("/oauth/token").length, 1);
    passedMs += 31_000;
    const alone = client(at, { credentials: auth.clientCredentials(APPLICATION) });
    assert.equal(await alone.call(), 200);
  });

  test("ignores a store that fails or never accepts the count", async () => {
    let failures = 0;
    const broken = async () => {
      throw new Error("down");
    };
    for (const store of [
      { get: broken, compareAndSet: broken },
      { get: async () => ({ value: "rubbish", version: "1", leftMs: 1e9 }), compareAndSet: async () => undefined },
    ]) {
      await new Limit(30).pass("https://auth.example", { store, key: "k", failed: () => failures++ }, deadline(), () =>
        assert.fail(),
      );
    }
    assert.equal(failures, 1);
  });
});

describe("with the sandbox", () => {
  const roam = async () => {
    const server = await sandbox.serveSandbox();
    servers.push({ close: () => server.close() });
    const { serverURL, clientId, clientSecret, customer } = server.sandbox.commercelayer;
    const list = await CommerceLayerProvisioning({
      serverURL,
      credentials: auth.clientCredentials({ clientId, clientSecret }),
    }).api_credentials.list({
      fields: ["kind", "client_id", "client_secret", "redirect_uri"],
    });
    const application = (kind) => {
      const { client_id, client_secret, redirect_uri } = list.find((one) => one.kind === kind);
      return {
        application: { clientId: client_id, ...(kind === "sales_channel" ? {} : { clientSecret: client_secret }) },
        redirectUri: redirect_uri,
      };
    };
    return { control: server.sandbox.commercelayer, serverURL, own: { clientId, clientSecret }, customer, application };
  };

  test("every grant gets a token that verifies with the sandbox's keys until it is revoked", async () => {
    const { control, serverURL, own, customer, application } = await roam();
    const { application: channel } = application("sales_channel");
    const { application: web, redirectUri } = application("webapp");
    const { codeVerifier, codeChallenge } = await auth.createPkce();
    const page = auth.authorizeURL({
      clientId: web.clientId,
      redirectUri,
      codeChallenge,
      state: "s",
      pageURL: `${serverURL}/oauth/authorize`,
    });
    const back = new URL(control.authorize(page)).searchParams;
    assert.equal(back.get("state"), "s");
    const assertion = () =>
      auth.createAssertion({
        payload: { "https://commercelayer.io/claims": { owner: { type: "Customer", id: customer.username } } },
      });
    const scope = "market:all";
    for (const [credentials, kind, application] of [
      [auth.clientCredentials(own), "user", own],
      [auth.password({ ...channel, ...customer, scope }), "sales_channel", channel],
      [auth.authorizationCode({ ...web, code: back.get("code"), redirectUri, codeVerifier }), "webapp", web],
      [auth.jwtBearer({ ...web, assertion }), "webapp", web],
    ]) {
      const token = await auth.fetchToken(credentials, { serverURL });
      const { payload } = await auth.jwtVerify(token, { serverURL });
      assert.equal(payload.application.kind, kind);
      const list = (accessToken) => CommerceLayerProvisioning({ accessToken, serverURL }).organizations.list();
      if (kind === "user") assert.ok((await list(token)).length > 0);
      else assert.match((await failure(list(token))).hint, new RegExp(`kind ${kind}`));
      await auth.revoke({ token, ...application, serverURL });
      assert.equal((await failure(list(token))).status, 401);
    }
    const refused = await failure(
      auth.fetchToken(auth.clientCredentials({ ...own, clientSecret: "wrong" }), { serverURL }),
    );
    assert.deepEqual([refused.reason, refused.status], ["invalid_client", 401]);
    assert.match(refused.hint, /profile menu/);
  });

  test("with refresh tokens that work once, each renewal uses the next", async () => {
    const { serverURL, customer, application } = await roam();
    const credentials = auth.password({
      ...application("sales_channel").application,
      ...customer,
      scope: "market:all",
    });
    const session = new Session(commerceLayerPlan({ serverURL, credentials, clock }), sender());
    const seen = new Set();
    for (let time = 0; time < 4; time++) {
      passedMs += 20_000_000;
      const deadline = new Deadline(5_000, []);
      seen.add((await session.authorize(deadline)).value);
      deadline.end();
    }
    assert.equal(seen.size, 4);
    session.close();
  });
});

describe("ending a token", () => {
  test("sends it to the configured server, with the client that it was issued to", async () => {
    const at = await serve();
    const token = at.issue({ iss: "https://evil.example" });
    await auth.revoke({ token, ...APPLICATION, serverURL: at.url });
    const { body, headers, method } = at.of("/oauth/revoke")[0];
    assert.deepEqual(body, { token, client_id: "client-id-1", client_secret: APPLICATION.clientSecret });
    assert.deepEqual([method, headers["content-type"], headers.authorization], ["POST", "application/json", undefined]);
    assert.equal(at.good.size, 0);
    await auth.revoke({ token, clientId: "sales", authURL: at.url });
    assert.deepEqual(at.of("/oauth/revoke")[1].body, { token, client_id: "sales" });
  });

  test("a refusal is typed, and shows neither token nor secret", async () => {
    const at = await serve({
      revoke: (body) => ({
        status: 403,
        body: { error: "unauthorized_client", error_description: `not ${body.client_secret} for ${body.token}` },
        headers: { "x-request-id": "r" },
      }),
    });
    const error = await failure(auth.revoke({ token: CANARY, ...APPLICATION, serverURL: at.url }));
    assert.deepEqual(
      [error.code, error.status, error.reason, error.requestId],
      ["authentication_failed", 403, "unauthorized_client", "r"],
    );
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), new RegExp(CANARY));
    const gone = await authServer();
    await gone.close();
    const unreachable = await failure(auth.revoke({ token: CANARY, ...APPLICATION, serverURL: gone.url }));
    assert.deepEqual([unreachable.reason, unreachable.outcome], ["unreachable", "none"]);
    assert.doesNotMatch(inspect(unreachable, { depth: 9, showHidden: true }), new RegExp(CANARY));
    await assert.rejects(auth.revoke({ token: "t", clientId: "c", serverURL: "http://commercelayer.io" }), {
      option: "serverURL",
    });
    const slow = await serve();
    slow.delayMs = 1000;
    assert.equal(
      (await failure(auth.revoke({ token: "t", clientId: "c", serverURL: slow.url, timeoutMs: 30 }))).code,
      "timeout",
    );
  });

  test("a token by itself", async () => {
    const at = await serve();
    const token = await auth.fetchToken(auth.clientCredentials(APPLICATION), { serverURL: at.url });
    assert.ok(at.good.has(token));
    await assert.rejects(auth.fetchToken(auth.clientCredentials(APPLICATION), { serverURL: "http://127.0.0.1:9" }), {
      reason: "unreachable",
    });
  });
});

describe("the authorization URL", () => {
  test("the address, with PKCE as RFC 7636 has it", async () => {
    const { codeVerifier, codeChallenge } = await auth.createPkce();
    assert.match(codeVerifier, /^[\w-]{43}$/);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(codeVerifier)));
    assert.equal(codeChallenge, Buffer.from(hash).toString("base64url"));
    const state = auth.randomState();
    const url = auth.authorizeURL({
      clientId: "web",
      redirectUri: "https://shop.example/back?a=b",
      scope: "market:id:1",
      state,
      codeChallenge,
    });
    assert.equal(url.origin + url.pathname, "https://dashboard.commercelayer.io/oauth/authorize");
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      client_id: "web",
      redirect_uri: "https://shop.example/back?a=b",
      response_type: "code",
      scope: "market:id:1",
      state,
      code_challenge: codeChallenge,
      code_challenge_method: "S256",
    });
    assert.deepEqual(
      [...auth.authorizeURL({ clientId: "web", redirectUri: "app:back" }).searchParams.keys()],
      ["client_id", "redirect_uri", "response_type"],
    );
    assert.throws(
      () =>
        auth.authorizeURL({ clientId: "web", redirectUri: "app:back", pageURL: "http://dashboard.commercelayer.io/" }),
      { option: "pageURL" },
    );
    assert.throws(() => auth.authorizeURL({ clientId: "", redirectUri: "app:back" }), { option: "clientId" });
    assert.notEqual(auth.randomState(), state);
  });
});
