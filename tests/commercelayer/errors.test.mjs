// Errors: the names and fields of release 2.10.2 of the official SDK, and the fields that it lacks.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { answer, load, refusal, rejection, resource, server, TOKEN } from "./world.mjs";

const { ApiError, CommerceLayerProvisioning, ErrorType, SdkError } = await load("keyturn/commercelayer");
const { KeyturnError } = await load("keyturn");

const client = (fetch, options = {}) =>
  CommerceLayerProvisioning({ accessToken: TOKEN, fetch, retryConfig: { strategy: "none" }, ...options });
const failing = (step, options) => client(server(step).fetch, options);
const SECRET = "a-secret-of-the-request";

test("the types are those of the official SDK", () => {
  assert.deepStrictEqual(Object.values(ErrorType).sort(), [
    "cancel",
    "client",
    "parse",
    "request",
    "response",
    "timeout",
    "token-refresh",
  ]);
  const error = new SdkError({ message: "m" });
  assert.deepStrictEqual([error.name, error.type, error.message], ["SdkError", "client", "m"]);
  const refused = new ApiError({ message: "m" });
  assert.deepStrictEqual(
    [refused.name, refused.type, refused.errors, refused.first()],
    ["ApiError", "response", [], undefined],
  );
  assert.ok(
    refused instanceof SdkError &&
      SdkError.isSdkError(refused) &&
      ApiError.isApiError(refused) &&
      !ApiError.isApiError(error),
  );
});

describe("an unsuccessful response", () => {
  const told = {
    title: "has already been taken",
    detail: "name - has already been taken",
    code: "VALIDATION_ERROR",
    status: "422",
    source: { pointer: "/data/attributes/name" },
  };

  test("has the request, the response headers, the API's code and a message", async () => {
    const step = refusal(422, [told], {
      statusText: "Unprocessable Content",
      headers: { "x-request-id": "an-id", "x-ratelimit-remaining": "3" },
    });
    const error = await rejection(failing(step).roles.update({ id: "r", name: "n" }));
    assert.ok(error instanceof ApiError);
    const {
      name,
      type,
      status,
      statusText,
      code,
      apiCode,
      errors,
      method,
      url,
      requestId,
      operation,
      outcome,
      message,
    } = error;
    assert.deepStrictEqual(
      [name, type, status, statusText, code, apiCode],
      ["ApiError", "response", 422, "Unprocessable Content", "422", "VALIDATION_ERROR"],
    );
    assert.deepStrictEqual([errors, error.first()], [[told], told]);
    assert.deepStrictEqual(
      [method, url, requestId],
      ["PATCH", "https://provisioning.commercelayer.io/api/roles/r", "an-id"],
    );
    assert.deepStrictEqual([operation, outcome, message], ["roles.update", "answered", "Unprocessable Content"]);
    assert.equal(error.headers.get("x-ratelimit-remaining"), "3");
    assert.ok(KeyturnError.is(error.cause) && error.cause.code === "unprocessable");
  });

  test("has a message even without HTTP/2 status text", async () => {
    for (const [step, message] of [
      [refusal(422, [told]), "name - has already been taken"],
      [refusal(422, [{ title: "only a title" }]), "only a title"],
      [refusal(404), "the server answered 404"],
      [answer("<h1>Bad gateway</h1>", { status: 502 }), "the server answered 502"],
      [answer(null, { status: 500 }), "the server answered 500"],
      [answer("{", { status: 500 }), "the server answered 500"],
    ]) {
      const error = await rejection(failing(step).roles.list());
      assert.deepStrictEqual([error.message, error.type], [message, "response"]);
      assert.ok(Array.isArray(error.errors));
    }
  });

  test("says how long to wait, and whether a change may have happened", async () => {
    const limited = await rejection(failing(refusal(429, [], { headers: { "retry-after": "7" } })).roles.list());
    assert.deepStrictEqual([limited.status, limited.retryAfterMs, limited.outcome], [429, 7000, "answered"]);
    const failed = await rejection(failing(refusal(500)).roles.update({ id: "r", name: "n" }));
    assert.equal(failed.outcome, "unknown");
  });

  test("contains neither the token nor a secret of the request", async () => {
    const told = [
      {
        detail: `client_secret ${SECRET} is too short`,
        meta: { value: SECRET, token: TOKEN, client_secret: "another-secret" },
        source: { pointer: "/data/attributes/client_secret" },
      },
    ];
    const step = refusal(422, told, { statusText: "" });
    const error = await rejection(failing(step).identity_providers.update({ id: "i", client_secret: SECRET }));
    for (const shown of [
      inspect(error, { depth: 20, showHidden: true }),
      JSON.stringify(error),
      error.message,
      JSON.stringify(error.errors),
      inspect(error.cause, { depth: 20 }),
    ]) {
      assert.ok(!shown.includes(SECRET) && !shown.includes(TOKEN) && !shown.includes("another-secret"), shown);
    }
    assert.equal(error.errors[0].meta.value, "[redacted]");
  });

  test("includes redirects, since a token must not leave its origin", async () => {
    const error = await rejection(
      failing(answer(null, { status: 302, headers: { location: "https://evil.example" } })).roles.list(),
    );
    assert.deepStrictEqual([error.type, error.status], ["response", 302]);
  });
});

