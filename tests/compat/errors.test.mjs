// Failures of `keyturn/compat`: the official SDK's classes, fields and messages, without secrets.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import {
  answer,
  ConductoroneSDKTypescript,
  ConductoroneSDKTypescriptCore,
  client,
  errors,
  folder,
  load,
  rejection,
  SERVER,
  security,
  server,
  TOKEN,
} from "./world.mjs";

const { KeyturnError } = await load("keyturn");
const get = { id: "an-app" };

/** Returns the failure of a call as a method, and of the same call as a function. */
async function failures(script, { options = {}, call = ["apps", "get"], request = get, given } = {}) {
  const [at, again] = [server(...script), server(...script)];
  const error = await rejection(client(at, options)[call[0]][call[1]](request, given));
  const { [call[0] + call[1][0].toUpperCase() + call[1].slice(1)]: func } = await load(
    `keyturn/compat/funcs/${call[0]}${call[1][0].toUpperCase()}${call[1].slice(1)}.js`,
  );
  const core = new ConductoroneSDKTypescriptCore({
    security,
    serverURL: SERVER,
    httpClient: again.httpClient,
    ...options,
  });
  const promise = func(core, request, given);
  const result = await promise;
  const [inspected, sent] = await promise.$inspect();
  assert.equal(inspected, result);
  assert.equal(result.ok, false);
  assert.equal(result.error.name, error.name);
  assert.equal(result.error.message, error.message);
  assert.ok(KeyturnError.is(error.cause) || error.name === "UnexpectedClientError", String(error.cause));
  return { error, sent, requests: at.sent };
}

describe("an unsuccessful response", () => {
  test("is an SDKError with the official fields and message", async () => {
    const { error, sent } = await failures([answer(403, { code: 7, message: "no right", details: [] })]);
    assert.equal(error.name, "SDKError");
    assert.ok(
      error instanceof errors.SDKError &&
        error instanceof errors.ConductoroneSDKTypescriptError &&
        error instanceof Error,
    );
    assert.equal(
      error.message,
      'Unexpected Status or Content-Type: Status 403. Body: {"code":7,"message":"no right","details":[]}',
    );
    assert.equal(error.statusCode, 403);
    assert.equal(error.body, '{"code":7,"message":"no right","details":[]}');
    assert.equal(error.headers.get("content-type"), "application/json");
    assert.equal(error.contentType, "application/json");
    assert.equal(error.rawResponse.status, 403);
    assert.equal(error.cause.code, "forbidden");
    assert.equal(error.cause.apiMessage ?? "no right", "no right");
    assert.equal(sent.status, "complete");
    assert.equal(sent.response.status, 403);
    assert.equal(sent.request.url, `${SERVER}/api/v1/apps/an-app`);
  });

  test("names its content type if it is not JSON", async () => {
    const { error } = await failures([
      answer(502, "<html>Bad gateway", { "content-type": "text/html; charset=utf-8" }),
    ]);
    assert.equal(
      error.message,
      'Unexpected Status or Content-Type: Status 502 Content-Type "text/html; charset=utf-8". Body: <html>Bad gateway',
    );
  });

  test("includes a success that is not JSON", async () => {
    const { error } = await failures([answer(200, "hello", { "content-type": "text/plain" })]);
    assert.equal(error.name, "SDKError");
    assert.equal(error.message, "Unexpected Status or Content-Type: Status 200 Content-Type text/plain. Body: hello");
    assert.equal(error.statusCode, 200);
  });

  test("has a bounded body", async () => {
    const { error } = await failures([answer(500, `{"message":"${"long words ".repeat(5000)}"}`)]);
    assert.ok(error.message.length < 1000 && error.body.length < 600);
  });
});

describe("a success that cannot be read", () => {
  for (const [what, body] of [
    ["empty", ""],
    ["broken off", '{"app":{"id":'],
    ["no object", "[]"],
    ["null", "null"],
  ]) {
    test(`is a ResponseValidationError if it is ${what}`, async () => {
      const { error, sent } = await failures([answer(200, body)]);
      assert.equal(error.name, "ResponseValidationError");
      assert.ok(
        error instanceof errors.ResponseValidationError && error instanceof errors.ConductoroneSDKTypescriptError,
      );
      assert.ok(error instanceof errors.SDKValidationError, "as in the official SDK, by its shape");
      assert.equal(error.statusCode, 200);
      assert.equal(error.rawMessage, "Response validation failed");
      assert.match(error.pretty(), /^Response validation failed\n/);
      assert.equal(sent.status, "complete");
    });
  }

  test("is a ConnectionError if the connection breaks within the body", async () => {
    const broken = () => {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('{"app":')),
        pull: (controller) => controller.error(new TypeError("terminated")),
      });
      return new Response(body, { headers: { "content-type": "application/json" } });
    };
    const { error } = await failures([broken]);
    assert.equal(error.name, "ConnectionError");
  });
});

