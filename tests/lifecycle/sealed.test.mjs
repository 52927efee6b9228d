// Responses that are sealed for a restart: what a process that died leaves to the next one, and what happens to the
// copies.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { installed } from "../lib/installed.mjs";
import { CANARY, Clock, ControlPlane, MemorySink, settled } from "../lib/lifecycle-world.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const { memoryJournal, memorySeals, openLifecycle } = require("keyturn/lifecycle");
const { directorySeals } = require("keyturn/lifecycle/node");
const { testSealStore } = require("keyturn/lifecycle/testing");

const MINUTE = 60_000;
const POLICY = { grace: 0, backoff: 1000, maxBackoff: 4000 };

/** Wraps a store, so that a test sees its content and calls, and can make it fail. */
function watched(store = memorySeals()) {
  const it = { copies: new Map(), calls: [], fault: () => undefined };
  const around =
    (method) =>
    async (...args) => {
      await it.fault(method);
      it.calls.push(method);
      const [marker, sealed] = args;
      if (method === "put") it.copies.set(marker, sealed);
      if (method === "delete") it.copies.delete(marker);
      return store[method](...args);
    };
  it.store = { put: around("put"), get: around("get"), delete: around("delete") };
  return it;
}

function world({ policy, sink, key = randomBytes(32), ...plane } = {}) {
  const clock = new Clock();
  const control = new ControlPlane({ clock, ...plane });
  const place = new MemorySink(sink);
  const first = control.make("by hand");
  place.put({ clientId: first.clientId, clientSecret: first.secret });
  const memory = memoryJournal();
  const journal = { ...memory };
  const seals = watched();
  const open = (worker = "test", seal = { store: seals.store, key }) =>
    openLifecycle({
      journal,
      clock,
      worker,
      seal,
      targets: { app: { provider: control.provider, sinks: [place.sink], policy: { ...POLICY, ...policy } } },
    });
  return { clock, control, place, journal, memory, seals, open };
}

/** Creates a lifecycle that has issued and sealed, and died during the delivery. */
async function dead(it, seal) {
  const dying = it.open("dying", seal);
  await dying.adopt("app", "c0");
  it.place.fault = (method) => (method === "write" ? new Promise(() => undefined) : undefined);
  dying.rotate("app").catch(() => undefined);
  const events = async () => (await it.memory.read("app", 1)).map((line) => JSON.parse(line).event);
  while ((await events()).filter((event) => event === "verified").length < 2) await new Promise(setImmediate);
  it.place.fault = () => undefined;
  return dying;
}

const words = async (lifecycle) => (await lifecycle.history("app")).map(({ event }) => event);
const issued = ({ control }) => control.calls.filter(([method]) => method === "issue").length;

async function clean({ control, place, seals }, lifecycle) {
  assert.ok(control.accepts(place.pair));
  const [{ current }] = await lifecycle.status();
  assert.deepEqual(control.alive(), [current.id]);
  assert.equal(place.pair.clientId, current.clientId);
  assert.equal(seals.copies.size, 0, "no copy is left");
}

describe("a store of sealed copies in memory", () => {
  testSealStore(test, () => {
    const store = memorySeals();
    return { open: () => store };
  });
});

describe("a store of sealed copies in a folder", () => {
  testSealStore(test, async () => {
    const folder = await mkdtemp(join(tmpdir(), "keyturn-seals-"));
    return { open: () => directorySeals(join(folder, "sealed")), remove: () => rm(folder, { recursive: true }) };
  });
});

test("the conformance tests find stores that do not hold their promises", async () => {
  const failures = async (change) => {
    const runs = [];
    testSealStore(
      (name, run) => runs.push([name, run]),
      () => {
        const store = memorySeals();
        return { open: () => ({ ...store, ...change(store) }) };
      },
    );
    const failed = [];
    for (const [name, run] of runs) await run().catch(() => failed.push(name));
    return failed;
  };
  assert.deepEqual(await failures(() => ({})), []);
  for (const [fault, change] of Object.entries({
    "keeps what was deleted": () => ({ delete: async () => undefined }),
    "keeps the first": (store) => ({
      put: async (marker, sealed) => (await store.get(marker)) ?? store.put(marker, sealed),
    }),
    "folds case": (store) => ({
      put: (marker, sealed) => store.put(marker.toLowerCase(), sealed),
      get: (marker) => store.get(marker.toLowerCase()),
      delete: (marker) => store.delete(marker.toLowerCase()),
    }),
    "cuts long copies": (store) => ({ put: (marker, sealed) => store.put(marker, sealed.slice(0, 8_000)) }),
    "refuses to delete nothing": (store) => ({
      delete: async (marker) => {
        if ((await store.get(marker)) === undefined) throw new Error("there is none");
        return store.delete(marker);
      },
    }),
  }))
    assert.notDeepEqual(await failures(change), [], fault);
});

