// The ways to authenticate: what each one sends, how it handles responses, and which one the environment selects.
import { answer, SERVER, stub } from "../lib/stub.mjs";

const ID = "steady-heron-1@tenant.conductor.one/spc";
const TRUST = "clever-fox-1@tenant.conductor.one/wfe";
const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
const GRANT = { access_token: "token-1", token_type: "Bearer", expires_in: 600 };
const DONE = answer(200, { userId: "u" });

export default ({ test, assert, keyturn, inProcess }) => {
  const { ConductorOne } = keyturn;
  const form = ({ body }) => Object.fromEntries(new URLSearchParams(body));
  const secret = async () => (await inProcess()).clientSecret;

  test("client credentials by post send the secret, by assertion they do not", async () => {
    const clientSecret = await secret();
    for (const [make, field, other] of [
      ["clientSecretPost", "client_secret", "client_assertion"],
      ["signedAssertion", "client_assertion", "client_secret"],
    ]) {
      const { fetch, sent } = stub(GRANT, DONE);
      const c1 = new ConductorOne({ credentials: keyturn[make]({ clientID: ID, clientSecret, scope: "a b" }), fetch });
      await c1.auth.introspect();
      assert.equal(sent[0].url, `${SERVER}/auth/v1/token`);
      const fields = form(sent[0]);
      assert.equal(fields.grant_type, "client_credentials");
      assert.equal(fields.client_id, ID);
      assert.equal(fields.scope, "a b");
      assert.ok(fields[field], field);
      assert.equal(fields[other], undefined);
      if (field === "client_secret") assert.ok(fields.client_secret === clientSecret, "sent as it is");
      assert.equal(sent[1].headers.get("authorization"), "Bearer token-1");
      c1.close();
    }
  });

  test("a client like another has its options, and neither its credentials nor its tokens", async () => {
    const clientSecret = await secret();
    const { fetch, sent } = stub(GRANT, DONE, { ...GRANT, access_token: "token-2" }, DONE);
    const tokenStore = keyturn.memoryStore();
    const options = { clientID: ID, clientSecret, fetch, tokenStore, userAgent: "probe/1" };
    const c1 = new ConductorOne({ ...options, serverURL: `${SERVER}/base` });
    await c1.auth.introspect();
    const other = c1.with({ clientID: ID, clientSecret });
    assert.equal(other.serverURL, c1.serverURL);
    await other.auth.introspect();
    assert.equal(sent.length, 4);
    assert.equal(sent[3].url.startsWith(`${SERVER}/base/`), true);
    assert.equal(sent[3].headers.get("authorization"), "Bearer token-2");
    assert.equal(
      (await assert.rejects(async () => c1.with({ clientID: ID, clientSecret: "none" }))).option,
      "clientSecret",
    );
    c1.close();
    assert.equal((await assert.rejects(async () => c1.with({ clientID: ID, clientSecret }))).code, "closed");
    assert.equal(other.authentication.clientID, ID);
    other.close();
  });

  test("an identity token is exchanged, and asked for anew each time", async () => {
    const { fetch, sent } = stub({ ...GRANT, expires_in: 0.4 }, DONE, GRANT, DONE);
    let asked = 0;
    const subjectToken = async () => `${JWT}${++asked}`;
    const c1 = new ConductorOne({
      credentials: keyturn.tokenExchange({ clientID: TRUST, subjectToken, audience: "x" }),
      fetch,
    });
    await c1.auth.introspect();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await c1.auth.introspect();
    const exchanges = sent.filter(({ url }) => url.endsWith("/auth/v1/token")).map(form);
    assert.deepEqual(exchanges[0], {
      client_id: TRUST,
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: `${JWT}1`,
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      audience: "x",
    });
    assert.equal(exchanges[1].subject_token, `${JWT}2`);
    c1.close();
  });

  test("a subject token that cannot be had is told, and nothing is sent", async () => {
    for (const [subjectToken, message, cause] of [
      [
        () => {
          throw new Error("no runner");
        },
        /`subjectToken` function failed/,
        "no runner",
      ],
      [async () => "", /returned no token/, "empty"],
      [async () => "two words", /returned no token/, "white space"],
      [async () => "secret-token:conductorone.com:v1:x", /returned no token/, "client secret"],
      [keyturn.variableToken("NOT_SET", {}), /NOT_SET is not set/, "NOT_SET"],
      [keyturn.gitHubActionsToken({ environment: {} }), /ACTIONS_ID_TOKEN_REQUEST_URL/, "ACTIONS"],
      [
        keyturn.gitHubActionsToken({
          environment: { ACTIONS_ID_TOKEN_REQUEST_URL: "http://a.example/", ACTIONS_ID_TOKEN_REQUEST_TOKEN: "t" },
        }),
        /not https/,
        "https",
      ],
    ]) {
      const { fetch, sent } = stub(GRANT, DONE);
      const c1 = new ConductorOne({ credentials: keyturn.tokenExchange({ clientID: TRUST, subjectToken }), fetch });
      const error = await assert.rejects(c1.auth.introspect());
      assert.equal(error.code, "authentication_failed");
      assert.equal(error.reason, "subject_token");
      assert.match(error.message, message);
      assert.ok(error.cause.message.includes(cause), error.cause.message);
      assert.equal(sent.length, 0);
      c1.close();
    }
  });

  test("GitHub's runner is asked for a token of the audience", async () => {
    const environment = {
      ACTIONS_ID_TOKEN_REQUEST_URL: "https://runner.example/token?v=2",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "runner-token",
    };
    const runner = stub({ value: JWT });
    const subjectToken = keyturn.gitHubActionsToken({ audience: "c1 x", fetch: runner.fetch, environment });
    assert.equal(await subjectToken(), JWT);
    assert.equal(runner.sent[0].url, "https://runner.example/token?v=2&audience=c1+x");
    assert.equal(runner.sent[0].headers.get("authorization"), "Bearer runner-token");
    for (const script of [answer(403, {}), answer(200, {}), answer(200, { value: 7 })]) {
      const error = await assert.rejects(keyturn.gitHubActionsToken({ fetch: stub(script).fetch, environment })());
      assert.equal(error.reason, "subject_token");
    }
    assert.equal(await keyturn.gitLabToken(undefined, { CONDUCTORONE_OIDC_TOKEN: JWT })(), JWT);
    assert.equal(await keyturn.gitLabToken("MINE", { MINE: JWT })(), JWT);
  });

  const CODES = {
    device_code: "device-code-1",
    user_code: "ABCD-EFGH",
    verification_uri: "https://tenant.conductor.one/device",
    verification_uri_complete: "https://tenant.conductor.one/device?code=ABCD-EFGH",
    expires_in: 5,
    interval: 0.01,
  };
  const pending = answer(400, { error: "authorization_pending" });
  const login = (script, more = {}) => {
    const shown = [];
    const server = stub(...script);
    const onCode = (code) => void shown.push(code);
    const credentials = keyturn.deviceLogin({ clientID: "program", onCode, ...more });
    return {
      shown,
      sent: server.sent,
      c1: new ConductorOne({ tenantDomain: "tenant", credentials, fetch: server.fetch }),
    };
  };

  test("a device login shows its code once and asks until it is confirmed", async () => {
    const { shown, sent, c1 } = login([CODES, pending, pending, GRANT, DONE]);
    await c1.authenticate();
    await c1.auth.introspect();
    assert.equal(shown.length, 1);
    const { expiresAt, ...code } = shown[0];
    assert.deepEqual(code, {
      userCode: "ABCD-EFGH",
      verificationUri: CODES.verification_uri,
      verificationUriComplete: CODES.verification_uri_complete,
    });
    assert.ok(expiresAt instanceof Date && expiresAt > Date.now());
    assert.deepEqual(
      sent.map(({ url }) => new URL(url).pathname),
      ["/auth/v1/device_authorization", ...Array(3).fill("/auth/v1/token"), "/api/v1/auth/introspect"],
    );
    assert.deepEqual(form(sent[1]), {
      client_id: "program",
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: "device-code-1",
    });
    assert.equal(c1.authentication.method, "deviceLogin");
    c1.close();
  });

  test("slow_down adds five seconds to the interval, and the login goes on", async () => {
    const { setTimeout: real } = globalThis;
    const waits = [];
    globalThis.setTimeout = (work, ms, ...more) => {
      if (ms >= 5_000 && ms < 30_000) waits.push(Math.round(ms));
      return real(work, ms >= 5_000 && ms < 30_000 ? 1 : ms, ...more);
    };
    try {
      const codes = { ...CODES, expires_in: 600, interval: undefined };
      const slower = answer(400, { error: "slow_down" });
      const { c1 } = login([codes, pending, slower, pending, slower, GRANT]);
      await c1.authenticate();
      assert.deepEqual(waits, [5_000, 5_000, 10_000, 10_000, 15_000]);
      c1.close();
    } finally {
      globalThis.setTimeout = real;
    }
  });

  test("denial, expiry, abort and a failing onCode are told apart", async () => {
    for (const [step, reason] of [
      ["access_denied", "access_denied"],
      ["expired_token", "expired_token"],
    ]) {
      const { c1 } = login([CODES, pending, answer(400, { error: step })]);
      const error = await assert.rejects(c1.auth.introspect());
      assert.equal(error.code, "authentication_failed");
      assert.equal(error.reason, reason);
      assert.ok(error.hint);
      c1.close();
    }
    const late = login([{ ...CODES, expires_in: 0.05 }, pending]);
    assert.equal((await assert.rejects(late.c1.auth.introspect())).reason, "expired_token");

    const controller = new AbortController();
    const aborted = login([CODES, pending], { signal: controller.signal });
    const calls = [aborted.c1.auth.introspect(), aborted.c1.authenticate()].map((call) => assert.rejects(call));
    setTimeout(() => controller.abort("enough"), 30);
    for (const error of await Promise.all(calls)) {
      assert.equal(error.code, "aborted");
      assert.equal(error.cause, "enough");
    }

    for (const onCode of [
      () => {
        throw new Error("no screen");
      },
      async () => {
        throw new Error("no screen");
      },
    ]) {
      const error = await assert.rejects(login([CODES, pending], { onCode }).c1.auth.introspect());
      assert.equal(error.reason, "on_code");
      assert.equal(error.cause.message, "no screen");
    }
  });

  test("a caller who no longer waits does not end the login of the others", async () => {
    const { shown, c1 } = login([{ ...CODES, interval: 0.05 }, pending, GRANT, DONE]);
    const controller = new AbortController();
    const left = assert.rejects(c1.authenticate({ signal: controller.signal }));
    const late = assert.rejects(c1.auth.introspect({ timeoutMs: 20 }));
    const stays = c1.authenticate();
    controller.abort();
    assert.equal((await left).code, "aborted");
    assert.equal((await late).code, "timeout");
    await stays;
    assert.equal(shown.length, 1);
    c1.close();
  });

  test("a person is asked again when the token has expired, and not before", async () => {
    let time = 0;
    const clock = { now: () => Date.now(), monotonic: () => time };
    const shown = [];
    const server = stub(CODES, GRANT, DONE, DONE, CODES, GRANT, DONE);
    const credentials = keyturn.deviceLogin({ clientID: "program", onCode: (code) => void shown.push(code) });
    const c1 = new ConductorOne({ tenantDomain: "tenant", credentials, fetch: server.fetch, clock });
    await c1.auth.introspect();
    time = 580_000;
    await c1.auth.introspect();
    assert.equal(shown.length, 1);
    time = 600_000;
    await c1.auth.introspect();
    assert.equal(shown.length, 2);
    c1.close();
  });

  test("a login that waits ends when the client is closed", async () => {
    const { c1 } = login([CODES, pending]);
    const waiting = assert.rejects(c1.authenticate());
    await new Promise((resolve) => setTimeout(resolve, 20));
    c1.close();
    assert.equal((await waiting).code, "closed");
  });

  test("a personal client is made with limits that were said", async () => {
    const at = await inProcess();
    const c1 = new ConductorOne(at.options);
    const limits = {
      displayName: "laptop",
      expiresInDays: 30,
      scopedRoles: ["role-1"],
      allowSourceCidr: ["192.0.2.0/24"],
    };
    const { clientID, clientSecret } = await keyturn.createPersonalClient(c1, limits);
    assert.equal(String(clientSecret), "[secret]");
    assert.ok(clientSecret.reveal().startsWith("secret-token:"));
    const made = new ConductorOne({ ...at.options, clientID, clientSecret: clientSecret.reveal() });
    await made.auth.introspect();
    const { personalClientServiceGetResponse: got } = await c1.personalClient.get({ id: clientID.split("@")[0] });
    assert.equal(got.client.displayName, "laptop");
    assert.deepEqual(got.client.scopedRoles, ["role-1"]);
    assert.deepEqual(got.client.allowSourceCidr, ["192.0.2.0/24"]);
    assert.ok(Math.abs(got.client.expiresTime - Date.now() - 30 * 86_400_000) < 60_000);
    const free = await keyturn.createPersonalClient(c1, {
      displayName: "x",
      expiresInDays: "never",
      scopedRoles: "all",
      allowSourceCidr: "anywhere",
    });
    assert.ok(free.clientSecret.length > 0);

    const before = (await at.requests()).length;
    for (const [option, value] of [
      ["displayName", " "],
      ["displayName", undefined],
      ["expiresInDays", undefined],
      ["expiresInDays", 0],
      ["expiresInDays", 1.5],
      ["expiresInDays", Infinity],
      ["scopedRoles", undefined],
      ["scopedRoles", []],
      ["scopedRoles", [""]],
      ["allowSourceCidr", undefined],
      ["allowSourceCidr", []],
      ["allowSourceCidr", Array(33).fill("192.0.2.0/24")],
    ]) {
      const error = await assert.rejects(keyturn.createPersonalClient(c1, { ...limits, [option]: value }));
      assert.equal(error.code, "invalid_configuration");
      assert.equal(error.option, option);
    }
    assert.equal((await at.requests()).length, before);
  });

  test("identity tokens of HCP Terraform are found, the one for C1 before the general one", async () => {
    const names = [
      "CONDUCTORONE_OIDC_TOKEN",
      "TFC_WORKLOAD_IDENTITY_TOKEN_CONDUCTORONE",
      "TFC_WORKLOAD_IDENTITY_TOKEN",
    ];
    for (let first = 0; first < names.length; first++) {
      const set = Object.fromEntries(names.slice(first).map((name) => [name, JWT]));
      const { authentication } = ConductorOne.fromEnv({ environment: { ...set, CONDUCTORONE_CLIENT_ID: TRUST } });
      assert.equal(authentication.method, "tokenExchange");
      assert.equal(authentication.variables.join(), `${names[first]},CONDUCTORONE_CLIENT_ID`);
    }
  });

  test("all 64 combinations of the environment: the source that wins, or the error", async () => {
    const clientSecret = await secret();
    const values = {
      CONDUCTORONE_ACCESS_TOKEN: "fixed-token",
      CONDUCTORONE_OIDC_TOKEN: JWT,
      CONDUCTORONE_CLIENT_ID: TRUST,
      CONDUCTORONE_CLIENT_SECRET: clientSecret,
      CONDUCTORONE_TENANT_DOMAIN: "domain",
      CONDUCTORONE_SERVER_URL: "https://server.example/prefix",
    };
    const names = Object.keys(values);
    for (let mask = 0; mask < 64; mask++) {
      const set = names.filter((_, bit) => mask & (1 << bit));
      const environment = Object.fromEntries(
        names.map((name) => [name, set.includes(name) ? values[name] : mask % 2 ? "" : undefined]),
      );
      const [token, oidc, id, hasSecret, domain, server] = names.map((name) => set.includes(name));
      const method = token ? "token" : oidc && id ? "tokenExchange" : id && hasSecret ? "assertion" : undefined;
      const where = server
        ? "https://server.example/prefix"
        : domain
          ? "https://domain.conductor.one"
          : id
            ? "https://tenant.conductor.one"
            : undefined;
      const what = set.join(" ") || "nothing";
      if (method === undefined || where === undefined) {
        const error = assert.throws(() => ConductorOne.fromEnv({ environment }), what);
        assert.equal(error.code, "invalid_configuration", what);
        const [option, reason] =
          method !== undefined
            ? ["serverURL", "tenant_missing"]
            : [id ? "clientSecret" : oidc || hasSecret ? "clientID" : "security", "credentials_missing"];
        assert.equal(`${error.option} ${error.reason}`, `${option} ${reason}`, what);
        continue;
      }
      const { fetch, sent } = stub(...(method === "token" ? [] : [GRANT]), DONE);
      const c1 = ConductorOne.fromEnv({ environment, fetch });
      assert.equal(c1.serverURL, where, what);
      const { method: won, from, variables, clientID } = c1.authentication;
      assert.equal(won, method, what);
      assert.equal(from, "environment");
      const used = [
        ...(method === "token"
          ? [names[0], ...(id ? [names[2]] : [])]
          : method === "tokenExchange"
            ? [names[1], names[2]]
            : [names[2], names[3]]),
        ...(server ? [names[5]] : domain ? [names[4]] : []),
      ];
      assert.deepEqual([...variables].sort(), used.sort(), what);
      assert.equal(clientID, id ? TRUST : undefined, what);
      await c1.auth.introspect();
      assert.equal(
        sent.at(-1).headers.get("authorization"),
        `Bearer ${method === "token" ? "fixed-token" : "token-1"}`,
        what,
      );
      assert.ok(
        sent.every(({ url }) => url.startsWith(where)),
        what,
      );
      if (method === "tokenExchange") assert.equal(form(sent[0]).subject_token, JWT);
      c1.close();
    }
  });

  test("explicit options come first, and halves are not completed from the environment", async () => {
    const clientSecret = await secret();
    const environment = {
      CONDUCTORONE_ACCESS_TOKEN: "fixed-token",
      CONDUCTORONE_CLIENT_SECRET: clientSecret,
      CONDUCTORONE_SERVER_URL: "https://server.example",
      CONDUCTORONE_TENANT_DOMAIN: "domain",
    };
    const options = [
      [{ clientID: ID, clientSecret }, "assertion", SERVER],
      [{ security: { bearerAuth: "t" }, tenantDomain: "mine" }, "token", "https://mine.conductor.one"],
      [{ credentials: keyturn.accessToken("t"), serverURL: "https://mine.example" }, "token", "https://mine.example"],
      [
        { credentials: keyturn.tokenFunction(() => "t"), tenantDomain: "mine" },
        "function",
        "https://mine.conductor.one",
      ],
    ];
    for (const [given, method, where] of options) {
      const c1 = new ConductorOne({ ...given, environment });
      assert.equal(c1.authentication.method, method);
      assert.equal(c1.authentication.from, "options");
      assert.equal(c1.serverURL, where);
      c1.close();
    }
    // The destination comes from one source: the URL of the environment does not override the tenant in the options.
    assert.equal(new ConductorOne({ environment, tenantDomain: "mine" }).serverURL, "https://mine.conductor.one");
    assert.equal(new ConductorOne({ environment }).serverURL, "https://server.example");
    for (const [given, option] of [
      [{ clientID: ID }, "clientSecret"],
      [{ clientSecret }, "clientID"],
      [{ security: {} }, "security"],
      [{ credentials: keyturn.accessToken("t"), clientID: ID }, "credentials"],
      [{ credentials: { method: "token" } }, "credentials"],
    ]) {
      assert.equal(
        assert.throws(() => new ConductorOne({ ...given, environment, tenantDomain: "mine" })).option,
        option,
      );
    }
    for (const make of [
      () => keyturn.tokenFunction("t"),
      () => keyturn.tokenExchange({ clientID: TRUST, subjectToken: JWT }),
      () => keyturn.deviceLogin({ clientID: "x" }),
    ]) {
      assert.equal(assert.throws(make).reason, "not_a_function");
    }
  });
};
