// Clients of `keyturn/compat`: how they are created, how they authenticate, and what each option does.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import {
  answer,
  ConductoroneSDKTypescript,
  ConductoroneSDKTypescriptCore,
  client,
  HTTPClient,
  load,
  rejection,
  require,
  SERVER,
  security,
  server,
  TOKEN,
} from "./world.mjs";

const { createSandbox } = await load("keyturn/sandbox");
const { SDKHooks } = await load("keyturn/compat/hooks/hooks.js");
const { appsGet } = await load("keyturn/compat/funcs/appsGet.js");
const get = { id: "an-app" };

describe("a client is created as in the official documentation", () => {
  for (const [options, url] of [
    [undefined, "https://example.conductor.one/"],
    [{ security }, "https://example.conductor.one/"],
    [{ tenantDomain: "acme", security }, "https://acme.conductor.one/"],
    [{ tenantDomain: "acme", serverIdx: 0, security }, "https://acme.conductor.one/"],
    [
      { serverURL: "https://{tenantDomain}.conductor.one", tenantDomain: "acme", security },
      "https://acme.conductor.one/",
    ],
    [{ serverURL: "https://proxy.example/c1/", security }, "https://proxy.example/c1/"],
    [{ serverURL: "http://127.0.0.1:8080", security }, "http://127.0.0.1:8080/"],
    [{ clientID: "", clientSecret: "" }, "https://example.conductor.one/"],
    [
      {
        httpClient: new HTTPClient(),
        timeoutMs: 5,
        retryConfig: { strategy: "none" },
        userAgent: "mine",
        debugLogger: console,
      },
      "https://example.conductor.one/",
    ],
  ]) {
    test(JSON.stringify(options ?? null), () => {
      for (const Client of [ConductoroneSDKTypescript, ConductoroneSDKTypescriptCore])
        assert.equal(new Client(options)._baseURL.href, url);
    });
  }

  test("or refused if the destination of requests is unknown", () => {
    assert.throws(() => new ConductoroneSDKTypescript({ serverIdx: 1 }), { message: /Invalid server index 1/ });
    assert.throws(() => new ConductoroneSDKTypescript({ serverURL: "http://example.com" }), {
      name: "InvalidRequestError",
    });
    assert.throws(() => new ConductoroneSDKTypescript({ tenantDomain: "evil.com/#" }), { name: "InvalidRequestError" });
    assert.throws(
      () =>
        new ConductoroneSDKTypescript({
          serverURL: "https://{tenantDomain}.conductor.one",
          tenantDomain: "evil.com/#",
        }),
      { name: "InvalidRequestError" },
    );
  });
});

describe("security", () => {
  for (const [given, sent] of [
    [{ bearerAuth: "b" }, "Bearer b"],
    [{ oauth: "o" }, "Bearer o"],
    [{ bearerAuth: "b", oauth: "o" }, "Bearer o"],
    [{ bearerAuth: "Bearer b" }, "Bearer b"],
    [{ oauth: "bearer o" }, "Bearer o"],
    [async () => ({ bearerAuth: "b" }), "Bearer b"],
    [async () => ({ bearerAuth: "b", oauth: "o" }), "Bearer o"],
    [async () => ({}), null],
    [{}, null],
    [undefined, null],
  ]) {
    test(`${JSON.stringify(given) ?? String(given)} sends ${sent}`, async () => {
      const at = server({});
      await client(at, { security: given }).apps.get(get);
      assert.equal(at.sent[0].headers.get("authorization"), sent);
    });
  }

  test("a function is called before each call", async () => {
    const at = server({});
    let asked = 0;
    const sdk = client(at, { security: async () => ({ bearerAuth: `t${++asked}` }) });
    await sdk.apps.get(get);
    await sdk.apps.get(get);
    assert.deepEqual(
      at.sent.map(({ headers }) => headers.get("authorization")),
      ["Bearer t1", "Bearer t2"],
    );
  });

  test("a header of the call takes precedence", async () => {
    const at = server({});
    await client(at, { security: undefined }).apps.get(get, { headers: { Authorization: "Bearer mine" } });
    await client(at).apps.get(get, { fetchOptions: { headers: { Authorization: "Bearer mine" } } });
    assert.deepEqual(
      at.sent.map(({ headers }) => headers.get("authorization")),
      ["Bearer mine", "Bearer mine"],
    );
  });

  test("a call without any credentials that is refused is not repeated", async () => {
    const at = server(answer(401, {}));
    assert.equal((await rejection(client(at, { security: undefined }).apps.get(get))).statusCode, 401);
    assert.equal(at.sent.length, 1);
  });
});

