// A rotation with the engine, the package's own provider and a tenant behind HTTP, the same in every runtime. In pages,
// the journal is in IndexedDB.
export default (t) => {
  const { assert, keyturn, lifecycle, runtime } = t;
  const { connectorProvider, indexedDBJournal, memoryJournal, openLifecycle } = lifecycle;
  const POLICY = { grace: 0, callDeadline: "10s", margin: "5s", hold: "30s", backoff: "1s", maxBackoff: "8s" };

  /** Returns a sink in memory with compare-and-set writes. */
  const memorySink = (first) => {
    let [pair, version] = [first, 0];
    return {
      name: "memory",
      compares: true,
      readback: "pair",
      read: async () => ({ clientId: pair.clientId, version: String(version) }),
      holds: async (other) => pair.clientId === other.clientId && pair.clientSecret === other.clientSecret,
      async write(next, expected) {
        if (expected !== String(version)) return false;
        [pair, version] = [{ ...next }, version + 1];
        return true;
      },
      pair: () => pair,
    };
  };

  async function world() {
    const tenant = await t.tenant();
    const { appId, connectorId } = tenant;
    const started = Date.now();
    let moved = 0;
    await tenant.setClock(started);
    const clock = { now: () => Date.now() + moved };
    const client = new keyturn.ConductorOne({ ...tenant.options, clock, retryConfig: { strategy: "none" } });
    const answer = await client.connector.rotateCredential({ appId, connectorId });
    const { id, clientId, clientSecret } = answer.connectorServiceRotateCredentialResponse.credential;
    const sink = memorySink({ clientId, clientSecret });
    const provider = connectorProvider({ client, appId, connectorId, clock });
    const name = `lifecycle-${crypto.randomUUID()}`;
    const inPage = ["chromium", "firefox"].includes(runtime);
    const journal = inPage ? indexedDBJournal({ name }) : memoryJournal();
    const open = (worker) =>
      openLifecycle({ journal, clock, worker, targets: { app: { provider, sinks: [sink], policy: POLICY } } });
    await open("setup").adopt("app", id);
    return {
      tenant,
      sink,
      open,
      requests: async () => (await tenant.requests({ operation: "connector.rotateCredential" })).length - 1,
      pass: async (ms) => {
        moved += ms;
        await tenant.advanceClock(ms);
      },
      now: clock.now,
      async close() {
        client.close();
        await journal.close?.();
        if (inPage)
          await new Promise((resolve) => {
            Object.assign(indexedDB.deleteDatabase(name), { onsuccess: resolve, onerror: resolve, onblocked: resolve });
          });
      },
    };
  }

  /** Advances the rotation until it is done, and the clocks whenever it waits. */
  async function finish({ tenant, sink, pass, now }, lifecycle) {
    for (let turn = 0; turn < 40; turn++) {
      const progress = await lifecycle.advance("app");
      const { accepted } = await tenant.consume(sink.pair());
      assert.equal(accepted, true, "the sink's pair logs in");
      if (progress.state === "idle") return progress;
      assert.equal(progress.state, "waiting", JSON.stringify(progress));
      await pass(Math.max(0, progress.until - now()) + 1000);
    }
    throw new Error("it never ends");
  }

  async function settled({ sink, requests }, lifecycle, issued) {
    const [{ current, credentials }] = await lifecycle.status();
    assert.equal(current.clientId, sink.pair().clientId);
    assert.deepEqual(
      credentials.filter(({ role }) => role !== "ended").map(({ id }) => id),
      [current.id],
    );
    const { length } = (await lifecycle.history("app")).filter(({ event }) => event === "issuing");
    assert.equal(await requests(), issued);
    assert.equal(length, issued);
    assert.equal((await lifecycle.verify()).find(({ target }) => target === "app").broken, undefined);
  }

  t.test("a connector's credential is rotated", async () => {
    const it = await world();
    const rotating = it.open("one");
    assert.equal((await rotating.rotate("app")).last, "done");
    await settled(it, rotating, 1);
    const findings = await rotating.findings(undefined, { observe: false });
    assert.ok(findings.some(({ code }) => code === "owner-missing"));
    await it.close();
  });

  t.test("a worker that is gone in the middle is replaced by another", async () => {
    const it = await world();
    const { write } = it.sink;
    let reached;
    const writing = new Promise((resolve) => {
      reached = resolve;
    });
    // The sink never returns, so the secret is lost.
    it.sink.write = () => {
      reached();
      return new Promise(() => undefined);
    };
    const gone = it.open("gone");
    const rotation = gone.rotate("app").catch((error) => error.code);
    await writing;
    await gone.close();
    assert.equal(await rotation, "closed");
    it.sink.write = write;
    const next = it.open("next");
    assert.equal((await finish(it, next)).last, "done");
    await settled(it, next, 2);
    await it.close();
  });

  t.test("an answer that is lost is looked up, and its credential ended", async () => {
    const it = await world();
    await it.tenant.fault({ operation: "connector.rotateCredential", action: "drop-answer", times: 1 });
    const lifecycle = it.open("unlucky");
    await lifecycle.rotate("app");
    assert.equal((await finish(it, lifecycle)).last, "done");
    await settled(it, lifecycle, 2);
    await it.close();
  });

  t.test("a page over http has a lifecycle too: it has no crypto.randomUUID", async () => {
    const { appId, connectorId, options } = await t.tenant();
    const provider = connectorProvider({ client: new keyturn.ConductorOne(options), appId, connectorId });
    const targets = { app: { provider, sinks: [memorySink({ clientId: "a", clientSecret: "b" })] } };
    Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
    try {
      const opened = openLifecycle({ journal: memoryJournal(), targets });
      assert.equal((await opened.status())[0].progress.state, "idle");
    } finally {
      delete crypto.randomUUID;
    }
  });
};
