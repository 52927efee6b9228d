// Tokens that the server refuses during calls, and their replacements from `refreshToken`.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answer, load, refusal, rejection, resource } from "./world.mjs";

const { CommerceLayerProvisioning } = await load("keyturn/commercelayer");
const jwt = (payload) =>
  ["{}", JSON.stringify(payload), "s"].map((part) => Buffer.from(part).toString("base64url")).join(".");

/** Returns a server that accepts some tokens and refuses all others. */
function guarded(good, { code = "INVALID_TOKEN", delay = 1 } = {}) {
  const sent = [];
  const fetch = async (_url, { headers }) => {
    const token = headers.Authorization.split(" ")[1];
    sent.push(token);
    await new Promise((done) => setTimeout(done, delay));
    return good.includes(token)
      ? answer({ data: [resource("roles", "r")], meta: { record_count: 1, page_count: 1 } })()
      : refusal(401, [{ code }])();
  };
  return { fetch, sent };
}

const client = (fetch, options) => CommerceLayerProvisioning({ accessToken: "old", fetch, ...options });

describe("a client's token", () => {
  test("is refreshed once for all calls that were refused concurrently", async () => {
    const { fetch, sent } = guarded(["new"]);
    const asked = [];
    const cl = client(fetch, {
      refreshToken: async (token) => (asked.push(token), await new Promise((done) => setTimeout(done, 20)), "new"),
    });
    const lists = await Promise.all(Array.from({ length: 10 }, () => cl.roles.list()));
    assert.ok(lists.every((list) => list.length === 1));
    assert.deepStrictEqual(asked, ["old"]);
    assert.equal(sent.length, 20);
    assert.equal(cl.currentAccessToken, "new");
  });

  for (const [name, token] of [
    ["opaque", "not-a-jwt"],
    ["revoked but not expired", jwt({ exp: 4_000_000_000 })],
    ["expired", jwt({ exp: 1 })],
    ["base64url with - and _", jwt({ exp: 1, name: "\u00ff\u00fe???>>>" })],
  ]) {
    test(`is refreshed even if it is ${name}, and a change is repeated`, async () => {
      const { fetch } = guarded(["new"], { code: "UNAUTHORIZED" });
      const cl = client(fetch, { accessToken: token, refreshToken: async (old) => (assert.equal(old, token), "new") });
      assert.equal(cl.currentAccessToken, token);
      await cl.memberships.resend("m");
      assert.equal(cl.currentAccessToken, "new");
    });
  }

  test("is not refreshed endlessly if it is refused again", async () => {
    const { fetch, sent } = guarded([]);
    let times = 0;
    const error = await rejection(client(fetch, { refreshToken: async () => `new-${++times}` }).roles.list());
    assert.deepStrictEqual([error.status, times, sent.length], [401, 1, 2]);
  });

  test("is kept, and the call fails, if the function fails or returns nothing", async () => {
    for (const refreshToken of [
      async () => "",
      async () => undefined,
      async () => Promise.reject(new Error("no")),
      () => {
        throw new Error("no");
      },
    ]) {
      const error = await rejection(client(guarded(["new"]).fetch, { refreshToken }).roles.list());
      assert.deepStrictEqual([error.name, error.type], ["SdkError", "token-refresh"]);
    }
  });

  test("is not refreshed without a function, nor for another status", async () => {
    const { fetch, sent } = guarded([]);
    assert.equal((await rejection(client(fetch).roles.list())).status, 401);
    assert.equal(sent.length, 1);
    const cl = client(async () => refusal(403)(), { refreshToken: () => assert.fail() });
    assert.equal((await rejection(cl.roles.list())).status, 403);
  });

  test("is awaited only until the call's deadline, but the next call uses a late result", async () => {
    const { fetch } = guarded(["new"]);
    const cl = client(fetch, { refreshToken: () => new Promise((done) => setTimeout(done, 60, "new")) });
    assert.equal((await rejection(cl.roles.list({}, { timeout: 20 }))).type, "timeout");
    assert.equal((await cl.roles.list()).length, 1);
  });
});

describe("a call's token", () => {
  test("never becomes the client's token", async () => {
    const { fetch, sent } = guarded(["old", "call-new"]);
    const cl = client(fetch, {
      refreshToken: () => assert.fail("the client's own function is asked for the client's own token"),
    });
    const error = await rejection(cl.roles.list({}, { accessToken: "call-old" }));
    assert.deepStrictEqual([error.status, cl.currentAccessToken], [401, "old"]);
    const asked = [];
    const list = await cl.roles.list(
      {},
      { accessToken: "call-old", refreshToken: async (token) => (asked.push(token), "call-new") },
    );
    assert.deepStrictEqual([list.length, asked, cl.currentAccessToken], [1, ["call-old"], "old"]);
    await cl.roles.list();
    assert.deepStrictEqual(sent, ["call-old", "call-old", "call-new", "old"]);
  });

  test("fails the call if its own function fails", async () => {
    const source = new Error("no");
    const error = await rejection(
      client(guarded([]).fetch).roles.list({}, { accessToken: "call-old", refreshToken: () => Promise.reject(source) }),
    );
    assert.deepStrictEqual([error.type, error.source], ["token-refresh", source]);
  });
});
