// A page's client, the proxy on its server, and the tenant behind it: what is let through, what is not, and how
// failures are reported.
import {
  atTheGate,
  HEADERS,
  malformed,
  ORIGIN,
  ofResources,
  otherIds,
  otherOperations,
  oversize,
  requestOf,
} from "../lib/hostile-requests.mjs";
import { answer, stub, stubClient } from "../lib/stub.mjs";

const ROTATE = "c1.api.app.v1.ConnectorService.RotateCredential";
const LIST = "c1.api.app.v1.Apps.List";
const SECRETS = [
  ...["c1.api.sso.v1.SSOApplicationService.Create", "c1.api.decoy.v1.DecoyService.Create", ROTATE],
  ...[
    "c1.api.iam.v1.PersonalClientService.Create",
    "c1.api.service_principal.v1.ServicePrincipalService.CreateCredential",
  ],
];

/**
 * Returns a request as the server of the page's origin receives it: with the headers that browsers add, and no others.
 */
function arrived(url, init) {
  const request = new Request(url, { ...init, signal: init.signal ?? null });
  const headers = new Headers(init.headers);
  headers.set("origin", ORIGIN);
  Object.defineProperty(request, "headers", { value: headers });
  return request;
}

/**
 * Returns a response whose body is truncated. The stream does not fail, since Firefox reports that as an error of the
 * page.
 */
function brokenOff(init) {
  const read = async () => {
    throw new TypeError("reset");
  };
  const body = { getReader: () => ({ read, cancel: async () => undefined }) };
  return Object.defineProperties(new Response("", init), { arrayBuffer: { value: read }, body: { value: body } });
}

/** Returns the `fetch` of a page whose server is this function. */
const through = (proxy) => async (url, init) => proxy(arrived(url, init));

const idsOf = ({ appId, connectorId }) => ({ appId, connectorId });

const ONCE = { retries: { strategy: "none" } };

