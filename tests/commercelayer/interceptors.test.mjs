// Interceptors and raw response readers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { answer, load, refusal, rejection, resource, server, TOKEN } from "./world.mjs";

const { CommerceLayerProvisioning, FetchError, SdkError, responseOf } = await load("keyturn/commercelayer");
const client = (fetch, options = {}) =>
  CommerceLayerProvisioning({ accessToken: TOKEN, fetch, retryConfig: { strategy: "none" }, ...options });
const role = resource("roles", "r", { name: "Admin" });

describe("request interceptors", () => {
  test("see the request as it will be sent, and can change it", async () => {
    const { fetch, sent } = server(role);
    const cl = client(fetch);
    let seen;
    cl.addRequestInterceptor((request) => {
      const { url, options } = request;
      assert.ok(url instanceof URL && options.signal instanceof AbortSignal);
      seen = { path: url.pathname, size: url.searchParams.get("include"), ...options, body: JSON.parse(options.body) };
      url.searchParams.set("extra", "1");
      options.headers["X-Added"] = "yes";
      delete options.headers["User-Agent"];
      return request;
    });
    await cl.roles.update({ id: "r", name: "n" }, { include: ["organization"] }, { headers: { "X-Own": "kept" } });
    assert.deepStrictEqual([seen.path, seen.size, seen.method], ["/api/roles/r", "organization", "PATCH"]);
    assert.equal(Object.getPrototypeOf(seen.headers), Object.prototype);
    assert.deepStrictEqual(
      [seen.headers.Authorization, seen.headers.Accept, seen.headers["Content-Type"], seen.headers["X-Own"]],
      [`Bearer ${TOKEN}`, "application/vnd.api+json", "application/vnd.api+json", "kept"],
    );
    assert.equal(seen.body.data.attributes.name, "n");
    assert.deepStrictEqual(
      [sent[0].url.searchParams.get("extra"), sent[0].headers["X-Added"], sent[0].headers["User-Agent"]],
      ["1", "yes", undefined],
    );
  });

  test("end a call when they throw", async () => {
    const { fetch, sent } = server(role);
    for (const [thrown, type, hasSource] of [
      [new DOMException("not now", "AbortError"), "cancel", false],
      [new DOMException("too long", "TimeoutError"), "timeout", false],
      [new TypeError("not a function"), "request", true],
      [new Error("broken"), "client", true],
      [new SdkError({ message: "mine", type: "parse" }), "parse", false],
    ]) {
      const cl = client(fetch);
      cl.addRequestInterceptor(() => {
        throw thrown;
      });
      const error = await rejection(cl.roles.list());
      assert.deepStrictEqual(
        [error.name, error.type, error.message, error.source],
        ["SdkError", type, thrown.message, hasSource ? thrown : undefined],
      );
      assert.equal(error.outcome, "none");
    }
    assert.equal(sent.length, 0);
  });

  test("cannot enable redirects, which would get the token", async () => {
    let given;
    const cl = client(async (_, init) => {
      given = init;
      return answer({ data: role })();
    });
    cl.addRequestInterceptor(({ url, options }) => ({
      url,
      options: { ...options, redirect: "follow", credentials: "include" },
    }));
    await cl.roles.retrieve("r");
    assert.deepStrictEqual([given.redirect, given.credentials], ["manual", "omit"]);
  });

  test("run in order, in any number, and are removed by id", async () => {
    const cl = client(server([]).fetch);
    const order = [];
    const ids = ["a", "b", "c"].map((name) => cl.addRequestInterceptor(async (request) => (order.push(name), request)));
    assert.equal(new Set(ids).size, 3);
    await cl.roles.list();
    cl.removeInterceptor("request", ids[1]);
    cl.removeInterceptor("response", ids[0]);
    await cl.roles.list();
    cl.removeInterceptor("request");
    await cl.roles.list();
    assert.deepStrictEqual(order, ["a", "b", "c", "a", "c"]);
  });

  test("run for each attempt, and invalid values that they set are reported without the value", async () => {
    const cl = client(server(refusal(503), []).fetch, { retryConfig: undefined });
    let times = 0;
    cl.addRequestInterceptor((request) => (times++, request));
    await cl.roles.list();
    assert.equal(times, 2);
  });
});

describe("response interceptors", () => {
  test("see successful responses, and can read and replace them", async () => {
    const cl = client(server(role).fetch);
    let name;
    cl.addResponseInterceptor(async (response) => {
      name = (await response.json()).data.attributes.name;
      return response;
    });
    assert.equal((await cl.roles.retrieve("r")).name, "Admin", "what was read is read again");
    assert.equal(name, "Admin");
    cl.addResponseInterceptor(async () => answer({ data: resource("roles", "r", { name: "Other" }) })());
    assert.equal((await cl.roles.retrieve("r")).name, "Other");
    cl.addResponseInterceptor(() => undefined);
    assert.equal((await cl.roles.retrieve("r")).name, "Other");
  });

  test("are not run for failures", async () => {
    const cl = client(server(refusal(404)).fetch);
    cl.addResponseInterceptor(() => assert.fail());
    assert.equal((await rejection(cl.roles.list())).status, 404);
  });

  test("end a call when they throw", async () => {
    const cl = client(server(role).fetch);
    cl.addResponseInterceptor(() => {
      throw new Error("broken");
    });
    const error = await rejection(cl.roles.update({ id: "r", name: "n" }));
    assert.deepStrictEqual([error.type, error.message, error.outcome], ["client", "broken", "answered"]);
  });
});