describe("no response", () => {
  test("is a ConnectionError", async () => {
    const { error, sent } = await failures([new TypeError("fetch failed")]);
    assert.equal(error.name, "ConnectionError");
    assert.ok(error instanceof errors.ConnectionError && error instanceof errors.HTTPClientError);
    assert.match(error.message, /^Unable to make request: /);
    assert.equal(sent.status, "request-error");
    assert.equal(sent.response, undefined);
    assert.equal(sent.request.method, "GET");
  });

  test("in time is a RequestTimeoutError, also with a signal", async () => {
    const never = (request) =>
      new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));
    for (const given of [{ timeoutMs: 20 }, { timeoutMs: 20, signal: new AbortController().signal }]) {
      const { error } = await failures([never], { given });
      assert.equal(error.name, "RequestTimeoutError");
      assert.match(error.message, /^Request timed out: /);
    }
  });

  test("because the caller aborted is a RequestAbortedError, whatever the reason", async () => {
    for (const reason of [undefined, new Error("enough"), "enough"]) {
      const { error } = await failures([{}], { given: { signal: AbortSignal.abort(reason) } });
      assert.equal(error.name, "RequestAbortedError");
      assert.match(error.message, /^Request aborted by client: /);
    }
  });

  test("to a call that issues a secret is an OutcomeUnknownError, which programs do not retry", async () => {
    const { error, requests } = await failures([new TypeError("fetch failed")], {
      call: ["connector", "rotateCredential"],
      request: { appId: "a", connectorId: "c" },
      given: {
        retries: {
          strategy: "backoff",
          retryConnectionErrors: true,
          backoff: { initialInterval: 1, maxInterval: 1, exponent: 1, maxElapsedTime: 100 },
        },
      },
    });
    assert.equal(requests.length, 1);
    assert.equal(error.name, "OutcomeUnknownError");
    assert.ok(error instanceof errors.HTTPClientError && !(error instanceof errors.ConnectionError));
    assert.equal(error.cause.cause.code, "connection_failed");
    assert.match(error.hint, /revoke it/);
  });
});

describe("nothing sent", () => {
  test("an invalid value is an SDKValidationError that names the field", async () => {
    for (const [request, path] of [
      [{ id: null }, "`id`"],
      [{ id: ".." }, "`id`"],
      [{ id: "" }, "`id`"],
      [{}, "`id`"],
      [null, "`id`"],
    ]) {
      const { error, sent, requests } = await failures([{}], { request });
      assert.equal(error.name, "SDKValidationError");
      assert.ok(
        error instanceof errors.SDKValidationError && !(error instanceof errors.ConductoroneSDKTypescriptError),
      );
      assert.match(error.message, /^Input validation failed: /);
      assert.ok(error.message.includes(path));
      assert.equal(error.rawMessage, "Input validation failed");
      assert.equal(error.rawValue, request);
      assert.ok(error.pretty().startsWith("Input validation failed\n"));
      assert.equal(error.cause.code, "invalid_request");
      assert.deepEqual([sent.status, requests.length], ["invalid", 0]);
    }
  });

  test("an id of dots does not reach another route", async () => {
    const at = server({});
    const error = await rejection(client(at).connector.delete({ appId: "a", id: ".." }));
    assert.equal(error.name, "SDKValidationError");
    assert.equal(at.sent.length, 0);
  });

  test("reports a security function that throws, with its error", async () => {
    const thrown = new Error("no vault");
    const { error } = await failures([{}], { options: { security: async () => Promise.reject(thrown) } });
    assert.equal(error.name, "UnexpectedClientError");
    assert.equal(error.cause.cause, thrown);
  });

  test("each call reports unusable credentials", async () => {
    for (const options of [
      { clientID: "not an id", clientSecret: "not a secret" },
      { clientID: "a@tenant.conductor.one/pcc", clientSecret: "secret-token:elsewhere.com:v1:e30" },
      { clientID: "a@tenant.conductor.one/pcc" },
    ]) {
      const { error, requests } = await failures([{}], { options: { security: undefined, ...options } });
      assert.equal(error.name, "InvalidRequestError");
      assert.equal(error.cause.code, "invalid_configuration");
      assert.equal(requests.length, 0);
    }
  });

  test("reports a token that is not a valid header value without showing it", async () => {
    const { error, requests } = await failures([{}], {
      options: { security: async () => ({ bearerAuth: "a-canary\nb" }) },
    });
    assert.equal(requests.length, 0);
    assert.doesNotMatch(inspect(error, { depth: 9 }), /canary/);
  });
});

