// The outcome of requests without a response, requests that are never sent, and temporary failures of logins.
import { answer, SERVER, stub, stubClient } from "../lib/stub.mjs";

const ONCE = { strategy: "none" };
const AT_ONCE = {
  strategy: "backoff",
  backoff: { initialInterval: 1, maxInterval: 1, exponent: 1, maxElapsedTime: 60_000 },
};
const IDS = { appId: "a", connectorId: "b" };
const TRUST = "quick-fox-1@tenant.conductor.one/wfe";
const IDENTITY = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
const GRANT = { access_token: "an-issued-token", expires_in: 600 };

/** Creates an error like those of other realms: not an instance of this realm's classes. */
const foreign = (facts) => Object.assign(Object.create(null), facts);
const failed = (cause) => foreign({ name: "TypeError", message: "fetch failed", cause });
const called = (syscall, code, more) =>
  foreign({ message: `${syscall} ${code} 192.0.2.1:443`, code, syscall, ...more });

/** Failures of the steps before a request is written, as the platforms report them. */
const BEFORE = {
  refused: failed(called("connect", "ECONNREFUSED")),
  "timed out": failed(called("connect", "ETIMEDOUT")),
  blocked: failed(called("connect", "EACCES")),
  "no local port": failed(called("connect", "EADDRNOTAVAIL")),
  "reset while connecting": failed(called("connect", "ECONNRESET")),
  "a code of tomorrow": failed(called("connect", "ENEW")),
  "no address reached": failed(
    foreign({
      name: "AggregateError",
      message: "",
      code: "ETIMEDOUT",
      errors: [called("connect", "ETIMEDOUT"), called("connect", "ENETUNREACH")],
    }),
  ),
  "no such name": failed(called("getaddrinfo", "ENOTFOUND")),
  "no name server": failed(called("queryA", "ETIMEOUT")),
  "undici's own timer": failed(foreign({ message: "Connect Timeout Error", code: "UND_ERR_CONNECT_TIMEOUT" })),
  "a proxy that refuses a tunnel": failed(
    foreign({ message: "Proxy response (407) !== 200 when HTTP Tunneling", code: "UND_ERR_ABORTED" }),
  ),
  "a handshake cut off": failed(
    foreign({
      message: "Client network socket disconnected before secure TLS connection was established",
      code: "ECONNRESET",
    }),
  ),
  "no common protocol": failed(
    foreign({ message: "…", code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", reason: "tlsv1 alert protocol version" }),
  ),
  "no TLS there": failed(
    foreign({ message: "…", code: "ERR_SSL_WRONG_VERSION_NUMBER", reason: "wrong version number" }),
  ),
  "no TLS there, by Node's https": foreign({
    message: "write EPROTO 00:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:record.c:350:",
    code: "EPROTO",
    syscall: "write",
  }),
  "an alert of any kind, before the first write": foreign({
    type: "system",
    code: "EPROTO",
    message:
      "request to https://a.example/ failed, reason: write EPROTO 00:error:0A000438:SSL routines:ssl3_read_bytes:tlsv1 alert internal error",
  }),
  "a server that renegotiates in the old way": failed(
    foreign({ message: "…", code: "ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED" }),
  ),
  "a client certificate is missing": foreign({ message: "…", code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" }),
  "a client certificate is missing, in Deno": failed(foreign({ message: "received fatal alert: CertificateRequired" })),
  "a port that is blocked": failed(foreign({ message: "bad port" })),
  "a stream that the server refused": failed(
    foreign({ message: "Stream closed with error code NGHTTP2_REFUSED_STREAM", code: "ERR_HTTP2_STREAM_ERROR" }),
  ),
  "one error for all addresses": failed(
    (() => {
      const one = called("connect", "ETIMEDOUT");
      return foreign({ message: "", errors: [one, one] });
    })(),
  ),
  "far down": Array.from({ length: 20 }).reduce(
    (cause) => foreign({ message: "wrapped", cause }),
    called("connect", "ETIMEDOUT"),
  ),
  Deno: failed(
    foreign({
      message:
        "error sending request for url (https://a.example/): client error (Connect): tcp connect error: Connection refused (os error 111)",
    }),
  ),
  Bun: foreign({
    name: "TypeError",
    message: "EHOSTUNREACH: Unable to connect. Is the computer able to access the url?",
    code: "EHOSTUNREACH",
  }),
  "node-fetch 3": foreign({
    type: "system",
    code: "ETIMEDOUT",
    erroredSysCall: "connect",
    message: "request to https://a.example/ failed, reason: ",
  }),
  "node-fetch 2": foreign({
    type: "system",
    code: "ETIMEDOUT",
    message: "request to https://a.example/ failed, reason: connect ETIMEDOUT 192.0.2.1:443",
  }),
};

/** Failures after which the server may have received the request, or that do not say. */
const AFTER = {
  reset: failed(called("read", "ECONNRESET")),
  "timed out": failed(called("read", "ETIMEDOUT")),
  "unreachable by now": failed(called("read", "EHOSTUNREACH")),
  "broken pipe": failed(called("write", "EPIPE")),
  closed: failed(foreign({ message: "other side closed", code: "UND_ERR_SOCKET" })),
  "a damaged record": failed(
    foreign({ message: "…", code: "ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC", reason: "sslv3 alert bad record mac" }),
  ),
  ...Object.fromEntries(
    ["WRONG_VERSION_NUMBER", "BAD_RECORD_TYPE", "PACKET_LENGTH_TOO_LONG", "INVALID_AAD"].map((reason) => [
      `no record of TLS any more: ${reason}`,
      foreign({
        type: "system",
        message: "request to https://a.example/ failed, reason: …",
        code: `ERR_SSL_${reason}`,
      }),
    ]),
  ),
  "no record of TLS any more, by undici": failed(foreign({ message: "…", code: "ERR_SSL_BAD_RECORD_TYPE" })),
  "no record of TLS any more, by Bun": foreign({
    name: "TypeError",
    message: "EPROTO: The TLS handshake failed. Does the server speak TLS on this port?",
    code: "EPROTO",
  }),
  "one of two addresses": failed(
    foreign({ message: "", errors: [called("connect", "ETIMEDOUT"), called("read", "ECONNRESET")] }),
  ),
  "no addresses": failed(foreign({ message: "", code: "ETIMEDOUT", errors: [] })),
  Deno: failed(
    foreign({
      message:
        "error sending request for url (https://a.example/): client error (SendRequest): connection closed before message completed",
    }),
  ),
  Bun: foreign({
    name: "TypeError",
    message: "ECONNRESET: The socket connection was closed unexpectedly.",
    code: "ECONNRESET",
  }),
  "a browser": foreign({ name: "TypeError", message: "Failed to fetch" }),
  workerd: foreign({ name: "Error", message: "Network connection lost." }),
  "another stream of HTTP/2": failed(
    foreign({ message: "Stream closed with error code NGHTTP2_INTERNAL_ERROR", code: "ERR_HTTP2_STREAM_ERROR" }),
  ),
  nothing: undefined,
  "no error": "connect ECONNREFUSED",
  "a proxy that cannot be read": (() => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  })(),
  ...Object.fromEntries(
    ["name", "message", "code", "syscall", "errors", "cause", "digest"].map((name) => [
      `a ${name} that cannot be read`,
      Object.defineProperty({}, name, {
        get() {
          throw new Error("unreadable");
        },
      }),
    ]),
  ),
  "a crowd of itself": (() => {
    const error = foreign({ message: "round" });
    return Object.assign(error, { errors: Array.from({ length: 64 }, () => error) });
  })(),
  itself: (() => {
    const error = foreign({ message: "round" });
    return Object.assign(error, { cause: error, errors: [error] });
  })(),
};

const CERTIFICATES = {
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    failed(foreign({ message: "self-signed certificate", code: "DEPTH_ZERO_SELF_SIGNED_CERT" })),
    /NODE_EXTRA_CA_CERTS/,
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    failed(foreign({ message: "unable to verify", code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" })),
    /NODE_EXTRA_CA_CERTS/,
  ],
  CERT_HAS_EXPIRED: [failed(foreign({ message: "certificate has expired", code: "CERT_HAS_EXPIRED" })), /clock/],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    failed(foreign({ message: "Hostname/IP does not match", code: "ERR_TLS_CERT_ALTNAME_INVALID" })),
    /another host/,
  ],
  UnknownIssuer: [
    failed(
      foreign({ message: "error sending request: client error (Connect): invalid peer certificate: UnknownIssuer" }),
    ),
    /DENO_CERT/,
  ],
};

export default ({ test, assert, keyturn, sandbox, commercelayer }) => {
  const { ConductorOne, ConfigurationError, InputError } = keyturn;
  const { CommerceLayerProvisioning, clientCredentials, refreshToken } = commercelayer;
  const throwing = (error) =>
    stub(() => {
      throw error;
    });
  const exchange = (more = {}) => keyturn.tokenExchange({ clientID: TRUST, subjectToken: () => IDENTITY, ...more });
  const cl = (server, more) =>
    CommerceLayerProvisioning({ accessToken: "a.b.c", serverURL: SERVER, fetch: server.fetch, ...more });

  test("what failed before a request was written was never sent, whosever error it is", async () => {
    for (const [what, error] of Object.entries(BEFORE)) {
      const server = throwing(error);
      const told = await assert.rejects(
        stubClient(keyturn, server, { retryConfig: ONCE }).connector.rotateCredential(IDS),
      );
      assert.deepEqual(
        [what, told.code, told.outcome, told.reason],
        [what, "connection_failed", "none", "unreachable"],
      );
      const change = await assert.rejects(stubClient(keyturn, server, { retryConfig: ONCE }).apps.delete({ id: "a" }));
      assert.deepEqual([what, change.code, change.outcome], [what, "connection_failed", "none"]);
      const other = await assert.rejects(cl(server, { retryConfig: ONCE }).api_credentials.delete("x"));
      assert.deepEqual([what, other.type, other.outcome], [what, "client", "none"]);
    }
    // The call is retried, since nothing was done.
    const server = stub(() => {
      throw BEFORE["timed out"];
    }, {});
    await stubClient(keyturn, server, {
      retryConfig: { ...AT_ONCE, retryConnectionErrors: true },
    }).connector.rotateCredential(IDS);
    assert.equal(server.sent.length, 2);
  });

  test("what may have arrived is never taken for unsent", async () => {
    for (const [what, error] of Object.entries(AFTER)) {
      const server = throwing(error);
      const told = await assert.rejects(stubClient(keyturn, server).connector.rotateCredential(IDS));
      assert.deepEqual(
        [what, told.code, told.outcome, told.cause.reason],
        [what, "outcome_unknown", "unknown", "broken"],
      );
      assert.equal(server.sent.length, 1, what);
    }
  });

  test("what `fetch` refuses to send was not sent, and is not sent again", async () => {
    for (const code of ["UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED", "UND_MOCK_ERR_MOCK_NOT_MATCHED"]) {
      const server = throwing(failed(foreign({ message: "no", code })));
      const told = await assert.rejects(stubClient(keyturn, server).connector.rotateCredential(IDS));
      assert.deepEqual(
        [code, told.code, told.reason, told.outcome, server.sent.length],
        [code, "connection_failed", "request", "none", 1],
      );
    }
  });

  test("an attempt that may have been carried out stays in doubt, whatever comes after it", async () => {
    const broken = () => Promise.reject(AFTER.reset);
    const retryConfig = { ...AT_ONCE, retryConnectionErrors: true, maxAttempts: 2 };
    for (const [what, ...script] of [
      ["then refused a connection", broken, () => Promise.reject(BEFORE.refused)],
      ["an error of the server, then none", answer(500, {}), () => Promise.reject(BEFORE.refused)],
      ["then not allowed", broken, answer(403, {})],
      ["then too many", broken, answer(429, {})],
    ]) {
      const change = await assert.rejects(
        stubClient(keyturn, stub(...script), { retryConfig }).apps.delete({ id: "a" }),
      );
      assert.deepEqual([what, change.outcome], [what, "unknown"]);
      const other = await assert.rejects(cl(stub(...script), { retryConfig }).api_credentials.delete("x"));
      assert.deepEqual([what, other.outcome], [what, "unknown"]);
      const often = { ...retryConfig, repeatOneTimeSecrets: true };
      const secret = stubClient(keyturn, stub(...script), { retryConfig: often }).connector.rotateCredential(IDS);
      assert.deepEqual([what, (await assert.rejects(secret)).code], [what, "outcome_unknown"]);
      const read = await assert.rejects(stubClient(keyturn, stub(...script), { retryConfig }).apps.list());
      assert.ok(read.outcome !== "unknown", what);
    }
    let tokens = 0;
    const security = () => {
      if (tokens++ > 0) throw new Error("there is no second one");
      return { bearerAuth: "a-token-for-tests" };
    };
    const told = await assert.rejects(
      stubClient(keyturn, stub(broken), { retryConfig, security }).apps.delete({ id: "a" }),
    );
    assert.deepEqual([told.code, told.outcome], ["authentication_failed", "unknown"]);
    const controller = new AbortController();
    const later = { ...retryConfig, backoff: { ...AT_ONCE.backoff, initialInterval: 60_000, maxInterval: 60_000 } };
    const server = stub(() => (setTimeout(() => controller.abort(), 20), broken()));
    const { signal } = controller;
    const aborted = await assert.rejects(
      stubClient(keyturn, server, { retryConfig: later }).apps.delete({ id: "a" }, { signal }),
    );
    assert.deepEqual([aborted.code, aborted.outcome], ["aborted", "unknown"]);
  });

  test("who ends a call does not say what it did", async () => {
    const hangs = () => stub(() => new Promise(() => {}));
    const foreignCall = await assert.rejects(stubClient(keyturn, stub()).apps.get({ id: "" }));
    const aborts = () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(foreignCall), 20);
      return { signal: controller.signal };
    };
    const ended = await assert.rejects(stubClient(keyturn, hangs()).apps.delete({ id: "a" }, aborts()));
    assert.deepEqual([ended.code, ended.outcome, ended.cause], ["aborted", "unknown", foreignCall]);
    const unsent = await assert.rejects(
      stubClient(keyturn, hangs()).apps.delete({ id: "a" }, { signal: AbortSignal.abort(foreignCall) }),
    );
    assert.deepEqual([unsent.code, unsent.outcome, unsent.cause], ["aborted", "none", foreignCall]);

    const closing = stubClient(keyturn, hangs());
    setTimeout(() => closing.close(), 20);
    const closed = await assert.rejects(closing.apps.delete({ id: "a" }));
    assert.deepEqual([closed.code, closed.outcome], ["closed", "unknown"]);
    const other = cl(hangs());
    setTimeout(() => other.close(), 20);
    const told = await assert.rejects(other.api_credentials.delete("x"));
    assert.deepEqual([told.kind, told.outcome], ["closed", "unknown"]);
  });

  test("an error of this package that the caller's own fetch throws is that of another call", async () => {
    const inner = stubClient(keyturn, stub(answer(403, {})));
    const server = stub(() => inner.apps.list());
    const told = await assert.rejects(stubClient(keyturn, server).connector.rotateCredential(IDS));
    assert.deepEqual([told.code, told.cause.cause.cause.code], ["outcome_unknown", "forbidden"]);
    const other = await assert.rejects(cl(server).api_credentials.delete("x"));
    assert.deepEqual([other.kind, other.outcome], ["connection_failed", "unknown"]);
    const login = await assert.rejects(new ConductorOne({ credentials: exchange(), fetch: server.fetch }).apps.list());
    assert.equal(login.code, "authentication_failed");
  });

  test("an answer of the caller's own fetch is read, if it is less than a Response", async () => {
    const credential = { id: "c", clientSecret: "made-up" };
    const body = new TextEncoder().encode(JSON.stringify({ credential }));
    const headers = { "content-type": "application/json" };
    const whole = { status: 200, arrayBuffer: async () => body.buffer };
    for (const given of [whole, { ...whole, headers }, { ...whole, headers: new Map(Object.entries(headers)) }]) {
      const c1 = stubClient(
        keyturn,
        stub(() => given),
      );
      const { connectorServiceRotateCredentialResponse: answered } = await c1.connector.rotateCredential(IDS);
      assert.equal(answered.credential.clientSecret, "made-up");
    }
    const document = new TextEncoder().encode(JSON.stringify({ data: { id: "r", type: "roles", attributes: {} } }));
    const client = cl(stub(() => ({ ...whole, headers, arrayBuffer: async () => document.buffer })));
    assert.equal((await client.roles.retrieve("r")).id, "r");
    const none = await assert.rejects(
      stubClient(
        keyturn,
        stub(() => ({ status: 200 })),
      ).connector.rotateCredential(IDS),
    );
    assert.equal(none.code, "outcome_unknown");
  });

  test("once a part of an answer came, no error of reading it says that nothing was sent", async () => {
    const arrayBuffer = () => Promise.reject(BEFORE.refused);
    const server = stub(() => Object.defineProperty(Response.json({}), "arrayBuffer", { value: arrayBuffer }));
    const told = await assert.rejects(stubClient(keyturn, server).connector.rotateCredential(IDS));
    assert.deepEqual([told.code, server.sent.length], ["outcome_unknown", 1]);
  });

  test("a certificate that is not trusted is named, with what to do, and asked for once", async () => {
    for (const [why, [error, hint]] of Object.entries(CERTIFICATES)) {
      const server = throwing(error);
      const c1 = stubClient(keyturn, server);
      for (const call of [() => c1.apps.list(), () => c1.connector.rotateCredential(IDS)]) {
        server.sent.length = 0;
        const told = await assert.rejects(call());
        assert.deepEqual(
          [told.code, told.reason, told.outcome, server.sent.length],
          ["connection_failed", "certificate", "none", 1],
        );
        assert.ok(told.message.includes(why), told.message);
        assert.match(told.hint, hint);
      }
      server.sent.length = 0;
      const login = new ConductorOne({ credentials: exchange(), fetch: server.fetch });
      const told = await assert.rejects(login.apps.list());
      assert.deepEqual(
        [told.code, told.reason, told.outcome, server.sent.length],
        ["authentication_failed", "certificate", "none", 1],
      );
      assert.match(told.hint, hint);
    }
  });

  test("what fetch would refuse is refused before anything is sent", async () => {
    const server = stub({});
    const c1 = stubClient(keyturn, server);
    for (const [path, options] of [
      ["fetchOptions.dispatcher", { fetchOptions: { dispatcher: {} } }],
      ["headers", { headers: { "x-name": "Админка" } }],
      ["headers", { headers: { "bad name": "x" } }],
      ["headers", { headers: { "Content-Length": "5" } }],
      ["headers", { headers: { expect: "100-continue" } }],
      ["headers", { fetchOptions: { headers: { "transfer-encoding": "chunked" } } }],
      ["headers", { fetchOptions: { headers: { "x-name": "two\nlines" } } }],
      ["signal", { signal: {} }],
    ]) {
      const told = await assert.rejects(c1.connector.rotateCredential(IDS, options));
      assert.ok(told instanceof InputError, String(told));
      assert.deepEqual([told.path, told.outcome], [path, "none"]);
      assert.excludes(told.message, "Админка", "lines");
    }
    const other = await assert.rejects(cl(server).roles.list({}, { headers: { "x-name": "Админка" } }));
    assert.deepEqual([other.type, other.outcome], ["request", "none"]);
    const intercepted = cl(server);
    intercepted.addRequestInterceptor((request) => {
      request.options.headers = { "bad name": "x" };
      return request;
    });
    assert.deepEqual(
      [(await assert.rejects(intercepted.api_credentials.delete("x"))).outcome, server.sent.length],
      ["none", 0],
    );
  });

  test("what hangs before a request is sent has sent nothing, and sends nothing later", async () => {
    const server = stub({ data: [] });
    const client = cl(server);
    let release;
    client.addRequestInterceptor((request) => new Promise((resolve) => (release = () => resolve(request))));
    const told = await assert.rejects(client.api_credentials.delete("x", { timeout: 30 }));
    assert.deepEqual([told.type, told.outcome], ["timeout", "none"]);
    release();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(server.sent.length, 0);
  });

  test("client options that become headers, and those for fetch, are looked at when a client is made", async () => {
    for (const [option, options] of [
      ["userAgent", { userAgent: "Админка/1.0" }],
      ["userAgent", { userAgent: "two\nlines" }],
      ["fetchOptions", { fetchOptions: { dispatcher: "http://proxy.example" } }],
      ["fetchOptions", { fetchOptions: { headers: { "x-a": "b" } } }],
    ]) {
      const told = assert.throws(() => stubClient(keyturn, stub({}), options), option);
      assert.ok(told instanceof ConfigurationError, String(told));
      assert.deepEqual([told.option, told.outcome], [option, "none"]);
      const other = assert.throws(() => cl(stub({}), options), option);
      assert.deepEqual([other.type, other.cause.option], ["client", option]);
      assert.equal(assert.throws(() => cl(stub({})).config(options), option).cause.option, option);
    }
    assert.equal(assert.throws(() => cl(stub({}), { headers: { "x-name": "Админка" } })).cause.option, "headers");
    assert.equal(assert.throws(() => cl(stub({}), { headers: { "bad name": "x" } })).cause.option, "headers");
    stubClient(keyturn, stub({}), { userAgent: "Zürich/1.0" }).close();
  });

  test("what is undefined is not sent", async () => {
    const server = stub({ list: [], data: [] });
    const last = () => server.sent[server.sent.length - 1];
    const c1 = stubClient(keyturn, server);
    for (const headers of [
      { "x-id": undefined, "x-on": "1" },
      [
        ["x-id", undefined],
        ["x-on", "1"],
      ],
    ]) {
      await c1.apps.list({}, { headers });
      assert.deepEqual([last().headers.get("x-id"), last().headers.get("x-on")], [null, "1"]);
      await c1.apps.list({}, { fetchOptions: { headers } });
      assert.deepEqual([last().headers.get("x-id"), last().headers.get("x-on")], [null, "1"]);
    }
    const client = cl(server, { headers: { "x-id": "of the client", "x-on": undefined }, params: { all: undefined } });
    const fields = { roles: undefined, organizations: ["name", undefined] };
    await client.roles.list(
      { fields, sort: { name: undefined } },
      { headers: { "x-id": undefined }, params: { draft: undefined, on: false } },
    );
    assert.deepEqual([last().headers.get("x-id"), last().headers.get("x-on")], [null, null]);
    assert.equal(decodeURIComponent(new URL(last().url).search), "?fields[organizations]=name&on=false");
  });

  test("retryAfterMs is what retries go by", async () => {
    const day = (ms) => new Date(1_700_000_000_000 + ms).toUTCString();
    const clock = { now: () => 1_700_000_000_000 };
    for (const [value, expected] of [
      ["120", 120_000],
      ["1.5", 1_500],
      [day(120_000), 120_000],
      [day(-120_000), 0],
      ["0", 0],
      ["-1", undefined],
      ["Infinity", undefined],
      ["0x10", undefined],
      ["1e9", undefined],
      ["soon", undefined],
      ["", undefined],
    ]) {
      const server = stub(answer(429, {}, { "retry-after": value }));
      const told = await assert.rejects(stubClient(keyturn, server, { retryConfig: ONCE, clock }).apps.list());
      const other = await assert.rejects(cl(server, { retryConfig: ONCE, clock }).roles.list());
      assert.deepEqual([value, told.retryAfterMs, other.retryAfterMs], [value, expected, expected]);
    }
  });

  for (const [what, hiccup] of [
    ["429", answer(429, {}, { "retry-after": "0" })],
    ["503", answer(503, "busy", { "retry-after": "0" })],
    ["500", answer(500, {})],
    ["a broken connection", () => Promise.reject(AFTER.reset)],
    ["no connection", () => Promise.reject(BEFORE.refused)],
  ]) {
    const retryConfig = { ...AT_ONCE, retryConnectionErrors: true, maxAttempts: 3 };

    test(`a log-in that fails in passing is sent again like a read, whatever the call: ${what}`, async () => {
      const server = stub(hiccup, hiccup, GRANT, {});
      await new ConductorOne({ credentials: exchange(), fetch: server.fetch, retryConfig }).connector.rotateCredential(
        IDS,
      );
      assert.equal(server.sent.length, 4);
      const other = stub(hiccup, hiccup, GRANT, { data: [] });
      const credentials = clientCredentials({ clientId: "id", clientSecret: "secret" });
      await CommerceLayerProvisioning({ credentials, serverURL: SERVER, fetch: other.fetch, retryConfig }).roles.list();
      assert.equal(other.sent.length, 4);
      const codes = {
        device_code: "d",
        user_code: "U",
        verification_uri: "https://tenant.conductor.one/d",
        expires_in: 60,
        interval: 0.01,
      };
      const device = stub(hiccup, hiccup, codes, GRANT, {});
      const login = keyturn.deviceLogin({ clientID: "program", onCode() {} });
      await new ConductorOne({
        tenantDomain: "tenant",
        credentials: login,
        fetch: device.fetch,
        retryConfig,
      }).apps.list();
      assert.equal(device.sent.length, 5);
    });

    test(`and so is a question to GitHub: ${what}`, async () => {
      const environment = {
        ACTIONS_ID_TOKEN_REQUEST_URL: "https://runner.example/token",
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: "runner",
      };
      const gitHub = stub(hiccup, hiccup, { value: IDENTITY }, hiccup);
      const server = stub(GRANT, {});
      const subjectToken = keyturn.gitHubActionsToken({ environment, fetch: gitHub.fetch });
      const client = (more) =>
        new ConductorOne({ credentials: exchange({ subjectToken }), fetch: server.fetch, retryConfig, ...more });
      await client().connector.rotateCredential(IDS);
      assert.deepEqual([gitHub.sent.length, server.sent.length], [3, 2]);
      const told = await assert.rejects(client({ retryConfig: ONCE }).apps.list());
      assert.deepEqual([told.reason, gitHub.sent.length], ["subject_token", 4]);
      assert.match(told.message, /GitHub/);
      assert.ok(!/function/.test(told.message), "the caller's function is not blamed");
    });

    test(`and it is sent once where the client's policy wants that: ${what}`, async () => {
      const server = stub(hiccup, GRANT, {});
      const c1 = new ConductorOne({ credentials: exchange(), fetch: server.fetch, retryConfig: ONCE });
      assert.equal((await assert.rejects(c1.apps.list({}, { retries: retryConfig }))).code, "authentication_failed");
      assert.equal(server.sent.length, 1);
    });
  }

  test("a log-in that is refused is not sent again, nor later than the call has time for", async () => {
    for (const [status, body, headers] of [
      [400, { error: "invalid_grant" }, { "retry-after": "0" }],
      [401, { error: "invalid_client" }, {}],
      [403, {}, {}],
      [404, "", {}],
      [429, {}, { "retry-after": "30" }],
    ]) {
      const server = stub(answer(status, body, headers));
      const c1 = new ConductorOne({ credentials: exchange(), fetch: server.fetch, timeoutMs: 10_000 });
      const told = await assert.rejects(c1.apps.list());
      assert.deepEqual([told.code, told.status, server.sent.length], ["authentication_failed", status, 1]);
    }
    // By default three requests in total; afterwards, none is sent for a moment.
    const server = stub(answer(503, "", { "retry-after": "0" }));
    const c1 = new ConductorOne({ credentials: exchange(), fetch: server.fetch });
    await assert.rejects(c1.apps.list());
    await assert.rejects(c1.apps.list());
    assert.equal(server.sent.length, 3);
  });

  test("each token request counts toward Commerce Layer's bound, also one that is sent again", async () => {
    const server = stub(answer(503, "", { "retry-after": "0" }));
    const credentials = clientCredentials({ clientId: "id", clientSecret: "secret" });
    const retryConfig = { ...AT_ONCE, maxAttempts: 50 };
    const client = CommerceLayerProvisioning({
      credentials,
      serverURL: SERVER,
      fetch: server.fetch,
      retryConfig,
      timeoutMs: 1_000,
    });
    // A client has a budget of twenty retries while everything fails.
    await assert.rejects(client.roles.list());
    assert.equal(server.sent.length, 21);
    const second = CommerceLayerProvisioning({
      credentials,
      serverURL: SERVER,
      fetch: server.fetch,
      retryConfig,
      timeoutMs: 300,
    });
    assert.equal((await assert.rejects(second.roles.list())).type, "timeout");
    assert.equal(server.sent.length, 30);
  });

  test("asleep: of the two clocks the one counts that moved further", async () => {
    const HOUR = 3_600_000;
    for (const [what, steady, wall, tokens] of [
      ["both stand", 0, 0, 1],
      ["the monotonic clock stands while the machine sleeps", 0, 2 * HOUR, 2],
      ["the wall clock stands", 2 * HOUR, 0, 2],
      ["the wall clock is set back", 2 * HOUR, -5 * HOUR, 2],
      ["the wall clock is set back, and no time passes", 0, -5 * HOUR, 1],
    ]) {
      const at = { steady: 0, wall: 1_700_000_000_000 };
      const clock = { now: () => at.wall, monotonic: () => at.steady };
      const server = stub((url) =>
        String(url).endsWith("/token") ? Response.json({ ...GRANT, expires_in: 3600 }) : Response.json({}),
      );
      const c1 = new ConductorOne({ credentials: exchange(), fetch: server.fetch, clock });
      await c1.apps.list();
      at.steady += steady;
      at.wall += wall;
      await c1.connector.rotateCredential(IDS);
      const asked = () => server.sent.filter(({ url }) => url.endsWith("/token")).length;
      assert.equal(asked(), tokens, what);
      // The count continues from there.
      at.wall += 2 * HOUR;
      await c1.apps.list();
      assert.equal(asked(), tokens + 1, what);
    }
  });

  test("when nobody waits for a token any more, its request is aborted, and the next call begins anew", async () => {
    const signals = [];
    const hangs = (_, { signal }) => (signals.push(signal), new Promise(() => {}));
    const server = stub(hangs, GRANT, {});
    const c1 = new ConductorOne({ credentials: exchange(), fetch: server.fetch });
    const controller = new AbortController();
    const first = assert.rejects(c1.apps.list({}, { signal: controller.signal }));
    const second = assert.rejects(c1.apps.list({}, { timeoutMs: 50 }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    assert.equal((await first).code, "aborted");
    assert.equal(signals[0].aborted, false, "somebody still waits");
    assert.equal((await second).code, "timeout");
    assert.equal(signals[0].aborted, true, "nobody does");
    await c1.apps.list();
    assert.deepEqual([signals.length, server.sent.length], [1, 3]);
  });

  test("but what can be had once is not thrown away", async () => {
    let release;
    const gate = new Promise((resolve) => (release = resolve));
    const issued = { access_token: "first", refresh_token: "next-refresh-token", expires_in: 600 };
    const server = stub(() => gate.then(() => Response.json(issued)), { data: [] });
    const credentials = refreshToken({ clientId: "id", refreshToken: "held-refresh-token" });
    const client = CommerceLayerProvisioning({ credentials, serverURL: SERVER, fetch: server.fetch });
    assert.equal((await assert.rejects(client.roles.list({}, { timeoutMs: 30 }))).type, "timeout");
    assert.equal(server.sent[0].init.signal.aborted, false);
    release();
    await client.roles.list();
    assert.deepEqual([server.sent.length, server.sent[1].headers.get("authorization")], [2, "Bearer first"]);
  });

  test("a framework's own signal passes as it is", async () => {
    const signal = Object.assign(new Error("Dynamic server usage"), { digest: "DYNAMIC_SERVER_USAGE" });
    const server = throwing(signal);
    const same = async (call, what) => assert.ok((await assert.rejects(call)) === signal, what);
    await same(stubClient(keyturn, server).apps.list(), "a read");
    await same(stubClient(keyturn, server).connector.rotateCredential(IDS), "a rotation");
    await same(new ConductorOne({ credentials: exchange(), fetch: server.fetch }).apps.list(), "a log-in");
    await same(cl(server).roles.list(), "Commerce Layer");
    await same(
      new ConductorOne({ credentials: exchange({ subjectToken: server.fetch }), fetch: stub({}).fetch }).apps.list(),
      "an identity token",
    );
    await same(stubClient(keyturn, stub({}), { security: server.fetch }).apps.list(), "a security function");
    assert.ok(server.sent.length >= 6);
  });

  test("objects in the environment are told as what they are", () => {
    const CONDUCTORONE_CLIENT_ID = "shy-otter-1@acme.conductor.one/spc";
    for (const [value, words] of [
      [{ get: async () => "canary" }, /CONDUCTORONE_CLIENT_SECRET is set, but is not a string.*get\(\)/],
      [{ canary: 1 }, /not a string.*object/],
      [7, /not a string.*number/],
      [() => "canary", /not a string.*function/],
    ]) {
      const environment = { CONDUCTORONE_CLIENT_ID, CONDUCTORONE_CLIENT_SECRET: value };
      const told = assert.throws(() => ConductorOne.fromEnv({ environment }));
      assert.deepEqual([told.option, told.reason], ["environment", "not_text"]);
      assert.match(told.message, words);
      assert.excludes(told.message, "canary");
    }
    const told = assert.throws(() =>
      ConductorOne.fromEnv({ environment: { CONDUCTORONE_CLIENT_ID, CONDUCTORONE_CLIENT_SECRET: null } }),
    );
    assert.equal(told.reason, "credentials_missing");
  });

  test("how connections are made is a matter of log-ins too: of a client, and of the call that logs in", async () => {
    const dispatcher = { dispatch() {} };
    const server = stub((url) => (/token$/.test(url) ? Response.json(GRANT) : Response.json({ data: [] })));
    const seen = () => server.sent.map(({ init }) => init.dispatcher === dispatcher && init.keepalive === true);
    const of = [
      (fetchOptions) => new ConductorOne({ credentials: exchange(), fetch: server.fetch, fetchOptions }).apps.list(),
      (fetchOptions) =>
        CommerceLayerProvisioning({
          credentials: clientCredentials({ clientId: "id", clientSecret: "secret" }),
          serverURL: SERVER,
          fetch: server.fetch,
          fetchOptions,
        }).roles.list(),
    ];
    for (const call of of) {
      server.sent.length = 0;
      await call({ dispatcher, keepalive: true });
      assert.deepEqual(seen(), [true, true]);
    }
    server.sent.length = 0;
    const c1 = new ConductorOne({ credentials: exchange(), fetch: server.fetch });
    await c1.apps.list({}, { fetchOptions: { dispatcher, keepalive: true, headers: { "x-of-the-call": "1" } } });
    const [login, call] = server.sent;
    assert.deepEqual([login.init.dispatcher === dispatcher, call.init.dispatcher === dispatcher], [true, true]);
    assert.deepEqual([login.headers.get("x-of-the-call"), call.headers.get("x-of-the-call")], [null, "1"]);
    assert.equal(login.init.keepalive, undefined);
    await c1.apps.list();
    assert.equal(server.sent[2].init.dispatcher, undefined);
  });

  test("what a log-in asks elsewhere, such as GitHub's runner, is asked over the same connections", async () => {
    const [ofClient, ofCall] = [{ dispatch() {} }, { dispatch() {} }];
    const server = stub((url) => Response.json(/token$/.test(url) ? GRANT : { value: IDENTITY }));
    const environment = {
      ACTIONS_ID_TOKEN_REQUEST_URL: "https://runner.example/token-request",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "of-the-runner",
    };
    const subjectToken = keyturn.gitHubActionsToken({ fetch: server.fetch, environment });
    for (const [expected, client, call] of [
      [ofClient, { dispatcher: ofClient }, undefined],
      [ofCall, undefined, { dispatcher: ofCall }],
      [ofCall, { dispatcher: ofClient }, { dispatcher: ofCall }],
    ]) {
      server.sent.length = 0;
      const c1 = new ConductorOne({
        credentials: exchange({ subjectToken }),
        fetch: server.fetch,
        fetchOptions: client,
      });
      await c1.apps.list({}, { fetchOptions: call });
      assert.ok(server.sent[0].url.startsWith("https://runner.example/"));
      assert.deepEqual(
        server.sent.map(({ init }) => init.dispatcher === expected),
        [true, true, true],
      );
    }
  });

  test("no answer is cloned: other implementations of fetch than the platform's then wait for both to be read", async () => {
    const body = { data: [{ id: "r", type: "roles", attributes: { name: "n".repeat(100_000) } }] };
    const server = stub(() =>
      Object.defineProperty(Response.json(body), "clone", {
        value() {
          throw new Error("cloned");
        },
      }),
    );
    const client = cl(server);
    const seen = [];
    client.addResponseInterceptor(async (response) => {
      seen.push((await response.json()).data.length);
      return response;
    });
    client.addResponseInterceptor(
      (response) => (seen.push(response.status, response.headers.get("content-type").split(";")[0]), response),
    );
    assert.equal((await client.roles.list()).length, 1);
    assert.deepEqual(seen, [1, 200, "application/json"]);
  });

  test("the sandbox's faults: one lost log-in of either API does not reach a call", async () => {
    const box = await sandbox.createSandbox();
    const { clientId: clientID, clientSecret, url: serverURL, fetch, appId, connectorId } = box;
    const retryConfig = { ...AT_ONCE, retryConnectionErrors: true };
    const c1 = new ConductorOne({ clientID, clientSecret, serverURL, fetch, retryConfig });
    box.fault({ operation: "token", action: "drop-answer" });
    await c1.connector.rotateCredential({ appId, connectorId });
    assert.equal(box.requests({ operation: "token" }).length, 2);
    c1.close();
    box.close();
  });
};
