// When a call is retried, and when it must not be.
import { answer, stub, stubClient } from "../lib/stub.mjs";

const SOON = { "retry-after": "0" };
/** Delays that do not slow a test down. */
const QUICK = { initialInterval: 1, maxInterval: 2, exponent: 1.5, maxElapsedTime: 10_000 };

/** Returns what Node's `fetch` throws. */
const failed = (code) => new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });

export default ({ test, assert, keyturn }) => {
  const read = (c1, options) => c1.apps.list({}, options);
  const write = (c1, options) => c1.apps.create({ displayName: "a", owners: [] }, options);
  const secret = (c1, options) => c1.connector.rotateCredential({ appId: "a", connectorId: "b" }, options);

  /**
   * Returns the number of requests that a call makes to a server that responds like this at first, and then
   * successfully.
   */
  async function requests(call, first, options, clientOptions) {
    const server = stub(first, first, {});
    await call(stubClient(keyturn, server, clientOptions), options).catch(() => {});
    return server.sent.length;
  }

  test("by default: reads three times, changes only if the server did not act, secrets never", async () => {
    const lost = failed("UND_ERR_SOCKET");
    const refused = failed("ECONNREFUSED");
    const cases = [
      // A failure, and how many requests a read, a change and a rotation make.
      ["429", answer(429, {}, SOON), [3, 3, 1]],
      ["503 with Retry-After", answer(503, {}, SOON), [3, 3, 1]],
      ["500 with Retry-After", answer(500, {}, SOON), [3, 1, 1]],
      ["502 with Retry-After", answer(502, {}, SOON), [3, 1, 1]],
      ["504 with Retry-After", answer(504, {}, SOON), [3, 1, 1]],
      ["408 with Retry-After", answer(408, {}, SOON), [3, 1, 1]],
      ["400", answer(400, {}, SOON), [1, 1, 1]],
      ["404", answer(404, {}, SOON), [1, 1, 1]],
      ["409", answer(409, {}, SOON), [1, 1, 1]],
      ["501", answer(501, {}, SOON), [1, 1, 1]],
      ["a lost connection", lost, [3, 1, 1]],
      ["a refused connection", refused, [3, 3, 3]],
    ];
    await Promise.all(
      cases.map(async ([what, first, wanted]) => {
        const found = await Promise.all([read, write, secret].map((call) => requests(call, first)));
        assert.deepEqual(found, wanted, what);
      }),
    );
    // Without a Retry-After the server may have acted.
    assert.equal(await requests(write, answer(503, {})), 1);
  });

  test("a search is a read, whatever its method", async () => {
    const server = stub(answer(500, {}, SOON), {});
    await stubClient(keyturn, server).appSearch.search({ query: "x" });
    assert.equal(server.sent.length, 2);
    assert.deepEqual(
      server.sent.map(({ body }) => body),
      ['{"query":"x"}', '{"query":"x"}'],
    );
  });

  /** Returns how long a read takes if its first response asks it to wait. */
  async function waited(retryAfter) {
    const server = stub(
      () => answer(429, {}, { "retry-after": typeof retryAfter === "function" ? retryAfter() : retryAfter })(),
      {},
    );
    const begun = performance.now();
    await read(stubClient(keyturn, server));
    assert.equal(server.sent.length, 2);
    return performance.now() - begun;
  }

  test("Retry-After is obeyed: seconds, fractions, dates", async () => {
    const cases = [
      ["0.3", 290],
      ["1", 990],
      // An HTTP date has whole seconds, so up to one second may already have passed.
      [() => new Date(Date.now() + 2000).toUTCString(), 900],
    ];
    await Promise.all(
      cases.map(async ([value, atLeast]) => {
        const ms = await waited(value);
        assert.ok(ms >= atLeast && ms < atLeast + 1700, `${ms} ms`);
      }),
    );
  });

  test("a Retry-After that makes no sense is as good as none", async () => {
    const cases = ["soon", "-5", "NaN", "1e99", "Infinity", ""];
    const times = await Promise.all(cases.map(waited));
    assert.ok(Math.max(...times) < 1500, times.join(" "));
  });

  test("a caller's wish counts, also for changes, but not for secrets", async () => {
    const lost = failed("ECONNRESET");
    const wish = { strategy: "backoff", backoff: QUICK };
    assert.equal(await requests(read, answer(500, {}), { retries: { strategy: "none" } }), 1);
    assert.equal(await requests(read, answer(500, {}), {}, { retryConfig: { strategy: "none" } }), 1);
    assert.equal(await requests(read, answer(500, {}), { retries: wish }, { retryConfig: { strategy: "none" } }), 3);
    assert.equal(await requests(write, answer(500, {}), { retries: wish }), 3);
    assert.equal(await requests(write, lost, { retries: wish }), 1, "connection errors only if asked for");
    assert.equal(await requests(write, lost, { retries: { ...wish, retryConnectionErrors: true } }), 3);
    assert.equal(await requests(secret, answer(500, {}), { retries: { ...wish, retryConnectionErrors: true } }), 1);
    assert.equal(await requests(secret, answer(429, {}), { retries: wish }), 1);
    assert.equal(await requests(secret, lost, { retries: { ...wish, retryConnectionErrors: true } }), 1);
    assert.equal(await requests(secret, answer(500, {}), { retries: { ...wish, repeatOneTimeSecrets: true } }), 3);
  });

  test("a caller's statuses, attempts and time", async () => {
    const wish = { strategy: "backoff", backoff: QUICK };
    assert.equal(await requests(read, answer(418, {}), { retries: wish, retryCodes: ["418"] }), 3);
    assert.equal(await requests(read, answer(418, {}), { retries: wish, retryCodes: ["4XX"] }), 3);
    assert.equal(await requests(read, answer(500, {}), { retries: wish, retryCodes: ["4xx"] }), 1);
    assert.equal(await requests(read, answer(500, {}), { retries: { ...wish, maxAttempts: 2 } }), 2);
    const slow = { initialInterval: 400, maxInterval: 400, exponent: 1, maxElapsedTime: 1 };
    assert.equal(
      await requests(read, answer(503, {}, { "retry-after": "0.2" }), {
        retries: { strategy: "backoff", backoff: slow },
      }),
      1,
    );
  });

  test("the last failure is the one that is told", async () => {
    const server = stub(
      answer(500, { message: "first" }, SOON),
      answer(502, { message: "second" }, SOON),
      answer(503, { message: "third" }, SOON),
    );
    const error = await assert.rejects(read(stubClient(keyturn, server)));
    assert.match(error.message, /503: third/);
  });

  test("an outage is not made worse: a client has twenty retries, and earns more by succeeding", async () => {
    const server = stub(answer(503, {}, SOON));
    const c1 = stubClient(keyturn, server);
    for (let i = 0; i < 50; i++) await read(c1).catch(() => {});
    assert.equal(server.sent.length, 70);
  });

  test("each attempt asks for the token again", async () => {
    let asked = 0;
    const server = stub(answer(503, {}, SOON), {});
    await read(stubClient(keyturn, server, { security: () => ({ bearerAuth: `token-${++asked}` }) }));
    assert.deepEqual(
      server.sent.map(({ headers }) => headers.get("authorization")),
      ["Bearer token-1", "Bearer token-2"],
    );
  });
};
