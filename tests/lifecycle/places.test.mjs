// Sinks that differ from those at the start of a rotation: added late, or unable to take a new pair when it is about to
// be issued.
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { installed } from "../lib/installed.mjs";
import { Clock, ControlPlane, MemorySink, settled } from "../lib/lifecycle-world.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const { memoryJournal, openLifecycle, sinkList } = require("keyturn/lifecycle");
const { commandSink, envFile, secretFolder } = require("keyturn/lifecycle/node");

const DAY = 86_400_000;
const POLICY = { grace: DAY, backoff: 1000, maxBackoff: 4000, maxFailures: 3 };

const scratch = await mkdtemp(join(tmpdir(), "keyturn-places-"));
after(() => rm(scratch, { recursive: true }));

function world({ policy, ...plane } = {}) {
  const clock = new Clock();
  const control = new ControlPlane({ clock, ...plane });
  const a = new MemorySink({ name: "a" });
  const first = control.make("by hand");
  const old = { clientId: first.clientId, clientSecret: first.secret };
  a.put(old);
  const journal = memoryJournal();
  const open = (sinks = [a.sink], more = {}) =>
    openLifecycle({
      journal,
      clock,
      targets: { app: { provider: control.provider, sinks, policy: { ...POLICY, ...policy }, ...more } },
    });
  return { clock, control, a, old, journal, open };
}

const issued = ({ control }) => control.calls.filter(([method]) => method === "issue").length;
const words = async (lifecycle) => (await lifecycle.history("app")).map(({ event }) => event);

/** Creates a rotation in its grace period, and a lifecycle with an additional sink. */
async function added(sink, options) {
  const it = world(options);
  const first = it.open();
  assert.equal((await first.rotate("app")).state, "waiting");
  await first.close();
  it.b = new MemorySink({ name: "b", ...sink });
  it.b.put(it.old);
  return { ...it, lifecycle: it.open([it.a.sink, it.b.sink]) };
}

for (const [readback, recalls] of [
  ["none", false],
  ["none", true],
  ["pair", false],
  ["client-id", false],
])
  test(`a sink that is added during the grace period, read back: ${readback}${recalls ? ", secrets can be read again" : ""}`, async (t) => {
    await t.test("stops the rotation at once, and the old credential lives", async () => {
      const it = await added({ readback }, { recalls });
      for (let turn = 0; turn < 3; turn++) {
        const progress = await it.lifecycle.advance("app");
        assert.deepEqual([progress.state, progress.reason, progress.about], ["stopped", "sink-added", "b"]);
        assert.match(progress.hint, /reissue: true.*provisioned: true/);
        it.clock.pass(2 * DAY);
      }
      assert.deepEqual(it.control.alive(), ["c0", "c1"]);
      // A lifecycle that does not have the sink does not continue either.
      assert.equal((await it.open().advance("app")).reason, "sink-added");
      await assert.rejects(it.lifecycle.resume("app", { restored: true }), { reason: "not_stopped" });
      // The cause was not removed.
      await it.lifecycle.resume("app");
      assert.equal((await it.lifecycle.advance("app")).reason, "sink-added");
    });

    await t.test("gets another credential, as all others do, once a person wants that", async () => {
      const it = await added({ readback }, { recalls });
      await it.lifecycle.advance("app");
      await it.lifecycle.resume("app", { reissue: true });
      assert.equal((await settled(it, it.lifecycle, 50)).last, "done");
      assert.deepEqual([it.a.pair.clientId, it.b.pair.clientId], ["c2@host", "c2@host"]);
      assert.deepEqual(it.control.alive(), ["c2"]);
      assert.equal(issued(it), 2);
    });

    await t.test("is provisioned by hand", async () => {
      const it = await added({ readback }, { recalls });
      await it.lifecycle.advance("app");
      await assert.rejects(it.open([it.a.sink]).resume("nobody", { provisioned: true }), { reason: "unknown_target" });
      if (readback !== "none") {
        // What can be read back is not taken on trust.
        await it.lifecycle.resume("app", { provisioned: true });
        it.clock.pass(2 * DAY);
        assert.equal((await it.lifecycle.advance("app")).reason, "sink-changed");
        assert.deepEqual(it.control.alive(), ["c0", "c1"]);
        it.b.put(it.a.pair);
        await it.lifecycle.resume("app");
      } else {
        it.b.put(it.a.pair);
        await it.lifecycle.resume("app", { provisioned: true });
      }
      assert.equal((await settled(it, it.lifecycle, 50)).last, "done");
      assert.deepEqual(it.control.alive(), ["c1"]);
      assert.equal(issued(it), 1);
      await assert.rejects(it.lifecycle.resume("app", { provisioned: true }), { reason: "no_rotation" });
    });

    await t.test("and the rotation can be undone", async () => {
      const it = await added({ readback }, { recalls });
      await it.lifecycle.advance("app");
      assert.equal((await it.lifecycle.rollback("app")).last, "rolled-back");
      assert.deepEqual([it.a.pair.clientId, it.b.pair.clientId], ["c0@host", "c0@host"]);
      assert.deepEqual(it.control.alive(), ["c0"]);
    });
  });