export default ({ test, assert, keyturn, commercelayer, proxy: entry, inProcess }) => {
  const { ConductorOne, KeyturnError, ProxyError } = keyturn;
  const { default: CommerceLayerProvisioning, clientCredentials } = commercelayer;
  const { createProxy } = entry;

  /** Starts a page in front of a tenant. */
  const start = async (options = {}, settings = {}) => {
    const tenant = await inProcess(settings);
    const client = new ConductorOne(tenant.options);
    const records = [];
    const proxy = createProxy({
      client,
      authorize: () => ({ name: "somebody" }),
      allow: ["apps:read", "apps:write", "connector.rotateCredential", "connector.getCredentials"],
      record: (record) => records.push(record),
      ...options,
    });
    const page = new ConductorOne({ proxy: `${ORIGIN}/keyturn`, fetch: through(proxy) });
    return { tenant, client, proxy, page, records };
  };

  /** Starts the same for Commerce Layer. */
  const startProvisioning = async (options = {}, page = {}) => {
    const tenant = await inProcess();
    const { clientId, clientSecret, place } = tenant.commercelayer;
    const client = CommerceLayerProvisioning({ ...place, credentials: clientCredentials({ clientId, clientSecret }) });
    const records = [];
    const proxy = createProxy({
      client,
      authorize: () => true,
      allow: ["api_credentials:read", "api_credentials:write", "organizations:read", "roles.list"],
      record: (record) => records.push(record),
      ...options,
    });
    const cl = CommerceLayerProvisioning({ proxy: `${ORIGIN}/provisioning`, fetch: through(proxy), ...page });
    return { tenant, client, proxy, cl, records };
  };

  /** Returns a proxy in front of a server that is a function. */
  const stubbed = (server, options = {}) => {
    const client = stubClient(keyturn, server, { retryConfig: { strategy: "none" } });
    const proxy = createProxy({
      client,
      authorize: () => true,
      allow: ["apps:read", "apps:write", "connector.rotateCredential"],
      ...options,
    });
    return { client, page: new ConductorOne({ proxy: `${ORIGIN}/keyturn`, fetch: through(proxy) }) };
  };

  test("a page has the API that its server has: answers, dates, pages, and a secret once", async () => {
    const { tenant, client, page, records } = await start();
    const { appId, connectorId } = tenant;
    const [own, seen] = [await client.apps.list({ pageSize: 2 }), await page.apps.list({ pageSize: 2 })];
    assert.deepEqual(seen.listAppsResponse, own.listAppsResponse);
    assert.ok(seen.listAppsResponse.list[0].createdAt instanceof Date);
    const large = await start({}, { seed: "large" });
    const pages = async ({ apps }) => {
      const found = [];
      for await (const { listAppsResponse } of apps.list().pages())
        found.push(listAppsResponse.list.map(({ id }) => id));
      return found;
    };
    const found = await pages(large.page);
    assert.ok(found.length > 1, "more than a page");
    assert.deepEqual(found, await pages(large.client));
    const made = await page.apps.create({ displayName: "Löhne 給与 🧾", description: "\0S and \0D, as text" });
    assert.equal(made.createAppResponse.app.displayName, "Löhne 給与 🧾");
    assert.equal(made.createAppResponse.app.description, "\0S and \0D, as text");
    const { connectorServiceRotateCredentialResponse: rotated } = await page.connector.rotateCredential({
      appId,
      connectorId,
    });
    assert.match(rotated.credential.clientSecret, /^secret-token:/);
    const { id } = rotated.credential;
    const read = await page.connector.getCredentials({ appId, connectorId, id });
    assert.equal(
      read.connectorServiceGetCredentialsResponse.credential.expiresTime.getTime(),
      rotated.credential.expiresTime.getTime(),
    );
    assert.equal((await tenant.requests({ operation: "connector.rotateCredential" })).length, 1);
    const text = JSON.stringify(records);
    assert.excludes(text, rotated.credential.clientSecret, tenant.clientSecret, appId);
    assert.deepEqual(records.at(-1).operation, "connector.getCredentials");
    assert.deepEqual(records.at(-1).principal, { name: "somebody" });
  });

  test("what JSON cannot say is the same on the server, and so is what the application is asked about", async () => {
    const inputs = [];
    const server = stub({});
    const { client, page } = stubbed(server, {
      allow: ["apps:read", "taskSearch.search", "systemLog.listEvents"],
      pin: (_principal, operation, input) => inputs.push([operation, input]) > 0,
    });
    const since = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
    const asked = { since, pageSize: 7, pageToken: "\0Sx" };
    await page.systemLog.listEvents(asked);
    await client.systemLog.listEvents(asked);
    assert.equal(server.sent[0].body, server.sent[1].body);
    assert.deepEqual(inputs, [["systemLog.listEvents", asked]]);
  });

  test("all answers are kept by nobody, and have nothing of the tenant's but what its client goes by", async () => {
    const headers = {
      "set-cookie": "a=b",
      server: "tenant",
      "x-request-id": "req-1",
      "www-authenticate": "Bearer",
      connection: "x-hop",
      "x-hop": "1",
      "access-control-allow-origin": "*",
    };
    const server = stub(
      answer(200, { list: [] }, { ...headers, "x-ratelimit-limit": "50", "x-ratelimit-remaining": "49" }),
      answer(401, { message: "no" }, headers),
      answer(429, {}, { ...headers, "retry-after": "7" }),
    );
    const proxy = createProxy({
      client: stubClient(keyturn, server, { retryConfig: { strategy: "none" } }),
      authorize: () => true,
      allow: ["apps.list"],
    });
    const body = JSON.stringify({ operation: LIST, input: {} });
    const secretive = {
      cookie: "session=s",
      authorization: "Bearer of-the-page",
      "x-forwarded-for": "10.0.0.1",
      forwarded: "for=x",
      "x-http-method-override": "DELETE",
      "proxy-authorization": "Basic x",
      connection: "x-hop",
      "x-hop": "1",
    };
    for (const [status, wanted] of [
      [
        200,
        [
          ...["cache-control", "content-type", "keyturn-proxy", "x-content-type-options"],
          ...["x-ratelimit-limit", "x-ratelimit-remaining", "x-request-id"],
        ],
      ],
      [502, ["cache-control", "content-type", "keyturn-proxy", "x-content-type-options", "x-request-id"]],
      [
        429,
        ["cache-control", "content-type", "keyturn-proxy", "retry-after", "x-content-type-options", "x-request-id"],
      ],
    ]) {
      const response = await proxy(requestOf({ body, headers: secretive }));
      assert.equal(response.status, status);
      assert.deepEqual([...response.headers.keys()].sort(), wanted);
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(response.headers.get("x-request-id"), "req-1");
    }
    for (const { headers } of server.sent) {
      assert.deepEqual([...headers.keys()].filter((name) => name !== "user-agent").sort(), ["accept", "authorization"]);
      assert.equal(headers.get("authorization"), "Bearer a-token-for-tests");
    }
  });

  test("hostile requests are refused, and none reaches the tenant", async () => {
    const tenant = await inProcess();
    const own = { appId: tenant.appId, connectorId: tenant.connectorId };
    const proxy = createProxy({
      client: new ConductorOne(tenant.options),
      authorize: () => ({ ...own }),
      allow: ["apps.get", "connector.rotateCredential"],
      pin: (principal, operation, input) =>
        operation === "apps.get"
          ? input?.id === principal.appId
          : input?.appId === principal.appId && input?.connectorId === principal.connectorId,
      maxRequestBytes: 4096,
    });
    const get = "c1.api.app.v1.Apps.Get";
    const good = JSON.stringify({ operation: ROTATE, input: own });
    const wide = createProxy({
      client: new ConductorOne(tenant.options),
      authorize: () => true,
      allow: ["apps.get"],
      maxRequestBytes: 1 << 20,
    });
    const cases = [
      ...atTheGate(good).map((one) => [proxy, ...one]),
      ...malformed(get, { id: own.appId }).map((one) => [wide, ...one]),
      ...oversize(get).map((one) => [proxy, ...one]),
      ...otherOperations(
        get,
        SECRETS.filter((id) => id !== ROTATE),
      ).map((one) => [proxy, ...one]),
      ...otherIds(ROTATE, own).map((one) => [proxy, ...one]),
    ];
    assert.ok(cases.length >= 200, `${cases.length} cases`);
    assert.equal(new Set(cases.map(([, name]) => name)).size, cases.length, "each once");
    const before = (await tenant.requests()).length;
    for (const [refusing, name, parts] of cases) {
      const response = await refusing(requestOf(parts));
      assert.ok(response.status >= 400 && response.status < 500, `${name}: ${response.status}`);
      assert.deepEqual(
        [response.headers.get("keyturn-proxy"), response.headers.get("cache-control")],
        ["error", "no-store"],
        name,
      );
      const text = await response.text();
      assert.ok(["proxy_refused", "invalid_request"].includes(JSON.parse(text).code), `${name}: ${text}`);
      assert.equal(JSON.parse(text).outcome, "none", name);
      assert.excludes(text, tenant.clientSecret, "secret-token:");
    }
    assert.equal((await tenant.requests()).length, before, "nothing reached the tenant");
    assert.equal({}.polluted, undefined);
    // A valid request succeeds, so the others were refused because of their faults.
    assert.equal((await proxy(requestOf({ body: good }))).status, 200);
    assert.equal((await tenant.requests({ operation: "connector.rotateCredential" })).length, 1);
  });

  test("what Commerce Layer's URLs could ask for is refused, and secrets are left out unasked", async () => {
    const { tenant, proxy, client, cl } = await startProvisioning({
      allow: ["api_credentials:read", "api_credentials:write", "organizations:read"],
    });
    const [{ id }] = await client.api_credentials.list();
    const before = (await tenant.requests()).length;
    for (const [name, parts] of ofResources(id)) {
      const response = await proxy(requestOf(parts));
      assert.ok(response.status >= 400 && response.status < 500, `${name}: ${response.status}`);
      const text = await response.text();
      assert.ok(["proxy_refused", "invalid_request"].includes(JSON.parse(text).code), `${name}: ${text}`);
    }
    assert.equal((await tenant.requests()).length, before);
    const { client_secret: secret } = await client.api_credentials.retrieve(id);
    assert.ok(secret.length > 10);
    // Both through the client and in requests made by hand.
    assert.equal((await cl.api_credentials.retrieve(id, { include: ["organization"] })).client_secret, undefined);
    for (const [operation, input] of [
      ["api_credentials.retrieve", { id }],
      ["api_credentials.list", {}],
      ["api_credentials.list", { query: { "fields[api_credentials]": "" } }],
      ["organizations.list", { query: { include: "api_credentials" } }],
      [
        "api_credentials.update",
        { id, document: { data: { type: "api_credentials", id, attributes: { name: "renamed" }, relationships: {} } } },
      ],
    ]) {
      const response = await proxy(requestOf({ body: JSON.stringify({ operation, input }) }));
      const text = await response.text();
      assert.equal(response.status, 200, `${operation}: ${text}`);
      assert.excludes(text, secret, "client_secret");
    }
    const shown = createProxy({ client, authorize: () => true, allow: ["api_credentials.retrieve"], secrets: true });
    const answer = await shown(
      requestOf({ body: JSON.stringify({ operation: "api_credentials.retrieve", input: { id } }) }),
    );
    assert.equal((await answer.json()).data.attributes.client_secret, secret);
  });

  test("Commerce Layer: a credential is made, read, changed, listed and deleted from a page", async () => {
    const { cl, tenant } = await startProvisioning({}, { names: "camel" });
    const [organization] = await cl.organizations.list();
    const [role] = await cl.roles.list();
    const made = await cl.api_credentials.create({
      name: "made in a page",
      kind: "integration",
      metadata: { nested: { at: "x" } },
      organization: cl.organizations.relationship(organization),
      role: cl.roles.relationship(role),
    });
    assert.ok(made.clientSecret.length > 10);
    assert.ok(made.createdAt instanceof Date);
    const read = await cl.api_credentials.retrieve(made.id, { include: ["organization"] });
    assert.deepEqual(
      [read.name, read.organization.id, read.clientSecret],
      ["made in a page", organization.id, undefined],
    );
    assert.equal((await cl.api_credentials.update({ id: made.id, name: "renamed" })).name, "renamed");
    const found = await cl.api_credentials.list({ filters: { nameEq: "renamed" }, sort: ["-createdAt"], pageSize: 1 });
    assert.deepEqual([found.length, found.recordCount, found[0].id], [1, 1, made.id]);
    assert.equal(await cl.api_credentials.count({ filters: { nameEq: "renamed" } }), 1);
    await cl.api_credentials.delete(made.id);
    const gone = await assert.rejects(cl.api_credentials.retrieve(made.id));
    assert.deepEqual(
      [gone.name, gone.status, gone.kind, gone.apiCode],
      ["ApiError", 404, "not_found", "RECORD_NOT_FOUND"],
    );
    const refused = await assert.rejects(cl.memberships.list());
    assert.deepEqual(
      [refused.name, refused.kind, refused.outcome, refused.cause.reason],
      ["SdkError", "proxy_refused", "none", "not_allowed"],
    );
    const replaced = await assert.rejects(cl.api_credentials.replace(made.id, { sink: {} }));
    assert.deepEqual([replaced.code, replaced.reason], ["invalid_configuration", "not_by_proxy"]);
    assert.ok((await tenant.requests({ operation: "commercelayer.token" })).length >= 1);
    let items = 0;
    for await (const _ of cl.api_credentials.list({ pageSize: 2 })) items++;
    assert.ok(items > 2);
  });

  test("an error is the one that the server's client met with", async () => {
    const fields = [
      "name",
      "code",
      "kind",
      "message",
      "outcome",
      "hint",
      "retryAfterMs",
      "requestId",
      "operation",
      "status",
      "apiCode",
      "excerpt",
      "reason",
      "timeoutMs",
    ];
    const facts = (error) => Object.fromEntries(fields.map((name) => [name, error[name]]));
    const same = async (script, call, note) => {
      const [alone, behind] = [stub(script), stub(script)];
      const own = await assert.rejects(call(stubClient(keyturn, alone, { retryConfig: { strategy: "none" } })), note);
      const { page } = stubbed(behind);
      const seen = await assert.rejects(call(page), note);
      assert.deepEqual(facts(seen), facts(own), note);
      assert.deepEqual(seen.details, own.details, note);
      assert.ok(seen instanceof keyturn[own.name] && KeyturnError.is(seen), note);
      assert.equal(behind.sent.length, 1, `${note}: sent once`);
      if (own.code === "outcome_unknown") assert.deepEqual(facts(seen.cause), facts(own.cause), note);
      return seen;
    };
    const own = { appId: "a", connectorId: "b" };
    const calls = [
      ["a read", (c1) => c1.apps.get({ id: "a" })],
      ["a change", (c1) => c1.apps.create({ displayName: "a" })],
      ["a rotation", (c1) => c1.connector.rotateCredential(own)],
    ];
    for (const [kind, call] of calls) {
      for (const status of [
        400, 401, 402, 403, 404, 405, 407, 408, 409, 412, 418, 421, 422, 425, 429, 500, 501, 502, 503, 504, 599,
      ]) {
        const body = { code: 7, message: "no way: `x`", details: [{ "@type": "x", reason: "WHY" }] };
        await same(answer(status, body, { "x-request-id": "req-1", "retry-after": "1.5" }), call, `${kind}, ${status}`);
      }
      await same(answer(302, null, { location: "https://evil.example" }), call, `${kind}, redirected`);
      await same(answer(200, "<html>", { "content-type": "text/html" }), call, `${kind}, no JSON`);
      const seen = await same(() => brokenOff(), call, `${kind}, broken off`).catch((error) => error);
      assert.ok(["connection_failed", "outcome_unknown"].includes(seen.code), `${kind}, broken off: ${seen.message}`);
      await same(new TypeError("fetch failed"), call, `${kind}, no answer`);
      const refused = new TypeError("fetch failed", {
        cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
      });
      await same(refused, call, `${kind}, no connection`);
    }
    // Unreadable responses are detected in the page.
    const { page } = stubbed(stub(answer(200, '{"credential":{"id')));
    assert.equal((await assert.rejects(page.connector.rotateCredential(own))).code, "outcome_unknown");
  });

  test("no login, no token and no time are the server's to tell", async () => {
    const { tenant, page } = await start();
    await tenant.fault({
      operation: "token",
      times: "always",
      action: { status: 401, body: { error: "invalid_client" } },
    });
    const login = await assert.rejects(page.apps.list());
    assert.deepEqual([login.name, login.code, login.outcome], ["AuthenticationError", "authentication_failed", "none"]);
    assert.excludes(`${login.message}${login.stack}`, tenant.clientSecret);

    const hanging = stub(() => new Promise(() => undefined));
    for (const [call, code] of [
      [(c1) => c1.apps.list({}, ONCE), "timeout"],
      [(c1) => c1.connector.rotateCredential({ appId: "a", connectorId: "b" }), "outcome_unknown"],
    ]) {
      const { page } = stubbed(hanging, { timeoutMs: 20 });
      const late = await assert.rejects(call(page));
      assert.equal(late.code, code);
      if (code === "timeout") assert.equal(late.timeoutMs, 20);
      else assert.deepEqual([late.outcome, late.cause.code, late.cause.timeoutMs], ["unknown", "timeout", 20]);
    }
    const { client, page: closed } = stubbed(stub({}));
    client.close();
    assert.equal((await assert.rejects(closed.apps.list())).name, "InternalError");
  });

  test("a refusal of the application is told apart from one of the tenant", async () => {
    const body = JSON.stringify({ operation: LIST, input: {} });
    for (const nobody of [undefined, null, false, 0, ""]) {
      const { page, tenant, records } = await start({ authorize: () => nobody });
      const error = await assert.rejects(page.apps.list());
      assert.ok(error instanceof ProxyError && error instanceof KeyturnError && !(error instanceof keyturn.ApiError));
      assert.deepEqual(
        [error.code, error.status, error.reason, error.outcome],
        ["proxy_refused", 401, "unauthorized", "none"],
      );
      assert.equal((await tenant.requests()).length, 0);
      assert.deepEqual([records[0].status, records[0].reason, records[0].principal], [401, "unauthorized", undefined]);
    }
    const own = () =>
      new Response("log in", { status: 403, headers: { "set-cookie": "a=b", "keyturn-proxy": "answer" } });
    const { page, proxy } = await start({ authorize: own });
    const error = await assert.rejects(page.apps.list());
    assert.deepEqual([error.code, error.status, error.reason], ["proxy_refused", 403, "forbidden"]);
    const answered = await proxy(requestOf({ body }));
    assert.deepEqual(
      [answered.headers.get("cache-control"), answered.headers.get("set-cookie")?.slice(0, 3)],
      ["no-store", answered.headers.get("set-cookie") === null ? undefined : "a=b"],
    );

    for (const broken of [
      {
        authorize: () => {
          throw new Error("database at 10.0.0.1");
        },
      },
      {
        authorize: async () => {
          throw new Error("database at 10.0.0.1");
        },
      },
      {
        pin: () => {
          throw new Error("database at 10.0.0.1");
        },
      },
    ]) {
      const { page, tenant, records } = await start(broken);
      const error = await assert.rejects(page.connector.rotateCredential(idsOf(tenant)));
      assert.deepEqual(
        [error.code, error.status, error.reason, error.outcome],
        ["proxy_refused", 500, "failed", "none"],
      );
      assert.excludes(error.message, "10.0.0.1");
      assert.equal(records[0].cause.message, "database at 10.0.0.1");
    }
    for (const yes of [1, "true", {}, [], undefined, null, Promise.resolve(1)]) {
      const { page, tenant } = await start({ pin: () => yes });
      const error = await assert.rejects(page.apps.list());
      assert.deepEqual([error.status, error.reason], [403, "not_permitted"]);
      assert.equal((await tenant.requests()).length, 0);
    }
  });

  test("an application that never decides is not waited for, and nothing is sent", async () => {
    for (const stuck of [
      { authorize: () => new Promise(() => undefined) },
      { pin: () => new Promise(() => undefined) },
    ]) {
      const { page, tenant } = await start({ ...stuck, timeoutMs: 10 });
      const error = await assert.rejects(page.connector.rotateCredential(idsOf(tenant)));
      assert.deepEqual([error.code, error.outcome], ["timeout", "none"]);
      assert.equal((await tenant.requests()).length, 0);
    }
    const { proxy } = await start({ timeoutMs: 10 });
    const slow = await proxy(requestOf({ body: new ReadableStream() }));
    assert.deepEqual([slow.status, (await slow.json()).code], [504, "timeout"]);
  });

  test("what stands before the proxy is told as such, and nothing is claimed that is not known", async () => {
    const own = { appId: "a", connectorId: "b" };
    const page = (...script) => {
      const server = stub(...script);
      return { server, c1: new ConductorOne({ proxy: `${ORIGIN}/keyturn`, fetch: server.fetch }) };
    };
    for (const [status, reason] of [
      [302, "redirected"],
      [401, "unauthorized"],
      [403, "forbidden"],
      [404, "unexpected"],
      [413, "unexpected"],
    ]) {
      const error = await assert.rejects(
        page(answer(status, "<html>", { "content-type": "text/html" })).c1.connector.rotateCredential(own),
      );
      assert.deepEqual(
        [error.code, error.status, error.reason, error.outcome],
        ["proxy_refused", status, reason, "none"],
      );
    }
    const limited = await assert.rejects(
      page(answer(429, "", { "retry-after": "3" })).c1.connector.rotateCredential(own),
    );
    assert.deepEqual([limited.reason, limited.retryAfterMs], ["rate_limited", 3000]);
    const gateway = page(
      answer(502, "<html>"),
      answer(503, "<html>"),
      answer(200, { list: [] }, { "keyturn-proxy": "answer" }),
    );
    assert.equal((await gateway.c1.apps.list()).statusCode, 200, "a read is sent again");
    assert.equal(gateway.server.sent.length, 3);
    const change = page(answer(502, "<html>"));
    const changed = await assert.rejects(change.c1.apps.create({ displayName: "a" }));
    assert.deepEqual(
      [changed.code, changed.reason, changed.outcome, change.server.sent.length],
      ["proxy_refused", "unavailable", "unknown", 1],
    );
    const rotation = page(answer(502, "<html>"));
    const rotated = await assert.rejects(rotation.c1.connector.rotateCredential(own));
    assert.deepEqual(
      [rotated.code, rotated.outcome, rotated.cause.code, rotation.server.sent.length],
      ["outcome_unknown", "unknown", "proxy_refused", 1],
    );
    // A page that a server returns for every path, such as that of a single-page application, is not a proxy's
    // response.
    const html = answer(200, "<!doctype html>", { "content-type": "text/html" });
    assert.equal((await assert.rejects(page(html).c1.apps.list())).code, "invalid_response");
    assert.equal((await assert.rejects(page(html).c1.connector.rotateCredential(own))).code, "outcome_unknown");
    // Nor is JSON from another server.
    assert.equal((await assert.rejects(page(answer(200, { list: [] })).c1.apps.list())).code, "invalid_response");
  });

  test("a lost answer of a call that issues a secret is unknown, wherever it was lost, and is not asked for again", async () => {
    const { tenant, page } = await start();
    await tenant.fault({ operation: "connector.rotateCredential", action: "drop-answer" });
    const behind = await assert.rejects(page.connector.rotateCredential(idsOf(tenant)));
    assert.deepEqual([behind.code, behind.outcome], ["outcome_unknown", "unknown"]);
    assert.match(behind.hint, /Look for a credential/);
    assert.equal((await tenant.requests({ operation: "connector.rotateCredential" })).length, 1);

    const { tenant: other, proxy } = await start();
    const lossy = async (url, init) => {
      await proxy(arrived(url, init));
      throw new TypeError("network error");
    };
    const before = new ConductorOne({ proxy: `${ORIGIN}/keyturn`, fetch: lossy });
    const lost = await assert.rejects(before.connector.rotateCredential(idsOf(other)));
    assert.deepEqual([lost.code, lost.outcome, lost.cause.code], ["outcome_unknown", "unknown", "connection_failed"]);
    assert.equal((await other.requests({ operation: "connector.rotateCredential" })).length, 1);
    const halves = async (url, init) => {
      const { status, headers } = await proxy(arrived(url, init));
      return brokenOff({ status, headers });
    };
    const half = new ConductorOne({ proxy: `${ORIGIN}/keyturn`, fetch: halves });
    assert.equal((await assert.rejects(half.connector.rotateCredential(idsOf(other)))).code, "outcome_unknown");
    assert.equal((await other.requests({ operation: "connector.rotateCredential" })).length, 2);
  });

  test("a page that goes away ends its call: before it is sent nothing happens, later nobody can know", async () => {
    const waiting = {};
    const decided = new Promise((resolve) => {
      waiting.resolve = resolve;
    });
    const { tenant, page } = await start({ pin: () => decided });
    const leaving = new AbortController();
    const early = assert.rejects(page.connector.rotateCredential(idsOf(tenant), { signal: leaving.signal }));
    leaving.abort();
    const error = await early;
    // The page cannot know how far its server got.
    assert.ok(["outcome_unknown", "aborted"].includes(error.code), error.code);
    waiting.resolve(true);
    await decided;
    assert.equal(
      (await tenant.requests({ operation: "connector.rotateCredential" })).length,
      0,
      "the server has not sent it",
    );

    const gone = new AbortController();
    const sent = [];
    const server = stub((_url, init) => {
      sent.push(init.signal);
      gone.abort();
      return new Promise(() => undefined);
    });
    const { page: second } = stubbed(server);
    const late = await assert.rejects(
      second.connector.rotateCredential({ appId: "a", connectorId: "b" }, { signal: gone.signal }),
    );
    assert.deepEqual([late.code, late.outcome], ["outcome_unknown", "unknown"]);
    assert.ok(sent.length <= 1);
  });

  test("calls beside each other get their own answers", async () => {
    const { tenant, page, client } = await start();
    const { list } = (await client.apps.list()).listAppsResponse;
    const asked = Array.from({ length: 60 }, (_, i) => list[i % list.length].id);
    const found = await Promise.all(
      asked.map((id, i) => (i % 7 === 6 ? assert.rejects(page.apps.get({ id: `no-${i}` })) : page.apps.get({ id }))),
    );
    found.forEach((one, i) => {
      if (i % 7 === 6) assert.equal(one.code, "not_found");
      else assert.equal(one.getAppResponse.app.id, asked[i]);
    });
    const [a, b] = await Promise.all([
      page.connector.rotateCredential(idsOf(tenant)),
      page.connector.rotateCredential(idsOf(tenant)),
    ]);
    const secret = (one) => one.connectorServiceRotateCredentialResponse.credential.clientSecret;
    assert.ok(secret(a) !== secret(b));
    assert.equal((await tenant.requests({ operation: "connector.rotateCredential" })).length, 2);
  });

  test("an answer that is too large is not held, and of a rotation it is unknown", async () => {
    let pulled = 0;
    let cancelled = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => void (pulled++, controller.enqueue(new Uint8Array(4096))),
          cancel: () => void cancelled++,
        }),
        { headers: { "content-type": "application/json" } },
      );
    const { page } = stubbed(stub(endless), { maxAnswerBytes: 10_000 });
    const error = await assert.rejects(page.apps.list());
    assert.deepEqual([error.code, error.status], ["invalid_response", 200]);
    assert.match(error.message, /larger than 10000 bytes/);
    assert.ok(pulled < 10);
    assert.equal(cancelled, 1);
    assert.equal(
      (await assert.rejects(page.connector.rotateCredential({ appId: "a", connectorId: "b" }))).code,
      "outcome_unknown",
    );
    const told = stubbed(stub(answer(200, { list: [] }, { "content-length": "20000" })), { maxAnswerBytes: 10_000 });
    assert.equal((await assert.rejects(told.page.apps.list())).code, "invalid_response");
    const whole = JSON.stringify({ list: [], notificationToken: "" });
    assert.equal(
      (await stubbed(stub(answer(200, whole)), { maxAnswerBytes: whole.length }).page.apps.list()).statusCode,
      200,
    );
  });

  test("what is wrong with the options is said when they are given", async () => {
    const { options } = await inProcess();
    const client = new ConductorOne(options);
    const good = { client, authorize: () => true, allow: ["apps.list"] };
    for (const [bad, option, reason] of [
      [{ client: {} }, "client", "not_a_client"],
      [{ client: undefined }, "client", "not_a_client"],
      [{ authorize: undefined }, "authorize", "not_a_function"],
      [{ pin: true }, "pin", "not_a_function"],
      [{ allow: ["apps.lists"] }, "allow", "no_such_operation"],
      [{ allow: ["apps"] }, "allow", "no_such_operation"],
      [{ allow: ["apps:all"] }, "allow", "no_such_operation"],
      [{ allow: ["*"] }, "allow", "no_such_operation"],
      [{ allow: ["app:read"] }, "allow", "no_such_operation"],
      [{ origins: ["https://app.example/"] }, "origins", "not_an_origin"],
      [{ origins: ["*"] }, "origins", "not_an_origin"],
    ]) {
      const error = assert.throws(() => createProxy({ ...good, ...bad }), JSON.stringify(bad));
      assert.deepEqual([error.code, error.option, error.reason], ["invalid_configuration", option, reason]);
    }
    for (const [bad, option, reason] of [
      [{ clientID: "a" }, "clientID", "not_with_proxy"],
      [{ security: { bearerAuth: "a" } }, "security", "not_with_proxy"],
      [{ serverURL: "https://a.example" }, "serverURL", "not_with_proxy"],
      [{ proxy: "https://" }, "proxy", "not_a_url"],
      [{ proxy: "http://app.example/keyturn" }, "serverURL", undefined],
    ]) {
      const error = assert.throws(() => new ConductorOne({ proxy: `${ORIGIN}/keyturn`, ...bad }), JSON.stringify(bad));
      assert.equal(error.option, option);
      if (reason) assert.equal(error.reason, reason);
    }
    assert.equal(
      assert.throws(() => CommerceLayerProvisioning({ proxy: `${ORIGIN}/x`, accessToken: "a" })).kind,
      "invalid_configuration",
    );
    const cl = CommerceLayerProvisioning({ proxy: `${ORIGIN}/x` });
    assert.equal(assert.throws(() => cl.config({ accessToken: "a" })).kind, "invalid_configuration");
    assert.equal(
      assert.throws(() => new ConductorOne({ proxy: `${ORIGIN}/x` }).with({ clientID: "a" })).code,
      "invalid_configuration",
    );
  });

  test("a server that builds the URL from its configuration knows its own origin by the Host header", async () => {
    const { proxy } = await start();
    const sent = (headers) =>
      proxy(
        requestOf({
          url: "https://localhost:3000/keyturn",
          headers,
          body: JSON.stringify({ operation: LIST, input: {} }),
        }),
      );
    for (const [headers, status] of [
      [{ host: "app.example" }, 200],
      [{ host: "app.example:8443", origin: "https://app.example:8443" }, 200],
      [{ host: "localhost:3000", origin: "https://localhost:3000" }, 200],
      [{ host: "other.example" }, 403],
      [{ host: "app.example", origin: "http://app.example" }, 403],
      [{ host: "" }, 403],
    ])
      assert.equal((await sent(headers)).status, status, JSON.stringify(headers));
  });

  test("a relative URL is the page's; without a page, a client can be created, and its calls say why they fail", async () => {
    const asked = [];
    const fetch = (url) => Promise.reject(asked.push(String(url)) && new TypeError("nobody answers"));
    const options = { fetch, retryConfig: { strategy: "none" } };
    const c1 = new ConductorOne({ ...options, proxy: "/keyturn" });
    const cl = CommerceLayerProvisioning({ ...options, proxy: { url: "/provisioning" } });
    const page = globalThis.location?.origin;
    for (const [call, path] of [
      [() => c1.apps.list(), "/keyturn"],
      [() => cl.api_credentials.list(), "/provisioning"],
    ]) {
      const { kind, message, outcome } = await assert.rejects(call());
      if (page) assert.deepEqual([kind, asked.at(-1)], ["connection_failed", page + path]);
      else assert.deepEqual([kind, asked.length], ["invalid_configuration", 0]);
      assert.equal(/there is no page here/.test(message), !page);
      assert.equal(outcome, "none");
    }
  });

  test("groups are of reads, or of all but what issues a secret", async () => {
    const { options } = await inProcess();
    const client = new ConductorOne(options);
    const refused = async (allow, operation) => {
      const proxy = createProxy({ client, authorize: () => true, allow });
      const body = JSON.stringify({ operation, input: { appId: "no-such", connectorId: "no-such", id: "no-such" } });
      return (await (await proxy(requestOf({ body }))).json()).reason === "not_allowed";
    };
    assert.equal(await refused(["connector:read"], "c1.api.app.v1.ConnectorService.GetCredentials"), false);
    assert.equal(await refused(["connector:read"], "c1.api.app.v1.ConnectorService.RevokeCredential"), true);
    assert.equal(await refused(["connector:write"], "c1.api.app.v1.ConnectorService.RevokeCredential"), false);
    assert.equal(await refused(["connector:write"], "c1.api.app.v1.ConnectorService.GetCredentials"), false);
    assert.equal(await refused(["connector:write"], ROTATE), true);
    assert.equal(await refused(["connector.rotateCredential"], ROTATE), false);
    assert.equal(await refused([], LIST), true);
  });

  test("cookies of the application go along, and nothing else of the page", async () => {
    const { fetch, sent } = stub(answer(200, { list: [] }, { "keyturn-proxy": "answer" }));
    await new ConductorOne({ proxy: `${ORIGIN}/keyturn`, fetch }).apps.list();
    await new ConductorOne({ proxy: { url: `${ORIGIN}/keyturn`, credentials: "include" }, fetch }).apps.list();
    const knows = "credentials" in new Request(ORIGIN) && new Request(ORIGIN).credentials !== undefined;
    for (const [{ init, url, method, headers, body }, credentials] of [
      [sent[0], "same-origin"],
      [sent[1], "include"],
    ]) {
      assert.equal(url, `${ORIGIN}/keyturn`);
      assert.equal(method, "POST");
      if (knows) assert.equal(init.credentials, credentials);
      assert.equal(init.redirect, "manual");
      assert.equal(headers.get("authorization"), null);
      assert.equal(headers.get("keyturn-proxy"), HEADERS["keyturn-proxy"]);
      assert.deepEqual(JSON.parse(body), { operation: LIST, input: null });
    }
    const invalid = await assert.rejects(
      new ConductorOne({ proxy: `${ORIGIN}/keyturn`, fetch }).apps.get({ id: ".." }),
    );
    assert.deepEqual([invalid.code, sent.length], ["invalid_request", 2], "the page checks what it asks for");
  });
};
