// One family of failures: `KeyturnError.is` recognizes the failures of both APIs under all names, with the same
// properties.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { load } from "./compat/world.mjs";

const { ConductorOne, KeyturnError } = await load("keyturn");
const { ConductoroneSDKTypescript } = await load("keyturn/compat");
const compatErrors = await load("keyturn/compat/sdk/models/errors");
const { CommerceLayerProvisioning, ApiError, SdkError } = await load("keyturn/commercelayer");

const json = (status, body, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
const refused = (status, headers) => () => json(status, status === 200 ? {} : { errors: [], message: "no" }, headers);
const broken = () => {
  throw new TypeError("fetch failed", { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) });
};
const never = () => new Promise(() => {});

const READS = {
  keyturn: (fetch, options) =>
    new ConductorOne({
      security: { bearerAuth: "t" },
      serverURL: "https://acme.example",
      fetch,
      retryConfig: { strategy: "none" },
      timeoutMs: options.timeoutMs,
    }).apps.get({ id: "id" in options ? options.id : "a" }, options.signal && { signal: options.signal }),
  "keyturn/compat": (fetch, options) =>
    new ConductoroneSDKTypescript({
      security: { bearerAuth: "t" },
      serverURL: "https://acme.example",
      httpClient: { request: fetch },
      timeoutMs: options.timeoutMs,
    }).apps.get({ id: "id" in options ? options.id : "a" }, options.signal && { signal: options.signal }),
  "keyturn/commercelayer": (fetch, options) =>
    CommerceLayerProvisioning({ accessToken: TOKEN, fetch, retryConfig: { strategy: "none" } }).roles.retrieve(
      "id" in options ? options.id : "r",
      undefined,
      { timeout: options.timeoutMs, signal: options.signal },
    ),
};

/** An access token of a program; its signature is not checked. */
const TOKEN = ["{}", JSON.stringify({ scope: "provisioning-api", exp: 4102444800 }), "x"].map(btoa).join(".");

async function failure(run) {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

describe("every failure", () => {
  for (const [name, read] of Object.entries(READS)) {
    for (const [what, answer, options, kind, outcome] of [
      ["400", refused(400), {}, "bad_request", "answered"],
      ["403", refused(403), {}, "forbidden", "answered"],
      ["404", refused(404), {}, "not_found", "answered"],
      ["409", refused(409), {}, "conflict", "answered"],
      ["422", refused(422), {}, "unprocessable", "answered"],
      ["429", refused(429, { "retry-after": "7" }), {}, "rate_limited", "answered"],
      ["500", refused(500), {}, "server_error", "answered"],
      ["503", refused(503, { "retry-after": "7" }), {}, "server_error", "answered"],
      ["a redirect", refused(303), {}, "unexpected_status", "answered"],
      [
        "half an answer",
        () => new Response("{", { headers: { "content-type": "application/json" } }),
        {},
        "invalid_response",
        "answered",
      ],
      ["a broken connection", broken, {}, "connection_failed", "none"],
      ["no time left", never, { timeoutMs: 5 }, "timeout", "none"],
      ["the caller's signal", never, { signal: AbortSignal.abort() }, "aborted", "none"],
      ["a request that does not fit", refused(200), { id: null }, "invalid_request", "none"],
    ]) {
      test(`of ${name}: ${what}`, async () => {
        const error = await failure(() => read(async (...given) => answer(...given), options));
        assert.ok(KeyturnError.is(error), String(error));
        assert.deepEqual([error.kind, error.outcome], [kind, outcome]);
        assert.equal(error.retryAfterMs, /^(429|503)$/.test(what) ? 7000 : undefined);
        assert.ok(
          error.operation === undefined || /^(c1\.api\.app\.v1\.Apps\.Get|roles\.retrieve)$/.test(error.operation),
        );
      });
    }
  }

  test("has the operation, the server's request id and a hint, if they are known", async () => {
    for (const read of Object.values(READS)) {
      const error = await failure(() => read(async () => json(403, {}, { "x-request-id": "an-id" }), {}));
      assert.equal(error.requestId, "an-id");
      assert.match(error.operation, /Apps\.Get|roles\.retrieve/);
    }
  });
});

test("a program that uses both APIs needs one catch", async () => {
  const kinds = [];
  for (const read of Object.values(READS)) {
    try {
      await read(async () => json(404, {}), {});
    } catch (error) {
      if (!KeyturnError.is(error)) throw error;
      kinds.push(error.kind);
    }
  }
  assert.deepEqual(kinds, ["not_found", "not_found", "not_found"]);
});

test("keeps the official names and fields", async () => {
  const told = await failure(() => READS["keyturn/commercelayer"](async () => json(404, {}), {}));
  assert.ok(told instanceof ApiError && SdkError.isSdkError(told));
  assert.deepEqual([told.name, told.type, told.code, told.status], ["ApiError", "response", "404", 404]);
  const error = await failure(() => READS["keyturn/compat"](async () => json(404, {}), {}));
  assert.ok(error instanceof compatErrors.SDKError);
  assert.deepEqual(Object.keys(error).sort(), ["body", "contentType", "statusCode"]);
});

test("includes clients that cannot be created, and closed clients", async () => {
  const unusable = await failure(() => CommerceLayerProvisioning({}));
  assert.ok(KeyturnError.is(unusable) && unusable.kind === "invalid_configuration");
  const wrong = await failure(() => new ConductoroneSDKTypescript({ serverURL: "ftp://acme.example" }));
  assert.ok(KeyturnError.is(wrong) && wrong.kind === "invalid_configuration", String(wrong));
});

test("an error of the caller's interceptors and hooks ends the call", async () => {
  const cl = CommerceLayerProvisioning({ accessToken: TOKEN, fetch: async () => json(200, {}) });
  const stop = new Error("stop");
  cl.addRequestInterceptor(() => {
    throw stop;
  });
  const error = await failure(() => cl.roles.retrieve("r"));
  assert.ok(KeyturnError.is(error));
  assert.deepEqual([error.kind, error.outcome, error.source], ["aborted", "none", stop]);
});

test("does not include other errors", () => {
  for (const other of [new Error("x"), new TypeError("x"), { kind: "not_found" }, null, undefined, "x"])
    assert.equal(KeyturnError.is(other), false);
});
