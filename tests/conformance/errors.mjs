// Errors of unsuccessful calls, and of successful responses that cannot be read.
import { onEachTenant } from "../lib/each-tenant.mjs";
import { answer, stub, stubClient } from "../lib/stub.mjs";

const ROTATE = "c1.api.app.v1.ConnectorService.RotateCredential";
const ONCE = { retries: { strategy: "none" } };

export default (suite) => {
  const { test, assert, keyturn, runtime } = suite;
  const { KeyturnError } = keyturn;
  const inBrowser = runtime === "chromium" || runtime === "firefox";

  test("each status has its class and code", async () => {
    const cases = [
      [400, "BadRequestError", "bad_request"],
      [401, "UnauthorizedError", "unauthorized"],
      [402, "ApiError", "unexpected_status"],
      [403, "ForbiddenError", "forbidden"],
      [404, "NotFoundError", "not_found"],
      [405, "ApiError", "unexpected_status"],
      [408, "ApiError", "unexpected_status"],
      [409, "ConflictError", "conflict"],
      [412, "PreconditionFailedError", "precondition_failed"],
      [418, "ApiError", "unexpected_status"],
      [422, "UnprocessableEntityError", "unprocessable"],
      [429, "RateLimitedError", "rate_limited"],
      [500, "ServerError", "server_error"],
      [501, "ServerError", "server_error"],
      [503, "ServerError", "server_error"],
      [599, "ServerError", "server_error"],
    ];
    for (const [status, name, code] of cases) {
      const body = { code: 7, message: "no way", details: [{ "@type": "x", reason: "WHY" }] };
      const server = stub(answer(status, body, { "x-request-id": "req-1", "retry-after": "1.5" }));
      const error = await assert.rejects(stubClient(keyturn, server).apps.get({ id: "an-app" }, ONCE), status);
      assert.equal(error.name, name);
      assert.equal(error.code, code);
      assert.ok(
        error instanceof keyturn[name] &&
          error instanceof keyturn.ApiError &&
          error instanceof KeyturnError &&
          error instanceof Error,
      );
      assert.ok(KeyturnError.is(error));
      assert.equal(error.status, status);
      assert.equal(error.headers.get("x-request-id"), "req-1");
      assert.equal(error.requestId, "req-1");
      assert.equal(error.apiCode, "7");
      assert.deepEqual(error.details, [{ "@type": "x", reason: "WHY" }]);
      assert.equal(error.operation, "c1.api.app.v1.Apps.Get");
      assert.equal(error.outcome, "answered");
      assert.equal(error.message, `c1.api.app.v1.Apps.Get: the server answered ${status}: no way`);
      assert.equal(error.retryAfterMs, 1500);
      assert.equal(server.sent.length, 1);
    }
  });

  test("error bodies of every sort are told in a line, and never too long", async () => {
    const cases = [
      [{ error: "invalid_client", error_description: "unknown client" }, "invalid_client", /: unknown client$/],
      ["<html>\n<h1>Bad Gateway</h1>\r\n</html>", "", /<h1>Bad Gateway<\/h1>/],
      ["", "", /no explanation$/],
      [null, "", /no explanation$/],
      ["null", "", /null$/],
      ["[1,2]", "", /\[1,2\]$/],
      ['{"code":5,"message":"half', "5", /500/],
      [{ message: "word ".repeat(5_000) }, "", /word/],
      [{ details: ["word ".repeat(100_000)], message: "the reason" }, "", /: the reason$/],
      [{ message: "word ".repeat(100_000), code: 5 }, "5", /word/],
      [{ message: "two\nlines\u0000\u001b[31m" }, "", /two lines/],
      [{ code: {}, message: [], details: "none" }, "", /500/],
      [{ message: "x".repeat(1_000_000) }, "", /500/],
    ];
    for (const [body, apiCode, message] of cases) {
      const error = await assert.rejects(stubClient(keyturn, stub(answer(500, body))).apps.list({}, ONCE));
      assert.equal(error.code, "server_error");
      assert.equal(error.apiCode, apiCode);
      assert.match(error.message, message);
      assert.ok(error.message.length < 700, `${error.message.length} characters`);
      assert.ok(!/[\u0000-\u001f]/.test(error.message), "control characters");
    }
  });

  test("a secret is not lost for what its answer says of its type", async () => {
    const credential = { id: "c", clientSecret: "made-up" };
    const body = JSON.stringify({ credential });
    for (const type of ["text/plain", "application/octet-stream", "text/html; charset=utf-8"]) {
      const issuing = (text) =>
        stubClient(keyturn, stub(answer(200, text, { "content-type": type }))).connector.rotateCredential({
          appId: "a",
          connectorId: "b",
        });
      const { connectorServiceRotateCredentialResponse: answered } = await issuing(body);
      assert.equal(answered.credential.clientSecret, "made-up");
      const error = await assert.rejects(issuing("<html>Sign in</html>"));
      assert.equal(error.code, "outcome_unknown");
      assert.match(error.cause.message, /not JSON/);
    }
  });

  test("a success that cannot be read is an error with all there is to say", async () => {
    const cases = [
      ["", {}, /empty/],
      [null, {}, /empty/],
      ["null", {}, /not a complete JSON object/],
      ["[]", {}, /not a complete JSON object/],
      ["5", {}, /not a complete JSON object/],
      ['{"list":[{"id":"a"},{"id', {}, /byte 24 of 24/],
      ['{"list":[]}trailing', {}, /not a complete JSON object/],
      ['{"list":[}', {}, /not a complete JSON object/],
      ["<html>Sign in</html>", { "content-type": "text/html" }, /text\/html, not JSON/],
      ["{}", { "content-type": "text/plain" }, /text\/plain, not JSON/],
      ["<html>", { "content-type": "application/json" }, /not a complete JSON object/],
      [`{"x":${"[".repeat(100_000)}`, {}, /not a complete JSON object/],
    ];
    for (const [body, headers, message] of cases) {
      const server = stub(answer(200, body, { "x-request-id": "req-2", ...headers }));
      const error = await assert.rejects(stubClient(keyturn, server).apps.list(), JSON.stringify(body)?.slice(0, 50));
      assert.equal(error.name, "DecodeError");
      assert.equal(error.code, "invalid_response");
      assert.equal(error.outcome, "answered");
      assert.equal(error.status, 200);
      assert.equal(error.requestId, "req-2");
      assert.equal(error.operation, "c1.api.app.v1.Apps.List");
      assert.match(error.message, message);
      assert.ok(error.excerpt.length < 600);
      assert.equal(server.sent.length, 1, "reads that cannot be read are not repeated");
    }
  });

  test("every 2xx is a success, whatever its type says of JSON", async () => {
    for (const [status, type] of [
      [200, "application/json; charset=utf-8"],
      [201, "APPLICATION/JSON"],
      [202, "application/problem+json"],
      [203, ""],
    ]) {
      const server = stub(answer(status, '\ufeff{"app":{"id":"a"}}', { "content-type": type }));
      const envelope = await stubClient(keyturn, server).apps.get({ id: "a" });
      assert.equal(envelope.statusCode, status);
      assert.equal(envelope.getAppResponse.app.id, "a");
      assert.equal(envelope.rawResponse.status, status);
    }
    const { statusCode, getAppResponse } = await stubClient(keyturn, stub(answer(204, null))).apps.get({ id: "a" });
    assert.equal(statusCode, 204);
    assert.equal(getAppResponse, undefined);
    // Nothing was requested, so nothing is missing.
    const { deleteAppResponse } = await stubClient(keyturn, stub(answer(200, ""))).apps.delete({ id: "a" });
    assert.deepEqual(deleteAppResponse, {});
  });

  test("an envelope shows what it holds, and knows more", async () => {
    const server = stub(answer(200, { app: { id: "a", createdAt: "yesterday" } }, { "x-request-id": "req-3" }));
    const envelope = await stubClient(keyturn, server).apps.get({ id: "a" });
    assert.deepEqual(Object.keys(envelope), ["contentType", "statusCode", "rawResponse", "getAppResponse"]);
    assert.equal(envelope.requestId, "req-3");
    assert.deepEqual(
      envelope.problems.map(({ path }) => path),
      [["app", "createdAt"]],
    );
    assert.equal(envelope.getAppResponse.app.createdAt, "yesterday");
  });

  onEachTenant(suite, (register) => {
    const it = (name, work) =>
      register(name, async (c1, at) => {
        await c1.auth.introspect();
        await work(c1, at);
      });

    it("a read whose connection breaks is a connection error, and nothing was done", async (c1, at) => {
      await at.fault({ operation: "apps.list", times: "always", action: "drop" });
      const error = await assert.rejects(c1.apps.list({}, ONCE));
      assert.equal(error.code, "connection_failed");
      assert.equal(error.outcome, "none");
      assert.ok(error.cause instanceof Error);
      assert.equal(/CORS/.test(error.hint), inBrowser, "pages are told of CORS");
    });

    it("a change whose connection breaks may have happened", async (c1, at) => {
      await at.fault({ operation: "apps.create", action: "drop-answer" });
      const error = await assert.rejects(c1.apps.create({ displayName: "Lost", owners: [] }));
      assert.equal(error.code, "connection_failed");
      assert.equal(error.outcome, "unknown");
      assert.equal((await at.requests({ operation: "apps.create" })).length, 1);
    });

    for (const action of ["drop", "drop-answer"]) {
      it(`a rotation is sent once and its outcome is unknown: ${action}`, async (c1, at) => {
        const { appId, connectorId } = at;
        await at.fault({ operation: "connector.rotateCredential", times: "always", action });
        const error = await assert.rejects(c1.connector.rotateCredential({ appId, connectorId }));
        assert.equal(error.name, "OutcomeUnknownError");
        assert.equal(error.code, "outcome_unknown");
        assert.equal(error.outcome, "unknown");
        assert.equal(error.operation, ROTATE);
        assert.match(error.message, /unknown whether a secret was issued/);
        assert.match(error.hint, /revoke/);
        assert.equal(error.cause.code, "connection_failed");
        await new Promise((resolve) => setTimeout(resolve, 300));
        assert.equal((await at.requests({ operation: ROTATE })).length, 1, "rotations received");
      });
    }

    it("a rotation whose answer cannot be read has an unknown outcome", async (c1, at) => {
      const { appId, connectorId } = at;
      for (const action of [
        { status: 200, body: '{"credential":{"clientSecret":"secret-token:can' },
        { status: 200, body: "" },
      ]) {
        await at.fault({ operation: "connector.rotateCredential", action });
        const error = await assert.rejects(c1.connector.rotateCredential({ appId, connectorId }));
        assert.equal(error.code, "outcome_unknown");
        assert.equal(error.cause.code, "invalid_response");
        assert.excludes(error.cause.excerpt, "secret-token:can");
      }
    });

    it("a rotation that the server fails on says so, and what to do", async (c1, at) => {
      const { appId, connectorId } = at;
      await at.fault({
        operation: "connector.rotateCredential",
        times: "always",
        action: { status: 503, headers: { "retry-after": "0" } },
      });
      const error = await assert.rejects(c1.connector.rotateCredential({ appId, connectorId }));
      assert.equal(error.code, "server_error");
      assert.equal(error.outcome, "unknown");
      assert.ok(error.hint);
      assert.equal((await at.requests({ operation: ROTATE })).length, 1);
    });

    it("redirects are not followed", async (c1, at) => {
      for (const location of ["/api/v1/apps", "https://elsewhere.example/"]) {
        await at.fault({ operation: "apps.get", action: { status: 302, headers: { location } } });
        const error = await assert.rejects(c1.apps.get({ id: at.appId }, ONCE));
        assert.equal(error.code, "unexpected_status");
        assert.match(error.message, /redirect/);
        assert.match(error.hint, /serverURL/);
      }
      assert.equal((await at.requests({ operation: "apps.list" })).length, 0);
    });
  });

  test("tokens stay with their origin", async () => {
    const server = stub({});
    const c1 = stubClient(keyturn, server);
    for (const serverURL of [
      "https://elsewhere.example",
      "https://tenant.conductor.one:8443",
      "http://tenant.conductor.one",
      "https://tenant.conductor.one@elsewhere.example",
      "nonsense",
    ]) {
      const error = await assert.rejects(c1.apps.list({}, { serverURL }), serverURL);
      assert.equal(error.code, "invalid_configuration");
      assert.equal(error.option, "serverURL");
    }
    assert.equal(server.sent.length, 0);
    await c1.apps.list({}, { serverURL: "https://tenant.conductor.one/behind/a/proxy/" });
    assert.equal(server.sent[0].url, "https://tenant.conductor.one/behind/a/proxy/api/v1/apps");
    const { redirect, credentials, cache, referrerPolicy } = server.sent[0].init;
    // Workers have neither cookies nor referrers, and their `fetch` rejects these options.
    const apart = runtime === "workerd" ? [undefined, undefined] : ["omit", "no-referrer"];
    assert.deepEqual([redirect, cache, credentials, referrerPolicy], ["manual", "no-store", ...apart]);
  });

  test("a request that cannot be made is an error of the call", async () => {
    for (const thrown of [new TypeError("fetch failed"), new Error("whatever"), "a string", undefined]) {
      const error = await assert.rejects(
        stubClient(keyturn, {
          fetch: () => {
            throw thrown;
          },
        }).apps.list({}, ONCE),
      );
      assert.equal(error.code, "connection_failed");
      assert.equal(error.cause, thrown);
    }
    const error = await assert.rejects(stubClient(keyturn, stub({})).apps.list({}, { headers: { "bad name": "x" } }));
    assert.ok(KeyturnError.is(error), "a header that cannot be sent");
  });

  test("a fetch that answers with something else is an error of the call", async () => {
    for (const nothing of [undefined, null, {}, "text"]) {
      const error = await assert.rejects(stubClient(keyturn, { fetch: async () => nothing }).apps.list({}, ONCE));
      assert.ok(KeyturnError.is(error), String(nothing));
    }
  });

  test("headers that a caller adds are sent, and win", async () => {
    const server = stub({});
    const c1 = stubClient(keyturn, server);
    await c1.apps.list(
      {},
      {
        headers: { "x-trace": "1", accept: "application/vnd.api+json" },
        fetchOptions: { headers: { "x-trace": "0", "x-more": "2" }, priority: "low" },
      },
    );
    const [{ headers, init }] = server.sent;
    assert.deepEqual(
      ["x-trace", "x-more", "accept", "authorization"].map((name) => headers.get(name)),
      ["1", "2", "application/vnd.api+json", "Bearer a-token-for-tests"],
    );
    assert.equal(init.priority, "low");
    assert.equal(headers.has("cookie"), false);
    assert.equal(headers.has("user-agent"), !inBrowser);
  });

  test("an httpClient gets requests", async () => {
    let seen;
    const httpClient = {
      async request(request) {
        seen = request;
        return new Response("{}", { headers: { "content-type": "application/json" } });
      },
    };
    await stubClient(keyturn, {}, { httpClient }).apps.delete({ id: "a", deleteAppRequest: {} });
    assert.ok(seen instanceof Request);
    assert.equal(seen.method, "DELETE");
    assert.equal(seen.redirect, "manual");
    assert.equal(await seen.text(), "{}");
  });

  test("nothing can be called after close, and what runs is ended", async () => {
    const c1 = stubClient(keyturn, {
      fetch: (_, { signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    const running = assert.rejects(c1.apps.list());
    const rotating = assert.rejects(c1.connector.rotateCredential({ appId: "a", connectorId: "b" }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const begun = assert.rejects(c1.connector.rotateCredential({ appId: "a", connectorId: "b" }));
    const { apps } = c1;
    c1.close();
    c1.close();
    assert.equal((await running).code, "closed");
    const rotation = await rotating;
    assert.equal(rotation.code, "outcome_unknown");
    assert.equal(rotation.cause.code, "closed");
    const early = await begun;
    assert.deepEqual([early.code, early.outcome], ["closed", "none"], "it was not sent yet, and is not sent any more");
    assert.equal((await assert.rejects(apps.list())).code, "closed");
    assert.equal((await assert.rejects(c1.apps.list())).code, "closed");
    assert.equal(assert.throws(() => c1.serverURL).code, "closed");
    assert.equal(JSON.stringify(c1), '{"serverURL":"closed"}');
  });
};