test("a sink that is added during the grace period and holds the new pair already is in nobody's way", async () => {
  const it = await added({ readback: "pair" });
  it.b.put(it.a.pair);
  assert.equal((await settled(it, it.lifecycle, 50)).last, "done");
  assert.deepEqual(it.control.alive(), ["c1"]);
});

test("a sink that is added during the grace period and cannot be reached holds back the end of the old credential", async () => {
  const it = await added({ readback: "pair" });
  it.b.fault = () => assert.fail("down");
  const progress = await settled(it, it.lifecycle, 50);
  assert.deepEqual([progress.state, progress.reason], ["stopped", "too-many-failures"]);
  assert.deepEqual(it.control.alive(), ["c0", "c1"]);
});

test("the end of the old credential that was announced before a sink was added is not taken back, and the sink is told of", async () => {
  const it = world();
  const first = it.open();
  await first.rotate("app");
  it.control.fault = (method) => {
    if (method === "end") throw new Error("down");
  };
  it.clock.pass(DAY);
  await first.advance("app");
  it.control.fault = () => undefined;
  const b = new MemorySink({ name: "b", readback: "none" });
  const lifecycle = it.open([it.a.sink, b.sink]);
  const progress = await settled(it, lifecycle, 50);
  assert.deepEqual([progress.reason, progress.about], ["sink-added", "b"]);
  await lifecycle.resume("app", { reissue: true });
  assert.equal((await settled(it, lifecycle, 50)).last, "done");
  assert.deepEqual(it.control.alive(), ["c2"]);
});

/** Sinks to which nothing can be delivered, and how each is repaired. */
const OBSTACLES = {
  "a sink that cannot be read": async () => {
    const b = new MemorySink({ name: "b" });
    b.fault = () => assert.fail("down");
    return {
      sink: b.sink,
      mend: () => {
        b.fault = () => undefined;
      },
    };
  },
  "a file whose folder is not there": async () => {
    const folder = join(await mkdtemp(join(scratch, "f-")), "none");
    return { sink: envFile({ path: join(folder, ".env") }), mend: () => mkdir(folder), error: { reason: "missing" } };
  },
  "a folder in the place of which a file is": async () => {
    const path = join(await mkdtemp(join(scratch, "f-")), "file");
    await writeFile(path, "");
    return { sink: secretFolder({ path }), mend: () => rm(path) };
  },
  "a program that is not there": async () => {
    const path = join(await mkdtemp(join(scratch, "f-")), "program");
    const mend = async () => {
      await writeFile(path, "#!/bin/sh\ncat >/dev/null\n");
      await chmod(path, 0o755);
    };
    return { sink: commandSink({ name: "program", write: [path] }), mend, error: { reason: "missing" } };
  },
  "a list with one of these": async () => {
    const folder = join(await mkdtemp(join(scratch, "f-")), "none");
    const sink = sinkList([new MemorySink({ name: "m" }).sink, envFile({ path: join(folder, ".env") })]);
    return { sink, mend: () => mkdir(folder), error: { reason: "partial" } };
  },
};