describe("client id and secret", () => {
  async function tenant(options = {}) {
    const sandbox = await createSandbox(options);
    const sent = [];
    const fetcher = (request) => (sent.push(new URL(request.url).pathname), sandbox.fetch(request));
    const at = {
      clientID: sandbox.clientId,
      clientSecret: sandbox.clientSecret,
      serverURL: sandbox.url,
      defaultClient: new HTTPClient({ fetcher }),
    };
    return { sandbox, sent, sdk: new ConductoroneSDKTypescript(at), at };
  }

  test("ten first calls fetch one token, through the same client", async () => {
    const { sandbox, sent, sdk } = await tenant();
    await Promise.all(Array.from({ length: 10 }, () => sdk.apps.list()));
    assert.equal(sent.filter((path) => path === "/auth/v1/token").length, 1);
    assert.equal(sent.length, 11);
    sandbox.close();
  });

  test("getCurrentToken and getValidToken share the calls' token", async () => {
    const { sandbox, sent, sdk } = await tenant();
    assert.equal(sdk.getCurrentToken(), null);
    const [one, two] = await Promise.all([sdk.getValidToken(), sdk.getValidToken()]);
    assert.equal(one, two);
    assert.match(one, /^\S+$/);
    assert.equal(sdk.getCurrentToken(), one);
    await sdk.apps.list();
    assert.equal(sent.filter((path) => path === "/auth/v1/token").length, 1);
    sandbox.close();
  });

  test("a token that has expired is not sent", async () => {
    const { sandbox, sent, sdk } = await tenant({ tokenTtl: 1 });
    await sdk.apps.list();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await sdk.apps.list();
    assert.equal(sent.filter((path) => path === "/auth/v1/token").length, 2);
    sandbox.close();
  });

  test("a token that the server refuses is replaced once", async () => {
    const { sandbox, sdk } = await tenant();
    await sdk.apps.list();
    sandbox.fault({ operation: "apps.list", times: 1, action: { status: 401, body: {} } });
    assert.equal((await sdk.apps.list()).statusCode, 200);
    sandbox.close();
  });

  test("a token endpoint that hangs does not outlast the call's time or signal", async () => {
    const { sandbox, at } = await tenant();
    const hung = new HTTPClient({ fetcher: () => new Promise(() => {}) });
    const sdk = new ConductoroneSDKTypescript({ ...at, defaultClient: hung });
    assert.equal((await rejection(sdk.apps.list({}, { timeoutMs: 20 }))).name, "RequestTimeoutError");
    assert.equal((await rejection(sdk.apps.list({}, { signal: AbortSignal.timeout(20) }))).name, "RequestAbortedError");
    sandbox.close();
  });

  test("a refusal of the token endpoint is reported, and not logged", async (t) => {
    const { sandbox, sdk } = await tenant();
    const logged = t.mock.method(console, "error", () => {});
    sandbox.fault({ operation: "token", times: "always", action: { status: 500, body: {} } });
    const error = await rejection(sdk.getValidToken());
    assert.equal(error.name, "UnexpectedClientError");
    assert.match(error.message, /^Failed to get token: /);
    assert.equal(logged.mock.callCount(), 0);
    sandbox.close();
  });

  test("a static token is the current one", async () => {
    const sdk = client(server({}));
    assert.equal(sdk.getCurrentToken(), TOKEN);
    assert.equal(await sdk.getValidToken(), TOKEN);
    const error = await rejection(client(server({}), { security: undefined }).getValidToken());
    assert.equal(error.message, "Failed to obtain auth token");
  });

  test("functions of the CommonJS copy accept a client of the ES modules, and vice versa", async () => {
    const at = server({});
    const { appsGet: required } = require("keyturn/compat/funcs/appsGet.js");
    const Other = require("keyturn/compat/core.js").ConductoroneSDKTypescriptCore;
    assert.ok((await required(client(at), get)).ok);
    assert.ok((await appsGet(new Other({ security, serverURL: SERVER, httpClient: at.httpClient }), get)).ok);
    await assert.rejects(async () => appsGet({}, get), TypeError);
  });

  test("functions also accept the whole client", async () => {
    const { sandbox, sdk } = await tenant();
    const { appsList } = await load("keyturn/compat/funcs/appsList.js");
    assert.ok((await appsList(sdk)).ok);
    sandbox.close();
  });
});