test("another process delivers the secret of one that died, at once, and deletes the copy", async () => {
  const it = world();
  const dying = await dead(it);
  assert.equal(it.seals.copies.size, 1);
  for (const [marker, sealed] of it.seals.copies) {
    assert.match(marker, /^keyturn:app:[0-9a-f]{8}:1\.1$/);
    assert.ok(!Buffer.from(sealed, "base64url").toString("latin1").includes(CANARY) && !sealed.includes("c1@host"));
  }
  const lifecycle = it.open("next");
  const before = it.clock.at;
  assert.equal((await lifecycle.advance("app")).last, "done");
  assert.equal(it.clock.at, before, "nobody had to wait");
  assert.equal(it.place.pair.clientId, "c1@host");
  assert.equal(issued(it), 1);
  await clean(it, lifecycle);
  const events = await words(lifecycle);
  assert.ok(events.indexOf("discarded") > events.indexOf("delivered"));
  const history = inspect([await lifecycle.history("app"), lifecycle], { depth: 20, showHidden: true });
  assert.ok(!history.includes(CANARY));
  await dying.close();
});

test("an answer that was sealed and not written down is not lost, also where the control plane has no records", async () => {
  for (const evidence of [true, false]) {
    const it = world({ evidence });
    const dying = it.open("dying");
    await dying.adopt("app", "c0");
    // The journal does not accept the call's result, and then the process dies.
    it.journal.append = async (stream, sequence, line) => {
      if (JSON.parse(line).event === "issued") throw new Error("full");
      return it.memory.append(stream, sequence, line);
    };
    await assert.rejects(dying.rotate("app"), /full/);
    it.journal.append = it.memory.append;
    assert.equal(it.seals.copies.size, 1);
    const lifecycle = it.open("next");
    assert.equal((await settled(it, lifecycle)).last, "done");
    assert.equal(it.place.pair.clientId, "c1@host");
    assert.equal(issued(it), 1);
    assert.ok((await words(lifecycle)).includes("late"));
    await clean(it, lifecycle);
    await dying.close();
  }
});

test("with another key, or none, the secret is lost for a reason, and the copy does not stay", async () => {
  const key = randomBytes(32);
  for (const [code, seal] of [
    ["wrong_key", ({ store }) => ({ store, key: randomBytes(32) })],
    [
      "wrong_key",
      ({ store, copies }) => ({ store: { ...store, get: async () => [...copies.values()][0].slice(1) }, key }),
    ],
    ["not_sealed", ({ store }) => ({ store: { ...store, get: async () => undefined }, key })],
    ["no_key", () => undefined],
  ]) {
    const it = world({ key });
    const dying = await dead(it);
    const other = it.open("other", seal(it.seals) ?? null);
    const waiting = await other.advance("app");
    assert.equal(waiting.state, "waiting", "the one that has the secret may still live");
    it.clock.at = waiting.until;
    const end = await settled(it, other);
    assert.equal(end.last, "done", inspect([code, end]));
    const lost = (await other.history("app")).find(({ event }) => event === "lost");
    assert.deepEqual([lost.credential, lost.code], ["c1", code]);
    assert.equal(issued(it), 2);
    // Without a store, the copy cannot be deleted; a process that has one deletes it when it next advances.
    if (code === "no_key") await it.open("keeper").advance("app");
    await clean(it, other);
    await dying.close();
  }
});

test("a copy that was moved to another attempt does not open there", async () => {
  const it = world();
  const dying = await dead(it);
  const [sealed] = it.seals.copies.values();
  const other = it.open("other", undefined);
  await other.resume("app", { reissue: true });
  assert.equal((await settled(it, other)).last, "done");
  await clean(it, other);
  it.place.fault = (method) => (method === "write" ? new Promise(() => undefined) : undefined);
  const second = it.open("second");
  second.rotate("app").catch(() => undefined);
  while ((await words(other)).filter((word) => word === "verified").length < 6) await new Promise(setImmediate);
  it.place.fault = () => undefined;
  const store = { ...it.seals.store, get: async () => sealed };
  const third = it.open("third", { store, key: randomBytes(32) });
  const waiting = await third.advance("app");
  it.clock.at = waiting.until;
  await third.advance("app");
  assert.equal((await third.history("app")).findLast(({ event }) => event === "lost").code, "wrong_key");
  await Promise.all([dying.close(), second.close()]);
});

test("a rollback deletes the copy, and so does whatever else ends an attempt", async () => {
  const it = world();
  const dying = await dead(it);
  const lifecycle = it.open("next");
  assert.equal((await lifecycle.rollback("app")).last, "rolled-back");
  assert.equal(it.seals.copies.size, 0);
  assert.equal(it.place.pair.clientId, "c0@host");
  assert.deepEqual(it.control.alive(), ["c0"]);
  await dying.close();
});