for (const [name, make] of Object.entries(OBSTACLES)) {
  test(`${name}: rotate and advance begin nothing, and nothing is issued`, async () => {
    const it = world({ policy: { rotateEvery: "60d" } });
    const { sink, mend, error = {} } = await make();
    const lifecycle = it.open([it.a.sink, sink]);
    const bare = it.open();
    await bare.adopt("app", "c0");
    const before = await words(lifecycle);
    await assert.rejects(lifecycle.rotate("app"), (thrown) => {
      for (const [field, value] of Object.entries(error)) assert.equal(thrown[field], value);
      return true;
    });
    it.clock.pass(61 * DAY);
    const [result] = await lifecycle.advance();
    for (const [field, value] of Object.entries(error)) assert.equal(result.error[field], value);
    assert.ok(result.error instanceof Error);
    assert.deepEqual(await words(lifecycle), before, "the journal has nothing of it");
    assert.equal(issued(it), 0);
    await mend();
    assert.equal((await lifecycle.advance())[0].error, undefined);
    assert.equal((await settled(it, lifecycle, 50)).last, "done");
    assert.equal(issued(it), 1);
  });

  test(`${name}: a rotation that has begun issues nothing until it is mended`, async () => {
    const it = world({ policy: { grace: 0 } });
    const { sink, mend } = await make();
    // A lifecycle without the sink started the rotation, and died before issuing.
    it.control.fault = (method) => {
      if (method === "issue") throw Object.assign(new Error("no"), { outcome: "none" });
    };
    const bare = it.open();
    await bare.adopt("app", "c0");
    const { append } = it.journal;
    it.journal.append = async (...args) => {
      if (JSON.parse(args[2]).event === "issuing") throw new Error("it dies here");
      return append(...args);
    };
    await assert.rejects(bare.rotate("app"), /it dies here/);
    it.journal.append = append;
    it.control.fault = () => undefined;
    const lifecycle = it.open([it.a.sink, sink]);
    const stopped = await settled(it, lifecycle, 50);
    assert.equal(stopped.state, "stopped", inspect(stopped));
    assert.ok(["refused", "too-many-failures"].includes(stopped.reason));
    assert.equal(issued(it), 0);
    assert.ok((await words(lifecycle)).includes("not-issued"));
    await mend();
    await lifecycle.resume("app");
    assert.equal((await settled(it, lifecycle, 50)).last, "done");
    assert.equal(issued(it), 1);
  });
}

test("a group whose one member cannot be delivered to does not begin, and others do", async () => {
  const clock = new Clock();
  const made = Object.fromEntries(
    ["a", "b", "c"].map((name) => {
      const control = new ControlPlane({ clock });
      const place = new MemorySink({ name: "sink" });
      const { clientId, secret } = control.make("by hand");
      place.put({ clientId, clientSecret: secret });
      return [name, { control, place }];
    }),
  );
  const lifecycle = openLifecycle({
    journal: memoryJournal(),
    clock,
    targets: Object.fromEntries(
      Object.entries(made).map(([name, { control, place }]) => [
        name,
        {
          provider: control.provider,
          sinks: [place.sink],
          policy: { ...POLICY, rotateEvery: "60d" },
          group: name === "c" ? undefined : "pair",
        },
      ]),
    ),
  });
  for (const name of Object.keys(made)) await lifecycle.adopt(name, "c0");
  clock.pass(61 * DAY);
  made.b.place.fault = () => assert.fail("down");
  const results = Object.fromEntries((await lifecycle.advance()).map((result) => [result.target, result]));
  assert.ok(results.b.error);
  const counts = () => Object.values(made).map((it) => issued(it));
  assert.deepEqual(counts(), [0, 0, 1]);
  made.b.place.fault = () => undefined;
  await lifecycle.advance();
  assert.deepEqual(counts(), [1, 1, 1]);
});