describe("requests", () => {
  test("have the headers of the official SDK but no empty cookie", async () => {
    const at = server({});
    await client(at, { userAgent: "mine/1" }).apps.get(get, { headers: { "x-mine": "1" } });
    const headers = Object.fromEntries(at.sent[0].headers);
    assert.deepEqual(Object.keys(headers).sort(), ["accept", "authorization", "user-agent", "x-mine"]);
    assert.match(headers["user-agent"], /^mine\/1 keyturn\//);
  });

  test("read-only fields that the mask names are sent", async () => {
    const at = server({});
    const request = {
      appUserAppId: "a",
      appUserId: "i",
      appUserServiceUpdateRequest: { appUser: { identityUserId: "u", email: "e" }, updateMask: "identityUserId" },
    };
    await client(at).appUser.update(request);
    assert.deepEqual(JSON.parse(at.sent[0].body), { appUser: { identityUserId: "u" }, updateMask: "identityUserId" });
  });

  test("go to another base URL of the same origin for one call", async () => {
    const at = server({});
    await client(at).apps.get(get, { serverURL: `${SERVER}/proxy/` });
    assert.equal(at.sent[0].url, `${SERVER}/proxy/api/v1/apps/an-app`);
  });

  test("go to any base URL for one call, if the client has no tenant", async () => {
    const at = server({});
    const sdk = client(at, { serverURL: undefined });
    await sdk.apps.get(get, { serverURL: "http://127.0.0.1:1234" });
    assert.equal(at.sent[0].url, "http://127.0.0.1:1234/api/v1/apps/an-app");
    for (const serverURL of ["http://example.com", "no url"]) {
      assert.equal((await rejection(sdk.apps.get(get, { serverURL }))).name, "InvalidRequestError", serverURL);
    }
    assert.equal(
      (await rejection(client(at).apps.get(get, { serverURL: "https://elsewhere.example" }))).name,
      "InvalidRequestError",
    );
    assert.equal(at.sent.length, 1);
  });

  test("accept the options of fetch, directly or as fetchOptions", async () => {
    const at = server({});
    await client(at).apps.get(get, { keepalive: true });
    await client(at).apps.get(get, { fetchOptions: { keepalive: true } });
    await client(at).apps.get(get, { method: "DELETE", body: "x" });
    assert.deepEqual(
      at.sent.map(({ method, body }) => [method, body]),
      Array(3).fill(["GET", ""]),
    );
  });

  test("lists that gained paging parameters still accept only options", async () => {
    const at = server({});
    const sdk = client(at);
    await sdk.personalClient.list({ headers: { "x-mine": "1" } });
    await sdk.personalClient.list({ pageSize: 5 });
    await sdk.personalClient.list({}, { headers: { "x-mine": "1" } });
    assert.deepEqual(
      at.sent.map(({ path, headers }) => [path, headers.get("x-mine")]),
      [
        ["/api/v1/iam/personal_clients", "1"],
        ["/api/v1/iam/personal_clients?page_size=5", null],
        ["/api/v1/iam/personal_clients", "1"],
      ],
    );
  });

  test("integers keep their digits", async () => {
    const at = server(
      answer(200, '{"taskView":{"task":{"numericId":"9007199254740993"}}}'),
      answer(200, '{"taskView":{"task":{"numericId":12}}}'),
    );
    const sdk = client(at);
    const read = async () => (await sdk.task.get({ id: "t" })).taskServiceGetResponse.taskView.task.numericId;
    assert.deepEqual([await read(), await read()], ["9007199254740993", 12]);
  });
});

describe("HTTPClient", () => {
  test("runs its hooks, and removes and clones them", async () => {
    const log = [];
    const at = server({}, new TypeError("fetch failed"), {});
    const http = at.httpClient;
    const before = (request) => (
      log.push("before"), new Request(request, { headers: { ...Object.fromEntries(request.headers), "x-hook": "1" } })
    );
    const look = () => void log.push("look");
    http.addHook("beforeRequest", before).addHook("beforeRequest", look);
    http.addHook("response", (response, request) => void log.push(`response ${response.status} ${request.method}`));
    http.addHook("requestError", (error, request) => void log.push(`error ${error.message} ${request.method}`));
    const sdk = client(at);
    await sdk.apps.get(get);
    assert.equal(at.sent[0].headers.get("x-hook"), "1");
    await rejection(sdk.apps.get(get));
    const copy = http.clone();
    http.removeHook("beforeRequest", before).removeHook("beforeRequest", () => {});
    await sdk.apps.get(get);
    assert.equal(at.sent[2].headers.get("x-hook"), null);
    await client({ httpClient: copy }).apps.get(get);
    assert.equal(at.sent[3].headers.get("x-hook"), "1");
    assert.deepEqual(log, [
      ...["before", "look", "response 200 GET"],
      ...["before", "look", "error fetch failed GET"],
      ...["look", "response 200 GET"],
      ...["before", "look", "response 200 GET"],
    ]);
    assert.throws(() => http.addHook("nonsense", () => {}), /Invalid hook type: nonsense/);
  });

  test("uses the global fetch, also one that is replaced later", async (t) => {
    const sdk = new ConductoroneSDKTypescript({ security, serverURL: SERVER, httpClient: new HTTPClient() });
    const plain = new ConductoroneSDKTypescript({ security, serverURL: SERVER });
    t.mock.method(globalThis, "fetch", async () => answer(200, {})());
    assert.equal((await sdk.apps.get(get)).statusCode, 200);
    assert.equal((await plain.apps.get(get)).statusCode, 200);
    assert.equal(globalThis.fetch.mock.callCount(), 2);
  });
});

describe("hooks", () => {
  function recorded(more = {}) {
    const log = [];
    const hooks = new SDKHooks();
    hooks.registerSDKInitHook({ sdkInit: (options) => (log.push("init"), { ...options, userAgent: "hooked" }) });
    hooks.registerBeforeCreateRequestHook({
      beforeCreateRequest: (context, input) => {
        log.push(`create ${context.operationID}`);
        assert.equal(context.securitySource, security);
        assert.doesNotMatch(inspect(context, { depth: 9 }), /a-token-for-tests/);
        input.url.searchParams.set("hook", "1");
        return input;
      },
    });
    hooks.registerBeforeRequestHook({
      beforeRequest: async (context, request) => {
        log.push(`before ${context.baseURL}`);
        request.headers.set("x-hook", "1");
        return request;
      },
    });
    hooks.registerAfterSuccessHook({
      afterSuccess: (_, response) => (log.push(`success ${response.status}`), more.success?.(response) ?? response),
    });
    hooks.registerAfterErrorHook({
      afterError: (_, response, error) => {
        log.push(`error ${response?.status ?? null} ${error?.message ?? null}`);
        return more.error?.(response, error) ?? { response, error };
      },
    });
    return { hooks, log };
  }

  test("run around a success", async () => {
    const at = server({});
    const { hooks, log } = recorded();
    await client(at, { hooks }).apps.get(get);
    assert.deepEqual(log, ["init", "create c1.api.app.v1.Apps.Get", `before ${SERVER}`, "success 200"]);
    assert.equal(at.sent[0].url, `${SERVER}/api/v1/apps/an-app?hook=1`);
    assert.equal(at.sent[0].headers.get("x-hook"), "1");
    assert.match(at.sent[0].headers.get("user-agent"), /^hooked /);
  });

  test("afterError runs, and afterSuccess does not, on an error status", async () => {
    const { hooks, log } = recorded();
    const error = await rejection(client(server(answer(500, {})), { hooks }).apps.get(get));
    assert.equal(error.name, "SDKError");
    assert.deepEqual(log.slice(3), ["error 500 null"]);
  });

  test("afterError runs if no response arrives", async () => {
    const { hooks, log } = recorded();
    const error = await rejection(client(server(new TypeError("fetch failed")), { hooks }).apps.get(get));
    assert.equal(error.name, "ConnectionError");
    assert.deepEqual(log.slice(3), ["error null fetch failed"]);
  });

  test("may replace answers and errors", async () => {
    const replaced = recorded({ success: () => answer(200, { app: { id: "replaced" } })() });
    const result = await client(server({}), { hooks: replaced.hooks }).apps.get(get);
    assert.equal(result.getAppResponse.app.id, "replaced");
    const repaired = recorded({ error: () => ({ response: answer(200, { app: { id: "repaired" } })(), error: null }) });
    for (const step of [answer(500, {}), new TypeError("fetch failed")]) {
      assert.equal(
        (await client(server(step), { hooks: repaired.hooks }).apps.get(get)).getAppResponse.app.id,
        "repaired",
      );
    }
    const mine = new Error("mine");
    const thrown = recorded({ error: () => ({ response: null, error: mine }) });
    const error = await rejection(client(server(answer(500, {})), { hooks: thrown.hooks }).apps.get(get));
    assert.equal(error.name, "UnexpectedClientError");
    assert.equal(error.cause, mine);
  });

  test("end the call when they throw", async () => {
    const mine = new Error("mine");
    const fail = () => {
      throw mine;
    };
    for (const [register, hook] of [
      ["registerBeforeCreateRequestHook", { beforeCreateRequest: fail }],
      ["registerBeforeRequestHook", { beforeRequest: fail }],
      ["registerAfterSuccessHook", { afterSuccess: fail }],
      ["registerAfterErrorHook", { afterError: fail }],
    ]) {
      const hooks = new SDKHooks();
      hooks[register](hook);
      const at = server(register === "registerAfterErrorHook" ? answer(500, {}) : {});
      const error = await rejection(
        client(at, { hooks, retryConfig: { strategy: "backoff", retryConnectionErrors: true } }).apps.get(get),
      );
      assert.equal(error.name, "UnexpectedClientError", register);
      assert.equal(error.cause, mine);
      assert.ok(at.sent.length <= 1);
    }
  });

  test("that throw after a request was sent leave no doubt about what the call may have done", async () => {
    const fail = () => {
      throw new Error("mine");
    };
    const refused = Object.assign(new TypeError("fetch failed"), {
      cause: { syscall: "connect", code: "ECONNREFUSED" },
    });
    for (const [register, hook, step, outcome] of [
      ["registerBeforeRequestHook", { beforeRequest: fail }, {}, "none"],
      ["registerAfterSuccessHook", { afterSuccess: fail }, {}, "answered"],
      ["registerAfterErrorHook", { afterError: fail }, answer(403, {}), "answered"],
      ["registerAfterErrorHook", { afterError: fail }, answer(500, {}), "unknown"],
      ["registerAfterErrorHook", { afterError: fail }, new TypeError("fetch failed"), "unknown"],
      ["registerAfterErrorHook", { afterError: fail }, refused, "none"],
    ]) {
      const hooks = new SDKHooks();
      hooks[register](hook);
      const error = await rejection(client(server(step), { hooks }).apps.delete({ id: "an-app" }));
      assert.deepEqual([register, error.kind, error.outcome], [register, "aborted", outcome]);
    }
  });

  test("run for functions too", async () => {
    const { hooks, log } = recorded();
    const core = new ConductoroneSDKTypescriptCore({
      security,
      serverURL: SERVER,
      httpClient: server({}).httpClient,
      hooks,
    });
    const [result, sent] = await appsGet(core, get).$inspect();
    assert.ok(result.ok);
    assert.equal(log.length, 4);
    assert.equal(sent.request.headers.get("x-hook"), "1");
  });
});

describe("retries", () => {
  const fast = {
    strategy: "backoff",
    backoff: { initialInterval: 1, maxInterval: 5, exponent: 2, maxElapsedTime: 1000 },
  };

  test("there are none unless asked for, as in the official SDK", async () => {
    const at = server(answer(503, {}), {});
    assert.equal((await rejection(client(at).apps.get(get))).statusCode, 503);
    assert.equal(at.sent.length, 1);
  });

  test("are those of the call or the client", async () => {
    for (const [options, given] of [
      [{ retryConfig: fast }],
      [{}, { retries: fast }],
      [{ retryConfig: { strategy: "none" } }, { retries: fast }],
    ]) {
      const at = server(answer(503, {}), answer(429, {}), {});
      assert.equal((await client(at, options).apps.get(get, given)).statusCode, 200);
      assert.equal(at.sent.length, 3);
    }
  });

  test("follow the given codes", async () => {
    const at = server(answer(404, {}), {});
    assert.equal((await client(at).apps.get(get, { retries: fast, retryCodes: ["4XX"] })).statusCode, 200);
    assert.equal(
      (await rejection(client(server(answer(500, {})), { retryConfig: fast }).apps.get(get, { retryCodes: ["503"] })))
        .statusCode,
      500,
    );
  });

  test("end with the last response as an SDKError after a bounded number of attempts", async () => {
    const at = server(answer(503, {}));
    assert.equal((await rejection(client(at, { retryConfig: fast }).apps.get(get))).name, "SDKError");
    assert.ok(at.sent.length > 1 && at.sent.length <= 10, `${at.sent.length} attempts`);
  });

  test("back off exponentially from the first interval on", async (t) => {
    const waited = [];
    const real = globalThis.setTimeout;
    t.mock.method(globalThis, "setTimeout", (run, ms, ...rest) => (waited.push(ms), real(run, 0, ...rest)));
    t.mock.method(Math, "random", () => 0.999);
    const at = server(answer(503, {}), answer(503, {}), answer(503, {}), {});
    const backoff = { initialInterval: 100, maxInterval: 10_000, exponent: 3, maxElapsedTime: 100_000 };
    await client(at).apps.get(get, { retries: { strategy: "backoff", backoff } });
    assert.equal(waited.length, 3);
    assert.ok(
      waited[0] > 0 && waited[0] <= 200 && waited[1] > 2 * waited[0] && waited[2] > 2 * waited[1],
      waited.join(" "),
    );
  });

  test("can be aborted while they wait", async () => {
    const slow = {
      strategy: "backoff",
      backoff: { initialInterval: 60_000, maxInterval: 60_000, exponent: 1, maxElapsedTime: 600_000 },
    };
    const begun = Date.now();
    const at = server(answer(503, {}));
    assert.equal(
      (await rejection(client(at).apps.get(get, { retries: slow, signal: AbortSignal.timeout(30) }))).name,
      "RequestAbortedError",
    );
    assert.ok(Date.now() - begun < 30_000, "it waited for the next attempt");
  });

  test("end with the deadline, also for connection errors", async () => {
    const never = (request) =>
      new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));
    const at = server(never);
    const error = await rejection(
      client(at).apps.get(get, { timeoutMs: 50, retries: { ...fast, retryConnectionErrors: true } }),
    );
    assert.equal(error.name, "RequestTimeoutError");
    assert.equal(at.sent.length, 1);
  });

  test("repeat connection errors only if asked to", async () => {
    const refused = Object.assign(new TypeError("fetch failed"), {
      cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
    });
    assert.equal(
      (await rejection(client(server(refused, {})).apps.get(get, { retries: fast }))).name,
      "ConnectionError",
    );
    assert.equal(
      (await client(server(refused, {})).apps.get(get, { retries: { ...fast, retryConnectionErrors: true } }))
        .statusCode,
      200,
    );
  });

  test("respect Retry-After", async () => {
    const at = server(answer(429, {}, { "retry-after": "0.3" }), {});
    const begun = Date.now();
    await client(at).apps.get(get, { retries: fast });
    assert.ok(Date.now() - begun >= 290);
  });

  test("never repeat a call that issues a secret without repeatOneTimeSecrets", async () => {
    const rotate = { appId: "a", connectorId: "c" };
    const once = server(answer(503, {}), {});
    await rejection(client(once).connector.rotateCredential(rotate, { retries: fast }));
    assert.equal(once.sent.length, 1);
    const twice = server(answer(503, {}), {});
    await client(twice).connector.rotateCredential(rotate, { retries: { ...fast, repeatOneTimeSecrets: true } });
    assert.equal(twice.sent.length, 2);
  });
});

