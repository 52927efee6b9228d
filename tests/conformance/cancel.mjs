// Deadlines and signals: they end a call at any stage, and the error says what may have taken effect.
import { onEachTenant } from "../lib/each-tenant.mjs";
import { answer, stub, stubClient } from "../lib/stub.mjs";

const ROTATE = "c1.api.app.v1.ConnectorService.RotateCredential";

export default (suite) => {
  const { test, assert, keyturn } = suite;

  /** Returns how long a call took to fail, and its error. */
  async function timed(call) {
    const begun = performance.now();
    const error = await assert.rejects(call);
    return { error, ms: performance.now() - begun };
  }

  /** Returns a `fetch` that never resolves; `ended` says whether its signal was aborted. */
  function silent() {
    const at = { calls: 0, ended: false };
    at.fetch = (_, { signal }) =>
      new Promise((_, reject) => {
        at.calls++;
        signal.addEventListener("abort", () => {
          at.ended = true;
          reject(signal.reason);
        });
      });
    return at;
  }

  test("a signal that has fired before the call: nothing is sent", async () => {
    const server = stub({});
    const reason = new Error("changed my mind");
    const { error } = await timed(stubClient(keyturn, server).apps.list({}, { signal: AbortSignal.abort(reason) }));
    assert.equal(error.code, "aborted");
    assert.equal(error.cause, reason);
    assert.equal(error.outcome, "none");
    assert.equal(error.operation, "c1.api.app.v1.Apps.List");
    assert.equal(server.sent.length, 0);
  });

  test("a signal that fires before a rotation is sent: no secret is at risk", async () => {
    const server = stub({});
    const { error } = await timed(
      stubClient(keyturn, server).connector.rotateCredential(
        { appId: "a", connectorId: "b" },
        { signal: AbortSignal.abort() },
      ),
    );
    assert.equal(error.code, "aborted");
    assert.equal(error.outcome, "none");
  });

  test("a signal that fires during the request ends it", async () => {
    for (const reason of [undefined, "text", null, new DOMException("mine", "AbortError")]) {
      const server = silent();
      const controller = new AbortController();
      const call = stubClient(keyturn, server).apps.list({}, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 5);
      const { error } = await timed(call);
      assert.equal(error.code, "aborted");
      assert.equal(error.cause, controller.signal.reason);
      assert.equal(server.ended, true);
    }
  });

  test("a signal in fetchOptions counts as well", async () => {
    const { error } = await timed(
      stubClient(keyturn, silent()).apps.list({}, { fetchOptions: { signal: AbortSignal.timeout(20) } }),
    );
    assert.equal(error.code, "aborted");
  });

  test("one signal ends all the calls that have it, and each says its own operation", async () => {
    const controller = new AbortController();
    const c1 = stubClient(keyturn, silent());
    const calls = [
      c1.apps.list({}, controller),
      c1.auth.introspect(controller),
      c1.apps.delete({ id: "a" }, controller),
    ].map((call) => assert.rejects(call));
    setTimeout(() => controller.abort(), 5);
    const errors = await Promise.all(calls);
    assert.deepEqual(
      errors.map(({ code }) => code),
      ["aborted", "aborted", "aborted"],
    );
    assert.deepEqual(
      errors.map(({ operation }) => operation.split(".").at(-1)),
      ["List", "Introspect", "Delete"],
    );
    assert.deepEqual(
      errors.map(({ outcome }) => outcome),
      ["none", "none", "unknown"],
    );
  });

  test("the time allowed for a call, and for all calls of a client", async () => {
    for (const [options, call] of [
      [{}, { timeoutMs: 40 }],
      [{ timeoutMs: 40 }, {}],
      [{ timeoutMs: 60_000 }, { timeoutMs: 40, signal: new AbortController().signal }],
    ]) {
      const error = await assert.rejects(stubClient(keyturn, silent(), options).apps.list({}, call));
      assert.equal(error.name, "RequestTimeoutError");
      assert.equal(error.code, "timeout");
      assert.equal(error.timeoutMs, 40);
      assert.equal(error.outcome, "none");
    }
  });

  test("zero, less and infinity are no bound", async () => {
    for (const timeoutMs of [0, -1, Number.POSITIVE_INFINITY, 2 ** 40]) {
      const server = stub(() => new Promise((resolve) => setTimeout(() => resolve(answer(200, {})()), 20)));
      await stubClient(keyturn, server).apps.list({}, { timeoutMs });
    }
  });

  test("the deadline holds for a fetch that does not listen", async () => {
    for (const [what, fetch] of [
      ["never answers", () => new Promise(() => {})],
      [
        "never ends its answer",
        async () =>
          new Response(new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode("{")) }), {
            headers: { "content-type": "application/json" },
          }),
      ],
    ]) {
      const c1 = stubClient(keyturn, { fetch });
      const error = await assert.rejects(c1.apps.list({}, { timeoutMs: 40 }));
      assert.equal(error.code, "timeout", what);
    }
  });

  test("the deadline holds for a security function that does not answer", async () => {
    const server = stub({});
    const { error } = await timed(
      stubClient(keyturn, server, { security: () => new Promise(() => {}) }).apps.list({}, { timeoutMs: 40 }),
    );
    assert.equal(error.code, "timeout");
    assert.equal(error.outcome, "none");
    assert.equal(server.sent.length, 0);
  });

  test("a change that runs out of time may have happened", async () => {
    const { error } = await timed(stubClient(keyturn, silent()).apps.delete({ id: "a" }, { timeoutMs: 20 }));
    assert.equal(error.code, "timeout");
    assert.equal(error.outcome, "unknown");
  });

  test("waiting for the next attempt ends with the signal", async () => {
    const server = stub(answer(429, {}, { "retry-after": "20" }));
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 40);
    const { error, ms } = await timed(stubClient(keyturn, server).apps.list({}, controller));
    assert.equal(error.code, "aborted");
    assert.ok(ms < 20_000, `${ms} ms`);
    assert.equal(server.sent.length, 1);
  });

  test("a wait that would outlast the deadline is not begun", async () => {
    const server = stub(answer(429, {}, { "retry-after": "20" }));
    const { error, ms } = await timed(stubClient(keyturn, server).apps.list({}, { timeoutMs: 5000 }));
    assert.equal(error.code, "rate_limited");
    assert.equal(error.retryAfterMs, 20_000);
    assert.ok(ms < 5_000, `${ms} ms`);
  });

  onEachTenant(suite, (it) => {
    it("a call that gives up waiting for a token does not stop the others", async (c1, at) => {
      await at.fault({ operation: "token", action: { delayMs: 3_000 } });
      const controller = new AbortController();
      const impatient = assert.rejects(c1.apps.list({}, controller));
      const short = assert.rejects(c1.apps.list({}, { timeoutMs: 60 }));
      let isAnswered = false;
      const patient = c1.auth.introspect().then(() => (isAnswered = true));
      setTimeout(() => controller.abort(), 30);
      const [aborted, late] = await Promise.all([impatient, short]);
      assert.equal(isAnswered, false, "neither has waited for the token");
      assert.equal(aborted.code, "aborted");
      assert.equal(aborted.outcome, "none");
      assert.equal(late.code, "timeout");
      await patient;
      assert.equal((await at.requests({ operation: "token" })).length, 1);
      assert.equal((await at.requests({ operation: "apps.list" })).length, 0);
    });

    it("a rotation that is given up has an unknown outcome", async (c1, at) => {
      const { appId, connectorId } = at;
      await c1.auth.introspect();
      await at.fault({ operation: "connector.rotateCredential", times: 2, action: { delayMs: 20_000 } });
      // Time enough for the request to arrive on a busy machine.
      const { error, ms } = await timed(c1.connector.rotateCredential({ appId, connectorId }, { timeoutMs: 1_000 }));
      assert.equal(error.code, "outcome_unknown");
      assert.equal(error.cause.code, "timeout");
      assert.ok(ms < 20_000, `${ms} ms`);
      const sent = async () => (await at.requests({ operation: ROTATE })).length;
      assert.equal(await sent(), 1);
      const controller = new AbortController();
      const aborted = timed(c1.connector.rotateCredential({ appId, connectorId }, controller));
      while ((await sent()) < 2) await new Promise((resolve) => setTimeout(resolve, 10));
      controller.abort();
      const { error: given } = await aborted;
      assert.equal(given.code, "outcome_unknown");
      assert.equal(given.cause.code, "aborted");
    });

    it("a rotation that has no time to log in is not sent", async (c1, at) => {
      const { appId, connectorId } = at;
      await at.fault({ operation: "token", action: { delayMs: 10_000 } });
      const { error } = await timed(c1.connector.rotateCredential({ appId, connectorId }, { timeoutMs: 50 }));
      assert.equal(error.code, "timeout");
      assert.equal(error.outcome, "none");
      assert.equal((await at.requests({ operation: ROTATE })).length, 0);
    });
  });
};