describe("a success that cannot be read", () => {
  for (const [name, step] of [
    ["nothing, with 204", answer(null, { status: 204 })],
    ["nothing", answer("")],
    ["null", answer("null")],
    ["HTML", answer("<!doctype html><p>hello", { headers: { "content-type": "text/html" } })],
    ["half a document", answer('{"data":[{"id":"r","type":"ro')],
    ["no document", answer({ items: [] })],
    ["text", answer('"data"')],
  ]) {
    test(name, async () => {
      const cl = failing(step, {});
      for (const call of [
        () => cl.roles.list(),
        () => cl.roles.retrieve("r"),
        () => cl.roles.update({ id: "r", name: "n" }),
        () => cl.organizations.roles("o"),
        () => cl.roles.organization("r"),
        () => cl.roles.count(),
        () => cl.user.retrieve(),
      ]) {
        const error = await rejection(call());
        assert.deepStrictEqual(
          [error.name, error.type, error.outcome],
          ["SdkError", "parse", "answered"],
          inspect(error),
        );
        assert.ok(error.message && error.method && error.url);
      }
    });
  }

  test("includes a list instead of a resource, and vice versa", async () => {
    assert.equal((await rejection(failing([]).roles.retrieve("r"))).type, "parse");
    assert.equal((await rejection(failing(resource("roles", "r")).roles.list())).type, "parse");
  });

  test("quotes no secret", async () => {
    const error = await rejection(
      failing(
        answer(`{"data":{"id":"c","type":"api_credentials","attributes":{"client_secret":"${SECRET}","name":"n"`),
      ).api_credentials.retrieve("c"),
    );
    assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes(SECRET), inspect(error));
  });
});

describe("no response", () => {
  test("is reported alike, whatever message the platform has", async () => {
    for (const message of [
      "fetch failed",
      "Failed to fetch",
      "Load failed",
      "NetworkError when attempting to fetch resource.",
    ]) {
      const thrown = new TypeError(message);
      const error = await rejection(failing(thrown).roles.list());
      assert.deepStrictEqual(
        [error.name, error.type, error.source, error.method],
        ["SdkError", "client", thrown, "GET"],
      );
      assert.equal(error.cause.code, "connection_failed");
    }
  });

  test("says whether a change may have happened", async () => {
    assert.equal(
      (await rejection(failing(new TypeError("fetch failed")).roles.update({ id: "r" }))).outcome,
      "unknown",
    );
    const refused = new TypeError("fetch failed", {
      cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
    });
    assert.equal((await rejection(failing(refused).roles.update({ id: "r" }))).outcome, "none");
  });

  test("an abort or a time limit of the caller's own `fetch` keeps its type", async () => {
    assert.equal((await rejection(failing(new DOMException("stopped", "AbortError")).roles.list())).type, "cancel");
    assert.equal((await rejection(failing(new DOMException("too long", "TimeoutError")).roles.list())).type, "timeout");
  });
});

test("an invalid request names its field, and keeps the cause", async () => {
  const error = await rejection(
    failing([]).roles.create({ name: 7, organization: { id: "o", type: "organizations" } }),
  );
  assert.deepStrictEqual(
    [error.type, error.outcome, error.operation, error.cause.path],
    ["request", "none", "roles.create", "name"],
  );
  assert.equal(error.url, undefined, "nothing was sent");
});
