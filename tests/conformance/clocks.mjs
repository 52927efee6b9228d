// Time: the machine's, the server's, and that of tokens.

/** Creates a server and a client with different virtual clocks. */
function hours({ offsetMs, tenant, count }) {
  const { fetch, clock } = tenant;
  return {
    clock: { now: () => clock.now() + offsetMs, monotonic: () => clock.now() },
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      const kind = String(url).endsWith("/auth/v1/token") ? "tokens" : response.status === 401 ? "refused" : "calls";
      count[kind]++;
      return response;
    },
  };
}

export default ({ test, assert, keyturn, sandbox, inProcess }) => {
  const { ConductorOne } = keyturn;
  const start = () => sandbox.createSandbox({ tokenTtl: 600, clock: Date.UTC(2026, 0, 1) });

  for (const [what, offsetMs, extra] of [
    ["a right clock", 0, 0],
    ["a clock four minutes slow", -240_000, 1],
    ["a clock four minutes fast", 240_000, 1],
  ]) {
    test(`two hours of traffic with ${what} and ten-minute tokens: no 401, and no token request too many`, async () => {
      const tenant = await start();
      const count = { tokens: 0, calls: 0, refused: 0 };
      const { clientId: clientID, clientSecret, url: serverURL } = tenant;
      const c1 = new ConductorOne({ clientID, clientSecret, serverURL, ...hours({ offsetMs, tenant, count }) });
      for (let minute = 0; minute < 120; minute++) {
        for (let call = 0; call < 3; call++) {
          await c1.auth.introspect();
          tenant.clock.advance(20_000);
          // Let the background refresh run.
          await new Promise((resolve) => setTimeout(resolve));
        }
      }
      assert.equal(count.refused, 0, "401");
      // The last two exchanges replaced tokens that were still valid; nothing was requested twice.
      const needed = 7200 / 600;
      const most = Math.ceil(7200 / (600 * 0.72));
      assert.ok(count.tokens - extra >= needed && count.tokens - extra <= most, `${count.tokens} token requests`);
      assert.equal(Math.round(c1.authentication.clockOffsetMs / 1000), offsetMs === 0 ? 0 : -offsetMs / 1000);
      c1.close();
      tenant.close();
    });
  }

  test("a clock that is given is used, and a wrong one is told when it does not help", async () => {
    const tenant = await start();
    const { clientId: clientID, clientSecret, url: serverURL, fetch, clock } = tenant;
    const right = new ConductorOne({ clientID, clientSecret, serverURL, fetch, clock });
    await right.auth.introspect();
    assert.equal(right.authentication.clockOffsetMs, 0);

    tenant.fault({ operation: "token", times: 2, action: { status: 401, body: { error: "invalid_client" } } });
    const wrong = new ConductorOne({
      clientID,
      clientSecret,
      serverURL,
      fetch,
      clock: { now: () => clock.now() - 300_000 },
    });
    const error = await assert.rejects(wrong.auth.introspect());
    assert.equal(error.code, "authentication_failed");
    assert.ok(Math.abs(error.clockOffsetMs - 300_000) <= 2_000, error.clockOffsetMs);
    assert.match(error.hint, /clock/);
    assert.equal(tenant.requests({ operation: "token" }).length, 3);
    tenant.close();
  });

  test("failures of the token endpoint are kept for a moment, and Retry-After holds for all who wait", async () => {
    const at = await inProcess();
    let time = 0;
    const clock = { now: () => Date.now(), monotonic: () => time };
    const count = async () => (await at.requests({ operation: "token" })).length;

    await at.fault({ operation: "token", times: 1, action: { status: 401, body: { error: "invalid_client" } } });
    const c1 = new ConductorOne({ ...at.options, clock });
    const herd = () => Promise.all(Array.from({ length: 50 }, () => assert.rejects(c1.auth.introspect())));
    for (const error of [...(await herd()), ...(await herd())]) assert.equal(error.reason, "invalid_client");
    assert.equal(await count(), 1);
    time += 5_001;
    await c1.auth.introspect();
    assert.equal(await count(), 2);

    await at.fault({ operation: "token", times: 1, action: { status: 429, headers: { "retry-after": "30" } } });
    const slow = new ConductorOne({ ...at.options, clock, retryConfig: { strategy: "none" } });
    await Promise.all(Array.from({ length: 20 }, () => assert.rejects(slow.auth.introspect())));
    time += 29_000;
    const error = await assert.rejects(slow.auth.introspect());
    assert.equal(error.status, 429);
    assert.equal(await count(), 3);
    time += 1_001;
    await slow.auth.introspect();
    assert.equal(await count(), 4);
  });
};