test("a store that fails changes nothing but what a restart costs", async () => {
  const it = world({ policy: { maxFailures: 3, callDeadline: 2_000 } });
  const lifecycle = it.open();
  // The store fails to keep a copy.
  it.seals.fault = (method) => {
    if (method === "put") throw new Error(`down ${CANARY}`);
  };
  assert.equal((await lifecycle.rotate("app")).last, "done");
  // The store hangs while it keeps a copy.
  it.seals.fault = (method) => (method === "put" ? new Promise((resolve) => setTimeout(resolve, 400)) : undefined);
  assert.equal((await lifecycle.rotate("app")).last, "done");
  assert.equal(it.seals.copies.size, 0, "what came late is deleted as well");
  // The store fails to delete a copy.
  it.seals.fault = (method) => {
    if (method === "delete") throw new Error(`down ${CANARY}`);
  };
  await lifecycle.rotate("app");
  const stopped = await settled(it, lifecycle);
  assert.equal(stopped.reason, "too-many-failures");
  assert.match(stopped.about, /^keyturn:app:/);
  assert.equal((await lifecycle.status())[0].phase, undefined, "the rotation itself is over");
  it.seals.fault = () => undefined;
  await lifecycle.resume("app");
  assert.equal((await settled(it, lifecycle)).state, "idle");
  assert.equal(issued(it), 3);
  await clean(it, lifecycle);
  assert.ok(!(await it.memory.read("app", 1)).join("").includes(CANARY));
});

test("a store that cannot be read is asked again, before the secret is given up", async () => {
  const it = world();
  const dying = await dead(it);
  const lifecycle = it.open("next");
  it.seals.fault = (method) => {
    if (method === "get") throw new Error("down");
  };
  const first = await lifecycle.advance("app");
  it.clock.at = first.until;
  const second = await lifecycle.advance("app");
  assert.equal(second.state, "waiting");
  it.seals.fault = () => undefined;
  assert.equal((await settled(it, lifecycle)).last, "done");
  assert.equal(issued(it), 1);
  assert.ok(!(await words(lifecycle)).includes("lost"));
  await clean(it, lifecycle);
  await dying.close();
});

test("each copy may have a key of its own, and a secret that can be read again gets none", async () => {
  const keys = new Map();
  const key = async (marker) => {
    if (!keys.has(marker)) keys.set(marker, randomBytes(32));
    return keys.get(marker);
  };
  const it = world({ key });
  const dying = await dead(it);
  assert.deepEqual([...keys.keys()], [...it.seals.copies.keys()]);
  assert.equal((await it.open("next").advance("app")).last, "done");
  assert.equal(issued(it), 1);
  await dying.close();

  const recalls = world({ recalls: true });
  assert.equal((await recalls.open().rotate("app")).last, "done");
  assert.deepEqual(recalls.seals.calls, []);
  for (const wrong of [new Uint8Array(31), new Uint8Array(32), "secret", undefined])
    assert.throws(() => recalls.open("w", { store: recalls.seals.store, key: wrong }), {
      option: "seal",
      reason: "key",
    });
});

test("whoever takes over holds the secret as long as a sink is down", async () => {
  const it = world({ policy: { maxFailures: 1000, maxBackoff: 10 * MINUTE } });
  const dying = await dead(it);
  const next = it.open("next");
  const bystander = it.open("bystander", null);
  it.place.fault = (method) => {
    if (method === "write") throw new Error("down");
  };
  for (const end = it.clock.at + 120 * MINUTE; it.clock.at < end; it.clock.pass(MINUTE)) {
    await next.advance("app");
    await bystander.advance("app");
  }
  it.place.fault = () => undefined;
  assert.equal((await settled(it, next)).last, "done");
  assert.equal(issued(it), 1, "nobody gave the secret up");
  await clean(it, next);
  await dying.close();
});

test("a control plane that ended the old credential leaves no way back, and a rollback says so", async () => {
  const it = world({ cuts: true });
  const dying = await dead(it);
  const lifecycle = it.open("next");
  await assert.rejects(lifecycle.rollback("app"), { reason: "cannot_roll_back", message: /ended the old credential/ });
  assert.equal((await settled(it, lifecycle)).last, "done");
  await clean(it, lifecycle);
  await dying.close();
});

test("copies in a folder: for their owner alone, under any marker, and gone once they are deleted", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "keyturn-seals-"));
  try {
    const folder = join(scratch, "a", "sealed");
    const seals = directorySeals(folder);
    const markers = ["keyturn:app:1", "../../x", "x".repeat(5_000), "ü\n%", ""];
    for (const marker of markers) {
      assert.equal(await seals.get(marker), undefined);
      await seals.delete(marker);
      await seals.put(marker, `sealed ${marker}`);
      await seals.put(marker, `again ${marker}`);
    }
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    for (const file of await readdir(folder)) assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
    for (const marker of markers) assert.equal(await seals.get(marker), `again ${marker}`);
    const [one] = await readdir(folder);
    // The unfinished file of a process that died while writing is deleted with the copy.
    for (const file of await readdir(folder))
      await writeFile(join(folder, `${file}.new`), await readFile(join(folder, one)));
    for (const marker of markers) await seals.delete(marker);
    assert.deepEqual(await readdir(folder), []);
    await writeFile(join(scratch, "file"), "");
    await assert.rejects(directorySeals(join(scratch, "file")).put("m", "s"), { code: "journal_failed" });
  } finally {
    await rm(scratch, { recursive: true });
  }
});
