// Token stores in pages, with a real `localStorage` and the Web Locks API.

export default ({ test, assert, keyturn, inProcess }) => {
  const { ConductorOne, encryptedStore, memoryStore, webStore } = keyturn;
  const key = () => `keyturn-test-${crypto.randomUUID()}`;

  function store() {
    if ("localStorage" in globalThis && "document" in globalThis) return webStore(localStorage);
    return memoryStore();
  }

  test("of many who write or lease at once, one wins", async () => {
    const one = store();
    const name = key();
    const writes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => one.compareAndSet(name, String(i), undefined, 5_000)),
    );
    assert.equal(writes.filter(Boolean).length, 1);
    assert.equal((await one.get(name)).version, writes.find(Boolean));
    const leases = await Promise.all(Array.from({ length: 20 }, () => one.lease(name, 5_000)));
    assert.equal(leases.filter(Boolean).length, 1);
    await leases.find(Boolean).release();
    const next = await one.lease(name, 5_000);
    assert.ok(next);
    await next.release();
    await one.delete(name);
    assert.equal(await one.get(name), undefined);
  });

  test("fifty clients that start at once make one token request, encrypted with a key that cannot be extracted", async () => {
    const at = await inProcess();
    const secret = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const tokenStore = encryptedStore(store(), secret);
    const clients = Array.from({ length: 50 }, () => new ConductorOne({ ...at.options, tokenStore }));
    await Promise.all(clients.map((client) => client.auth.introspect()));
    assert.equal((await at.requests({ operation: "token" })).length, 1);
    clients.forEach((client) => client.close());
    if ("document" in globalThis) {
      const kept = Object.entries(localStorage).filter(([name]) => name.startsWith("keyturn1."));
      assert.ok(kept.length > 0);
      for (const [, value] of kept) assert.excludes(value, "Bearer");
      localStorage.clear();
    }
  });
};