describe("error interceptors", () => {
  const failing = () =>
    client(
      server(
        refusal(500, [{ code: "INTERNAL", detail: "d" }], {
          statusText: "Oh no",
          headers: { "x-request-id": "an-id" },
        }),
      ).fetch,
    );

  test("see the error, and the request behind it", async () => {
    const cl = failing();
    let seen;
    cl.addResponseInterceptor(undefined, (error) => (seen = error));
    const error = await rejection(cl.roles.list());
    assert.ok(seen instanceof FetchError && FetchError.isFetchError(seen));
    assert.deepStrictEqual(
      [seen.status, seen.statusText, seen.errors[0].code, seen.method, seen.url],
      [500, "Oh no", "INTERNAL", "GET", "https://provisioning.commercelayer.io/api/roles"],
    );
    assert.equal(seen.headers.get("x-request-id"), "an-id");
    assert.deepStrictEqual([error.name, error.status, error.first().code], ["ApiError", 500, "INTERNAL"]);
  });

  test("cannot turn a failure into a success", async () => {
    for (const given of [null, undefined, [], {}, 0, "fine"]) {
      const cl = failing();
      cl.addResponseInterceptor(undefined, () => given);
      const error = await rejection(cl.roles.list());
      assert.deepStrictEqual([error.name, error.status], ["ApiError", 500], inspect(given));
    }
  });

  test("can replace the error", async () => {
    const cl = failing();
    cl.addResponseInterceptor(undefined, () => new FetchError(418, "Teapot", { errors: [{ code: "TEA" }] }));
    const error = await rejection(cl.roles.list());
    assert.deepStrictEqual(
      [error.name, error.status, error.code, error.message, error.apiCode, error.requestId],
      ["ApiError", 418, "418", "Teapot", "TEA", "an-id"],
    );
    for (const given of [new Error("mine"), new SdkError({ message: "mine" })]) {
      const other = failing();
      other.addResponseInterceptor(undefined, async () => given);
      assert.deepStrictEqual([(await rejection(other.roles.list())).message], ["mine"]);
    }
    const throwing = failing();
    throwing.addResponseInterceptor(undefined, () => {
      throw new Error("thrown");
    });
    assert.deepStrictEqual([(await rejection(throwing.roles.list())).message], ["thrown"]);
  });
});

describe("readers of raw answers", () => {
  test("return the last response body, and its headers on request", async () => {
    const cl = client(
      server(
        answer({ data: [role] }, { headers: { "x-ratelimit-limit": "50" } }),
        refusal(404, [{ code: "RECORD_NOT_FOUND" }]),
      ).fetch,
    );
    const [plain, whole] = [cl.addRawResponseReader(), cl.addRawResponseReader({ headers: true })];
    assert.ok(plain.id > 0 && plain.id !== whole.id && plain.ok);
    await cl.roles.list();
    assert.equal(plain.rawResponse.data[0].id, "r");
    assert.equal(plain.headers, undefined);
    assert.deepStrictEqual([whole.ok, whole.headers["x-ratelimit-limit"]], [true, "50"]);
    await rejection(cl.roles.list());
    assert.deepStrictEqual(
      [whole.ok, whole.rawResponse.errors[0].code, whole.headers["x-ratelimit-limit"]],
      [false, "RECORD_NOT_FOUND", undefined],
    );
    cl.removeRawResponseReader(plain);
    cl.removeRawResponseReader();
    await rejection(cl.roles.retrieve("r"));
    assert.equal(whole.rawResponse.errors.length, 1);
  });

  test("never mix two responses, and each result has its own", async () => {
    const fetch = async (url) => {
      const id = new URL(url).pathname.split("/").at(-1);
      await new Promise((done) => setTimeout(done, id === "0" ? 20 : 1));
      return answer(
        { data: resource("roles", id, { big: "x".repeat(id === "0" ? 200_000 : 1) }) },
        { headers: { "x-request-id": id } },
      )();
    };
    const cl = client(fetch);
    const reader = cl.addRawResponseReader({ headers: true });
    const calls = ["0", "1", "2", "3"].map(async (id) => {
      const read = await cl.roles.retrieve(id);
      assert.equal(reader.rawResponse.data.id, reader.headers["x-request-id"]);
      assert.equal(responseOf(read).requestId, id);
    });
    await Promise.all(calls);
  });

  test("do not reveal their content when inspected", async () => {
    const cl = client(server(resource("api_credentials", "c", { client_secret: "the-secret" })).fetch);
    const reader = cl.addRawResponseReader();
    await cl.api_credentials.retrieve("c");
    assert.equal(reader.rawResponse.data.attributes.client_secret, "the-secret");
    assert.ok(!inspect(reader, { depth: 9 }).includes("the-secret") && !JSON.stringify(reader).includes("the-secret"));
  });

  test("are removed with all interceptors", async () => {
    const cl = client(server(role).fetch);
    const reader = cl.addRawResponseReader();
    cl.addRequestInterceptor(() => assert.fail());
    cl.addResponseInterceptor(() => assert.fail());
    cl.removeInterceptors();
    await cl.roles.retrieve("r");
    assert.equal(reader.rawResponse, undefined);
  });
});