test("no handled failure crashes the process", () => {
  const script = `
    import { ConductoroneSDKTypescript } from "keyturn/compat";
    import { ConductoroneSDKTypescriptCore } from "keyturn/compat/core.js";
    import { appsGet } from "keyturn/compat/funcs/appsGet.js";
    import { appSearchSearch } from "keyturn/compat/funcs/appSearchSearch.js";
    import { APIPromise } from "keyturn/compat/sdk/types";
    const json = { "content-type": "application/json" };
    const broken = () => new Response(new ReadableStream({ pull: (c) => c.error(new TypeError("terminated")) }), { headers: json });
    const slow = (request) => new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));
    const serverURL = "https://tenant.conductor.one";
    const security = { bearerAuth: "x" };
    const clientID = "a@tenant.conductor.one/pcc";
    const cases = [
      { security, request: async () => new Response('{"app":', { headers: json }) },
      { security, request: async () => new Response("", { headers: json }) },
      { security, request: async () => broken() },
      { security, request: slow, given: { timeoutMs: 5 } },
      { security, request: async () => { throw new TypeError("fetch failed"); } },
      { security: async () => { throw new Error("security"); }, request: async () => new Response("{}", { headers: json }) },
      { security: { bearerAuth: "a\\nb" }, request: async () => new Response("{}", { headers: json }) },
      { security, request: async () => new Response("{}", { headers: json }), asked: { id: null } },
      { security, request: async () => new Response("{}", { headers: json }), given: { headers: { "bad name": "x" } } },
      { clientID, clientSecret: "nonsense", request: async () => new Response("{}", { headers: json }) },
      { clientID: "nonsense", clientSecret: "nonsense", request: async () => new Response("{}", { headers: json }) },
    ];
    let caught = 0, told = 0;
    for (const { request, given, asked = { id: "x" }, ...options } of cases) {
      const all = { serverURL, httpClient: { request }, ...options };
      try { await new ConductoroneSDKTypescript(all).apps.get(asked, given); } catch { caught++; }
      const core = new ConductoroneSDKTypescriptCore(all);
      if (!(await appsGet(core, asked, given)).ok) told++;
      if (!(await appsGet(core, asked, given).$inspect())[0].ok) told++;
      const page = await appSearchSearch(core, asked.id === null ? { pageSize: NaN } : {}, given);
      if (!page.ok) told++;
    }
    await new APIPromise(Promise.reject(new Error("x"))).catch(() => caught++);
    await new Promise((resolve) => setTimeout(resolve, 20));
    console.log("still alive", caught, told);
  `;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  assert.equal(stdout.trim(), "still alive 12 33");
  assert.equal(status, 0);
});

describe("nothing secret", () => {
  const canary = "canary-5eCr3t";
  const shown = (value) =>
    [
      inspect(value, { depth: 12, showHidden: false }),
      JSON.stringify(value) ?? "",
      String(value),
      value?.message ?? "",
      value?.stack ?? "",
    ].join("\n");

  test("shows in a client", () => {
    for (const made of [
      new ConductoroneSDKTypescript({
        clientID: "a@tenant.conductor.one/pcc",
        clientSecret: `secret-token:conductorone.com:v1:${canary}`,
      }),
      new ConductoroneSDKTypescript({ security: { bearerAuth: canary, oauth: canary } }),
      new ConductoroneSDKTypescriptCore({ security: { bearerAuth: canary } }),
    ]) {
      assert.doesNotMatch(shown(made), /canary/);
      assert.doesNotMatch(shown(made._options), /canary/);
    }
  });

  test("shows in an error", async () => {
    const body = { credential: { clientSecret: canary }, password: canary };
    const request = { appId: "a", connectorId: "c", clientSecret: canary };
    for (const [step, call, asked] of [
      [answer(400, body), ["apps", "get"], get],
      [answer(200, JSON.stringify(body).slice(0, -1)), ["apps", "get"], get],
      [answer(400, `you sent ${TOKEN}`), ["apps", "get"], get],
      [answer(200, `{"credential":{"clientSecret":"${canary}`), ["connector", "rotateCredential"], request],
      [
        {},
        ["stepUpProvider", "updateSecret"],
        { id: null, stepUpProviderUpdateSecretRequest: { clientSecret: canary } },
      ],
    ]) {
      const error = await rejection(client(server(step))[call[0]][call[1]](asked));
      assert.doesNotMatch(shown(error), /canary|a-token-for-tests/, error.name);
    }
  });
});

test("the classes can be constructed, as programs do in their tests", () => {
  const response = new Response("", { status: 404, headers: { "content-type": "application/json" } });
  const request = new Request(SERVER);
  const made = new errors.SDKError("API error occurred", { response, request, body: '{"code":5}' });
  assert.equal(made.message, 'API error occurred: Status 404. Body: {"code":5}');
  assert.equal(made.statusCode, 404);
  assert.equal(new errors.ConnectionError("x", { cause: new TypeError("y") }).message, "x: TypeError: y");
  assert.equal(new errors.HTTPClientError("x").message, "x");
  const invalid = new errors.SDKValidationError("m", new Error("why"), { a: 1 });
  assert.deepEqual(
    [invalid.message, invalid.rawMessage, invalid.rawValue, invalid.pretty()],
    ["m: Error: why", "m", { a: 1 }, "m\nwhy"],
  );
  const unread = new errors.ResponseValidationError("m", {
    response,
    request,
    body: "b",
    cause: new Error("why"),
    rawValue: 1,
    rawMessage: "m",
  });
  assert.deepEqual([unread.message, unread.rawValue, unread.body], ["m", 1, "b"]);
});