describe("debugLogger", () => {
  const secret = "canary-5eCr3t";
  const rotate = { appId: "a", connectorId: "c" };
  function logger() {
    const lines = [];
    const log = (...args) => void lines.push(args.join(" "));
    return { lines, debugLogger: { log, group: log, groupEnd: () => {} } };
  }

  test("prints no token, no secret and no body", async () => {
    const { lines, debugLogger } = logger();
    await client(server({ credential: { clientSecret: secret, clientId: "an-id" } }), {
      debugLogger,
    }).connector.rotateCredential(rotate);
    assert.equal(lines.length, 1);
    assert.match(lines[0], /POST .*\/api\/v1\/apps\/connectors\/credentials -> 200/);
    assert.doesNotMatch(lines.join("\n"), /canary|a-token-for-tests|an-id/);
  });

  test("prints bodies on request, without their secrets", async () => {
    const { lines, debugLogger } = logger();
    const body = { credential: { clientSecret: secret, clientId: "an-id" }, sessionToken: secret, shareCode: secret };
    // The response is not cloned: other implementations of fetch buffer 16 KB of an unread clone and wait.
    const clone = () => assert.fail("the answer was cloned");
    const given = () => Object.defineProperty(Response.json(body), "clone", { value: clone });
    await client(server(given), { debugLogger, debugBodies: true }).connector.rotateCredential(rotate);
    assert.equal(lines.length, 3);
    assert.match(lines[0], /request body: \{"appId":"a","connectorId":"c"\}/);
    assert.match(lines.join("\n"), /"clientId":"an-id"/);
    assert.match(lines.join("\n"), /"shareCode":"\[redacted\]"/);
    assert.doesNotMatch(lines.join("\n"), /canary|a-token-for-tests/);
  });
});
