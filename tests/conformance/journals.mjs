// The journals for every runtime: in memory, and in IndexedDB if there is one. Those for Node are in `lifecycle/`.
export default (t) => {
  const { assert, lifecycle, runtime, testing } = t;
  const { indexedDBJournal, JournalError, memoryJournal } = lifecycle;
  const databases = ["chromium", "firefox"].includes(runtime);

  testing.testJournal(
    (name, run) => t.test(`in memory: ${name}`, run),
    () => {
      const journal = memoryJournal();
      return { open: () => journal };
    },
  );

  if (!databases) {
    t.test("where there is no IndexedDB, an error says so", () => {
      assert.throws(() => indexedDBJournal(), { name: "JournalError", reason: "unsupported", code: "journal_failed" });
    });
    return;
  }

  const remove = (name) =>
    new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("a journal holds on to its database"));
    });
  const name = () => `journal-${crypto.randomUUID()}`;
  testing.testJournal(
    (title, run) => t.test(`in IndexedDB: ${title}`, run),
    () => {
      const own = name();
      return { open: () => indexedDBJournal({ name: own }), remove: () => remove(own) };
    },
  );

  t.test("a journal in IndexedDB lets go of a database that somebody deletes, and begins anew", async () => {
    const own = name();
    const journal = indexedDBJournal({ name: own });
    assert.equal(await journal.append("a", 1, "e"), true);
    await remove(own);
    assert.deepEqual(await journal.streams(), []);
    assert.equal(await journal.append("a", 1, "e"), true);
    await journal.close();
    await remove(own);
  });

  t.test("a database of something else is not taken for a journal, and a gap in one is found", async () => {
    const own = name();
    const opened = (version, upgrade) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open(own, version);
        request.onupgradeneeded = () => upgrade?.(request.result);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    (await opened(1, (database) => database.createObjectStore("other"))).close();
    await assert.rejects(indexedDBJournal({ name: own }).read("a", 1), { reason: "foreign", path: own });
    (await opened(2)).close();
    await assert.rejects(indexedDBJournal({ name: own }).append("a", 1, "e"), { reason: "foreign", outcome: "none" });
    await remove(own);

    const journal = indexedDBJournal({ name: own });
    for (const sequence of [1, 2, 3]) await journal.append("a", sequence, "e");
    const database = await opened(1);
    await new Promise((resolve) => {
      const transaction = database.transaction("events", "readwrite");
      transaction.objectStore("events").delete(["a", 2]);
      transaction.oncomplete = resolve;
    });
    database.close();
    const error = await assert.rejects(journal.read("a", 1), { reason: "gap", message: /event 2/ });
    assert.ok(error === undefined || error instanceof JournalError);
    await journal.close();
    await remove(own);
  });

  t.test("an aborted transaction is an error, leaves nothing, and the journal goes on", async () => {
    const own = name();
    const journal = indexedDBJournal({ name: own });
    await journal.append("a", 1, "e");
    const { add } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.add = function full(...args) {
      const request = add.apply(this, args);
      this.transaction.abort();
      return request;
    };
    try {
      await assert.rejects(journal.append("a", 2, "e"), { name: "JournalError", outcome: "unknown" });
    } finally {
      IDBObjectStore.prototype.add = add;
    }
    assert.deepEqual(await journal.read("a", 1), ["e"]);
    assert.equal(await journal.append("a", 2, "f"), true);
    await journal.close();
    await remove(own);
  });
};
