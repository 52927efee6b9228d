// From credentials to a token, and its renewals.
import { answer, SERVER, stub, stubClient } from "../lib/stub.mjs";

const ROTATE = "c1.api.app.v1.ConnectorService.RotateCredential";
const LIST = "c1.api.app.v1.Apps.List";

export default ({ test, assert, keyturn, tenant, inProcess, runtime }) => {
  const { ConductorOne, ConductoroneSDKTypescript, KeyturnError } = keyturn;
  const count = async (at, operation) => (await at.requests({ operation })).length;

  for (const [where, make] of [
    ["over HTTP", tenant],
    ["in process", inProcess],
  ]) {
    test(`${where}: a hundred first calls at once make one token request`, async () => {
      const at = await make();
      const c1 = new ConductorOne(at.options);
      await Promise.all(Array.from({ length: 100 }, () => c1.auth.introspect()));
      assert.equal(await count(at, "token"), 1);
      assert.equal((await at.requests()).length, 101);
      c1.close();
    });

    test(`${where}: a read whose token is refused gets a new one and is sent once more`, async () => {
      const at = await make();
      const c1 = new ConductorOne(at.options);
      await c1.auth.introspect();
      await at.fault({ operation: "apps.list", action: { status: 401 } });
      await c1.apps.list();
      assert.equal(await count(at, "token"), 2);
      assert.equal(await count(at, LIST), 2);
      c1.close();
    });

    test(`${where}: a token refused many times over is renewed once`, async () => {
      const at = await make();
      const c1 = new ConductorOne(at.options);
      await c1.auth.introspect();
      await at.fault({ operation: "apps.list", times: 20, action: { status: 401 } });
      await Promise.all(Array.from({ length: 20 }, () => c1.apps.list()));
      assert.equal(await count(at, "token"), 2);
      c1.close();
    });

    test(`${where}: a read that is refused again is given up`, async () => {
      const at = await make();
      const c1 = new ConductorOne(at.options);
      await at.fault({ operation: "apps.list", times: "always", action: { status: 401 } });
      const error = await assert.rejects(c1.apps.list());
      assert.equal(error.code, "unauthorized");
      assert.equal(error.outcome, "answered");
      assert.equal(await count(at, LIST), 2);
      c1.close();
    });

    test(`${where}: a rotation whose token is refused is not repeated, and the next call logs in again`, async () => {
      const at = await make();
      const { appId, connectorId } = at;
      const c1 = new ConductorOne(at.options);
      await c1.auth.introspect();
      await at.fault({ operation: "connector.rotateCredential", action: { status: 401 } });
      const error = await assert.rejects(c1.connector.rotateCredential({ appId, connectorId }));
      assert.equal(error.code, "unauthorized");
      assert.equal(await count(at, ROTATE), 1);
      await c1.connector.rotateCredential({ appId, connectorId });
      assert.equal(await count(at, "token"), 2);
      assert.equal(await count(at, ROTATE), 2);
      c1.close();
    });

    test(`${where}: a secret that is not this client's is refused`, async () => {
      const at = await make();
      const c1 = new ConductorOne(at.options);
      const { personalClientServiceCreateResponse: other } = await c1.personalClient.create({ displayName: "other" });
      const wrong = new ConductorOne({ ...at.options, clientSecret: other.clientSecret });
      const error = await assert.rejects(wrong.apps.list());
      assert.equal(error.code, "authentication_failed");
      assert.equal(error.reason, "invalid_client");
      assert.equal(error.status, 401);
      assert.ok(error.hint, "a hint");
      assert.equal(await count(at, LIST), 0);
      c1.close();
      wrong.close();
    });

    for (const [what, action] of [
      ["an error", { status: 500 }],
      ["a page of HTML", { status: 200, body: "<html>Sign in</html>", headers: { "content-type": "text/html" } }],
      ["half an answer", { status: 200, body: '{"access_token":"abc' }],
      ["an empty answer", { status: 200, body: "" }],
      ["no token", { status: 200, body: { token_type: "Bearer" } }],
      ["a redirect", { status: 302, headers: { location: "/elsewhere" } }],
      ["nothing", "drop"],
    ]) {
      test(`${where}: ${what} from the token endpoint is an authentication error`, async () => {
        const at = await make();
        const c1 = new ConductorOne(at.options);
        await at.fault({ operation: "token", times: "always", action });
        const error = await assert.rejects(c1.auth.introspect({ retries: { strategy: "none" } }));
        assert.equal(error.code, "authentication_failed");
        assert.equal(error.outcome, "none");
        assert.equal((await at.requests()).filter(({ operation }) => operation !== "token").length, 0);
        c1.close();
      });
    }

    test(`${where}: a login that fails in passing is tried again by a later call`, async () => {
      const at = await make();
      const c1 = new ConductorOne({ ...at.options, retryConfig: { strategy: "none" } });
      await at.fault({ operation: "token", action: { status: 503 } });
      await assert.rejects(c1.auth.introspect());
      await new Promise((resolve) => setTimeout(resolve, 600));
      await c1.auth.introspect();
      assert.equal(await count(at, "token"), 2);
      c1.close();
    });
  }

  test("the token request is a form with a signed assertion, without credentials of the browser", async () => {
    const at = await inProcess();
    let sent;
    const spy = async (url, init) => {
      if (url.endsWith("/token")) sent = { url, ...init };
      return at.options.fetch(url, init);
    };
    const c1 = new ConductorOne({ ...at.options, fetch: spy });
    await c1.auth.introspect();
    assert.equal(sent.url, `${at.url}/auth/v1/token`);
    assert.equal(sent.method, "POST");
    assert.equal(sent.redirect, "manual");
    assert.equal(sent.credentials, runtime === "workerd" ? undefined : "omit");
    assert.equal(sent.cache, "no-store");
    assert.equal(new Headers(sent.headers).get("content-type"), "application/x-www-form-urlencoded");
    const form = new URLSearchParams(sent.body);
    assert.equal(form.get("client_id"), at.clientId);
    assert.equal(form.get("grant_type"), "client_credentials");
    const [header, claims] = form
      .get("client_assertion")
      .split(".")
      .map((part) => part.replaceAll("-", "+").replaceAll("_", "/"));
    assert.equal(JSON.parse(atob(header)).alg, "EdDSA");
    const { iss, sub, aud, exp, nbf, iat } = JSON.parse(atob(claims));
    assert.equal(iss, at.clientId);
    assert.equal(sub, at.clientId);
    assert.deepEqual([aud].flat(), [new URL(at.url).hostname]);
    assert.equal(exp - iat, 120);
    assert.equal(iat - nbf, 120);
    c1.close();
  });

  test("the tenant comes from the client id, unless an option says otherwise", async () => {
    const { clientSecret } = await inProcess();
    const clientID = "shy-otter-1@acme.conductor.one/spc";
    const where = (options) => {
      const c1 = new ConductorOne({ clientID, clientSecret, ...options });
      const url = c1.serverURL;
      c1.close();
      return url;
    };
    assert.equal(where({}), "https://acme.conductor.one");
    assert.equal(where({ tenantDomain: "other" }), "https://other.conductor.one");
    assert.equal(where({ tenantDomain: "other", serverURL: "https://proxy.example/c1/" }), "https://proxy.example/c1");
    assert.equal(where({ serverURL: new URL("http://127.0.0.1:8080") }), "http://127.0.0.1:8080");
  });

  test("options that cannot be used are refused by name, without showing them", async () => {
    const { clientId: clientID, clientSecret } = await inProcess();
    const cases = [
      ["security", {}],
      ["clientSecret", { clientID }],
      ["clientID", { clientSecret }],
      ["clientID", { clientID: "canary", clientSecret }],
      ["clientID", { clientID: "a b@canary.conductor.one/spc", clientSecret }],
      ["clientSecret", { clientID, clientSecret: "canary" }],
      ["clientSecret", { clientID, clientSecret: "secret-token:other.example:v1:canary" }],
      ["clientSecret", { clientID, clientSecret: "secret-token:conductorone.com:v9:canary" }],
      ["clientSecret", { clientID, clientSecret: `${clientSecret}canary!` }],
      ["clientSecret", { clientID, clientSecret: clientSecret.slice(0, -8) }],
      ["security", { security: { bearerAuth: "canary\ncanary" } }],
      ["serverURL", { clientID, clientSecret, serverURL: "http://canary.example" }],
      ["serverURL", { clientID, clientSecret, serverURL: "https://user:canary@host.example" }],
      ["serverURL", { clientID, clientSecret, serverURL: "canary" }],
      ["tenantDomain", { clientID, clientSecret, tenantDomain: "evil.example/#canary" }],
      ["serverIdx", { clientID, clientSecret, serverIdx: 1 }],
    ];
    for (const [option, options] of cases) {
      const error = assert.throws(() => new ConductorOne(options), option);
      assert.equal(error.code, "invalid_configuration", option);
      assert.equal(error.option, option);
      assert.ok(KeyturnError.is(error) && error instanceof keyturn.ConfigurationError);
      assert.excludes(
        `${error.message} ${error.hint} ${error.stack} ${JSON.stringify(error)}`,
        "canary",
        clientSecret.slice(40),
      );
    }
  });

  test("a bearer token is sent as it is, under either name, with or without its scheme", async () => {
    for (const security of [
      { bearerAuth: "a-token" },
      { oauth: "a-token" },
      { bearerAuth: "Bearer a-token" },
      { bearerAuth: "x", oauth: "a-token" },
    ]) {
      const server = stub({});
      const c1 = stubClient(keyturn, server, { security });
      await c1.auth.introspect();
      assert.equal(server.sent[0].headers.get("authorization"), "Bearer a-token");
      c1.close();
    }
  });

  test("a refused bearer token is not sent again", async () => {
    const server = stub(answer(401, { code: 16, message: "no" }));
    const error = await assert.rejects(stubClient(keyturn, server).auth.introspect());
    assert.equal(error.code, "unauthorized");
    assert.equal(server.sent.length, 1);
  });

  test("a security function is asked before each call, and again after a refusal", async () => {
    let asked = 0;
    const server = stub({}, {}, answer(401, {}), {});
    const c1 = stubClient(keyturn, server, { security: async () => ({ bearerAuth: `token-${++asked}` }) });
    await c1.auth.introspect();
    await c1.auth.introspect();
    await c1.auth.introspect();
    assert.deepEqual(
      server.sent.map(({ headers }) => headers.get("authorization")),
      [1, 2, 3, 4].map((n) => `Bearer token-${n}`),
    );
  });

  test("what a security function does wrong is told as an authentication or configuration error", async () => {
    const cases = [
      ["authentication_failed", () => Promise.reject(new Error("vault sealed"))],
      [
        "authentication_failed",
        () => {
          throw new Error("vault sealed");
        },
      ],
      ["invalid_configuration", () => ({})],
      ["invalid_configuration", () => undefined],
      ["invalid_configuration", async () => ({ bearerAuth: "two\nlines" })],
    ];
    for (const [code, security] of cases) {
      const server = stub({});
      const error = await assert.rejects(stubClient(keyturn, server, { security }).auth.introspect());
      assert.equal(error.code, code);
      assert.equal(error.operation, "c1.api.auth.v1.Auth.Introspect");
      assert.equal(server.sent.length, 0);
    }
  });

  test("the class has the official SDK's name too", () => {
    assert.equal(ConductoroneSDKTypescript, ConductorOne);
    const c1 = new ConductoroneSDKTypescript({ security: { bearerAuth: "t" }, serverURL: SERVER });
    assert.ok(c1 instanceof ConductorOne);
    assert.equal(c1.connector, c1.connector, "groups are made once");
  });
};
