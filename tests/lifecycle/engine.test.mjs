// The engine of the installed package, over a control plane and sinks in memory: what a rotation does, also when
// requests and responses are lost, workers compete, secrets are lost, and people intervene.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { installed } from "../lib/installed.mjs";
import { CANARY, Clock, ControlPlane, MemorySink } from "../lib/lifecycle-world.mjs";

const { memoryJournal, openLifecycle } = createRequire(join(installed(), "load.cjs"))("keyturn/lifecycle");

const MINUTE = 60_000;
const POLICY = { grace: 10 * MINUTE, backoff: 1000, maxBackoff: 4000 };

/** Creates a target whose sink contains a credential that the journal does not know yet. */
function world({ policy, sink, journal = memoryJournal(), ...plane } = {}) {
  const clock = new Clock();
  const control = new ControlPlane({ clock, ...plane });
  const place = new MemorySink(sink);
  const first = control.make("by hand");
  place.put({ clientId: first.clientId, clientSecret: first.secret });
  const open = (worker = "test") =>
    openLifecycle({
      journal,
      clock,
      worker,
      targets: { app: { provider: control.provider, sinks: [place.sink], policy: { ...POLICY, ...policy } } },
    });
  return { clock, control, place, journal, open };
}

/** Advances until nothing is left to be done, and sets the clock forward when the rotation waits. */
async function settled({ clock, place, control }, lifecycle, until = (state) => state === "idle") {
  for (let turn = 0; turn < 100; turn++) {
    const progress = await lifecycle.advance("app");
    assert.ok(control.cuts || control.accepts(place.pair), "the sink holds a credential that works");
    if (until(progress.state) || progress.state === "idle") return progress;
    if (progress.state === "waiting") clock.at = Math.max(clock.at, progress.until);
    else if (progress.state !== "ready") return progress;
  }
  assert.fail("it never ends");
}

async function words(lifecycle) {
  return (await lifecycle.history("app")).map(({ event }) => event);
}

/** Asserts that each intent had one call, and that exactly one credential is alive: the one in the sink. */
async function clean({ control, place }, lifecycle) {
  const markers = control.calls.filter(([method]) => method === "issue").map(([, marker]) => marker);
  assert.equal(new Set(markers).size, markers.length, "one issuing call for each intent");
  assert.ok(control.accepts(place.pair), "the sink's pair works");
  const [{ current, credentials }] = await lifecycle.status();
  assert.equal(place.pair.clientId, current.clientId);
  assert.deepEqual(control.alive(), [current.id], "one credential is alive");
  assert.ok(credentials.every(({ id, role }) => role === (id === current.id ? "current" : "ended")));
  const [{ broken }] = await lifecycle.verify();
  assert.equal(broken, undefined);
}

test("a whole rotation, with a grace period", async () => {
  const it = world();
  const lifecycle = it.open();
  const [before] = await lifecycle.plan();
  assert.equal(before.old.id, "c0");
  assert.deepEqual(before.sinks, [
    { name: "sink", compares: true, restores: true, holds: "c0@host", known: true, error: undefined },
  ]);
  assert.equal(before.blocked, undefined);
  assert.deepEqual(await words(lifecycle), []);

  const progress = await lifecycle.rotate("app");
  assert.deepEqual(progress, { target: "app", rotation: 1, state: "waiting", until: it.clock.at + 10 * MINUTE });
  assert.equal(it.place.pair.clientId, "c1@host");
  assert.deepEqual(it.control.alive(), ["c0", "c1"]);
  const [status] = await lifecycle.status();
  assert.equal(status.phase, "grace");
  assert.equal(status.overlap, true);
  await assert.rejects(lifecycle.rotate("app"), {
    code: "lifecycle_stopped",
    reason: "rotation_active",
    target: "app",
  });

  it.clock.pass(10 * MINUTE - 1);
  assert.equal((await lifecycle.advance("app")).state, "waiting");
  it.clock.pass(1);
  assert.deepEqual(await lifecycle.advance("app"), { target: "app", rotation: 1, state: "idle", last: "done" });
  await clean(it, lifecycle);
  assert.deepEqual(await words(lifecycle), [
    "adopted",
    "planned",
    "issuing",
    "issued",
    "verified",
    "verified",
    "delivered",
    "read-back",
    "observed",
    "grace",
    "read-back",
    "retiring",
    "retired",
    "done",
  ]);
  assert.equal((await lifecycle.rotate("app")).rotation, 2);
});

/** Adopts the credential in use if the sink cannot be read back, since then nothing else tells which one it is. */
async function known(options, lifecycle) {
  if (options.sink?.readback === "none") await lifecycle.adopt("app", "c0");
}

/** Returns each request that a rotation makes, by its method and the number of earlier calls of that method. */
async function requests(options) {
  const it = world(options);
  const lifecycle = it.open();
  await known(options, lifecycle);
  const seen = [];
  const note = (of) => (method, when) => {
    if (when === "request") seen.push([of, method, seen.filter(([o, m]) => o === of && m === method).length]);
  };
  it.control.fault = note("control");
  it.place.fault = note("place");
  await lifecycle.rotate("app");
  await settled(it, lifecycle);
  return seen;
}

for (const [name, options] of Object.entries({
  "with evidence": {},
  "where secrets can be read again": { recalls: true },
  "on a sink that gives nothing back": { sink: { readback: "none" } },
})) {
  test(`each request of a rotation is lost, and its answer: ${name}`, async (t) => {
    const all = await requests(options);
    t.diagnostic(`${all.length} requests, each lost in two ways`);
    assert.ok(all.length >= 6);
    for (const [of, method, nth] of all) {
      for (const lost of ["request", "answer"]) {
        const it = world(options);
        const lifecycle = it.open();
        await known(options, lifecycle);
        let count = 0;
        it[of].fault = (called, when) => {
          if (called === method && when === lost && count++ === nth) throw new Error(`no route ${CANARY}`);
        };
        // Reads before a rotation begins are not part of it: their errors reach the caller, who tries again.
        await lifecycle.rotate("app").catch(async (error) => {
          assert.match(error.message, /no route/);
          await lifecycle.rotate("app");
        });
        const last = await settled(it, lifecycle);
        assert.equal(last.state, "idle", `${of} ${method} ${nth}, ${lost}: ${inspect(last)}`);
        await clean(it, lifecycle);
        assert.doesNotMatch(JSON.stringify(await it.journal.read("app", 1)), new RegExp(CANARY));
      }
    }
  });
}

test("two lifecycles advance at the same moment, and issue once", async () => {
  for (let turn = 0; turn < 10; turn++) {
    const it = world();
    const [one, other] = [it.open("one"), it.open("other")];
    const begun = await Promise.allSettled([one.rotate("app"), other.rotate("app")]);
    for (const { reason } of begun.filter(({ status }) => status === "rejected"))
      assert.equal(reason.reason, "rotation_active");
    for (let step = 0; step < 40; step++) {
      const [a] = await Promise.all([
        one.advance("app"),
        other.advance("app"),
        one.advance("app"),
        other.advance("app"),
      ]);
      if (a.state === "idle") break;
      if (a.state === "waiting") it.clock.at = Math.max(it.clock.at, a.until);
    }
    await settled(it, one);
    await clean(it, one);
    assert.equal(it.control.calls.filter(([method]) => method === "issue").length, 1);
  }
});

test("whoever looks while a rotation moves on, with a journal that takes its time, disturbs nothing", async () => {
  const memory = memoryJournal();
  // Each read takes a different number of turns, so that reads and the rotation overtake each other.
  let reads = 0;
  const read = async (...at) => {
    const lines = await memory.read(...at);
    for (let turns = reads++ % 7; turns > 0; turns--) await new Promise(setImmediate);
    return lines;
  };
  const at = world({ journal: { ...memory, append: memory.append, streams: memory.streams, read } });
  const lifecycle = at.open();
  await lifecycle.adopt("app", at.control.alive()[0]);
  let over = false;
  const watch = async () => {
    for (; !over; await new Promise(setImmediate)) assert.equal((await lifecycle.status())[0].target, "app");
  };
  const looks = [watch(), watch(), watch()];
  try {
    await lifecycle.rotate("app");
    assert.equal((await settled(at, lifecycle)).state, "idle");
  } finally {
    over = true;
    await Promise.all(looks);
  }
  await clean(at, lifecycle);
});

test("the old credential waits for approval", async () => {
  const it = world({ policy: { approval: true, grace: 0 } });
  const lifecycle = it.open();
  assert.equal((await lifecycle.rotate("app")).state, "awaits-approval");
  assert.equal((await it.open().advance("app")).state, "awaits-approval");
  assert.deepEqual(it.control.alive(), ["c0", "c1"]);
  assert.equal((await lifecycle.retire("app")).state, "idle");
  await clean(it, lifecycle);
});

test("a rotation is rolled back, until the old credential's end is announced", async () => {
  const it = world();
  const lifecycle = it.open();
  await assert.rejects(lifecycle.rollback("app"), { reason: "no_rotation" });
  await lifecycle.rotate("app");
  assert.deepEqual(await lifecycle.rollback("app"), { target: "app", rotation: 1, state: "idle", last: "rolled-back" });
  assert.equal(it.place.pair.clientId, "c0@host");
  await clean(it, lifecycle);

  await lifecycle.rotate("app");
  it.control.fault = (method, when) => {
    if (method === "end" && when === "request") throw new Error("down");
  };
  it.clock.pass(10 * MINUTE);
  await lifecycle.advance("app");
  const [status] = await lifecycle.status();
  assert.match(status.cannotRollBack, /ending/);
  await assert.rejects(lifecycle.rollback("app"), { reason: "cannot_roll_back" });
});

test("a sink that cannot restore waits for a person", async () => {
  const it = world({ sink: { restores: false } });
  const lifecycle = it.open();
  await lifecycle.rotate("app");
  const stopped = await lifecycle.rollback("app");
  assert.equal(stopped.reason, "restore-by-hand");
  assert.equal(stopped.about, "sink");
  assert.deepEqual(it.control.alive(), ["c0", "c1"]);
  it.place.put({ clientId: "c0@host", clientSecret: `${CANARY}-c0` });
  await lifecycle.resume("app", { restored: true });
  assert.equal((await lifecycle.advance("app")).last, "rolled-back");
  await clean(it, lifecycle);
});

test("an unknown outcome without evidence is settled by a person", async () => {
  for (const made of [true, false]) {
    const it = world({ evidence: false });
    it.control.fault = (method, when) => {
      if (method === "issue" && when === (made ? "answer" : "request")) throw new Error("lost");
    };
    const lifecycle = it.open();
    const stopped = await lifecycle.rotate("app");
    assert.equal(stopped.reason, "outcome-unknown");
    const [{ doubt, phase }] = await lifecycle.status();
    assert.equal(phase, "unknown");
    assert.match(doubt.marker, /^keyturn:app:[0-9a-f]{8}:1\.1$/);
    it.control.fault = () => undefined;
    await assert.rejects(lifecycle.settle("app", { found: "none" }), { reason: "too_early" });
    it.clock.at = doubt.until + 2 * MINUTE;
    assert.equal((await lifecycle.advance("app")).state, "stopped");
    await assert.rejects(lifecycle.settle("app", { found: ["c9"] }), { reason: "unknown_credential" });
    await assert.rejects(lifecycle.settle("app", { found: ["c0"] }), { reason: "known_credential" });
    await lifecycle.settle("app", { found: made ? ["c1"] : "none" });
    assert.equal((await settled(it, lifecycle)).last, "done");
    await clean(it, lifecycle);
    assert.equal(it.control.calls.filter(([method]) => method === "issue").length, made ? 2 : 1);
  }
});

test("where the records never tell, a person settles the outcome as well", async () => {
  const it = world({ policy: { maxFailures: 3 } });
  const { provider } = it.control;
  // The response is lost, and the records never reach that far.
  it.control.fault = (method, when) => {
    if (method === "issue" && when === "answer") throw new Error("lost");
  };
  it.control.provider = { ...provider, search: async () => undefined };
  const lifecycle = it.open();
  await lifecycle.rotate("app").catch(() => undefined);
  const stopped = await settled(it, lifecycle, (state) => state === "stopped");
  assert.equal(stopped.reason, "outcome-unknown");
  const [{ doubt }] = await lifecycle.status();
  assert.equal(stopped.about, doubt.marker);
  it.control.fault = () => undefined;
  const [, made] = it.control.alive();
  await lifecycle.settle("app", { found: [made] });
  await settled(it, lifecycle);
  await clean(it, lifecycle);
});

test("a refusal is not issued, and stops for a person; another try may go well", async () => {
  const { KeyturnError } = createRequire(join(installed(), "load.cjs"))("keyturn");
  const it = world();
  const refusal = (code, facts) =>
    Object.assign(Object.create(KeyturnError.prototype), { code, outcome: "none", ...facts });
  const branded = (error) => {
    Object.defineProperty(error, Symbol.for("keyturn.error"), { value: true });
    return error;
  };
  const failures = [
    branded(refusal("connection_failed")),
    branded(refusal("forbidden", { outcome: "answered", status: 403 })),
  ];
  it.control.fault = (method, when) => {
    if (method === "issue" && when === "request" && failures.length > 0) throw failures.shift();
  };
  const lifecycle = it.open();
  const waiting = await lifecycle.rotate("app");
  assert.equal(waiting.state, "waiting");
  it.clock.at = waiting.until;
  const stopped = await lifecycle.advance("app");
  assert.equal(stopped.reason, "refused");
  assert.equal(stopped.about, "forbidden");
  await lifecycle.resume("app");
  assert.equal((await settled(it, lifecycle)).last, "done");
  await clean(it, lifecycle);
  assert.equal((await words(lifecycle)).filter((word) => word === "not-issued").length, 2);
});

test("a secret that was lost with its process is replaced, and its credential ended", async () => {
  const it = world();
  const dying = it.open("dying");
  it.place.fault = (method) => (method === "write" ? new Promise(() => undefined) : undefined);
  // The process stops before the write and never continues.
  const stuck = dying.rotate("app");
  stuck.catch(() => undefined);
  while ((await words(it.open())).filter((word) => word === "verified").length < 2) await new Promise(setImmediate);
  it.place.fault = () => undefined;
  const lifecycle = it.open();
  const waiting = await lifecycle.advance("app");
  assert.equal(waiting.state, "waiting");
  assert.equal((await settled(it, lifecycle)).last, "done");
  await clean(it, lifecycle);
  assert.ok((await words(lifecycle)).includes("lost"));
  await dying.close();
  await assert.rejects(stuck, { code: "closed" });
  assert.equal(it.control.calls.filter(([method]) => method === "issue").length, 2);
});

test("a lifecycle that is closed lets go of its secrets, and another goes on", async () => {
  const it = world();
  const first = it.open();
  it.place.fault = (method) => {
    if (method === "write") throw new Error("full");
  };
  assert.equal((await first.rotate("app")).state, "waiting");
  await first.close();
  await assert.rejects(first.advance("app"), { code: "closed" });
  it.place.fault = () => undefined;
  const lifecycle = it.open();
  assert.equal((await settled(it, lifecycle)).last, "done");
  await clean(it, lifecycle);
});

test("a foreign credential in a sink is not overwritten", async () => {
  const it = world();
  const lifecycle = it.open();
  await lifecycle.rotate("app");
  await settled(it, lifecycle);
  const foreign = it.control.make("by somebody");
  it.place.put({ clientId: foreign.clientId, clientSecret: foreign.secret });
  const [plan] = await lifecycle.plan();
  assert.equal(plan.sinks[0].known, false);
  const stopped = await lifecycle.rotate("app");
  assert.deepEqual([stopped.reason, stopped.about], ["sink-differs", "sink"]);
  assert.equal(it.place.pair.clientId, foreign.clientId);
  const issued = () => it.control.calls.filter(([method]) => method === "issue").length;
  assert.equal(issued(), 1, "nothing is issued that could not be delivered");
  // The sink is still the same.
  await lifecycle.resume("app");
  assert.equal((await lifecycle.advance("app")).reason, "sink-differs");
  assert.equal(issued(), 1);
  // Consumers keep the foreign credential from now on.
  assert.equal((await lifecycle.rollback("app")).last, "rolled-back");
  assert.equal(it.place.pair.clientId, foreign.clientId);
  await lifecycle.adopt("app", foreign.id);
  await lifecycle.rotate("app");
  assert.equal((await settled(it, lifecycle)).last, "done");
  await clean(it, lifecycle);
});

test("a foreign credential that comes into a sink after another was issued is not overwritten either", async () => {
  const it = world();
  const lifecycle = it.open();
  await lifecycle.adopt("app", "c0");
  const foreign = it.control.make("by somebody");
  it.control.fault = (method, when) => {
    if (method === "issue" && when === "answer")
      it.place.put({ clientId: foreign.clientId, clientSecret: foreign.secret });
  };
  const stopped = await lifecycle.rotate("app");
  assert.deepEqual([stopped.reason, stopped.about], ["sink-differs", "sink"]);
  assert.equal(it.place.pair.clientId, foreign.clientId);
});

test("a credential that nobody knows is adopted before it is replaced", async () => {
  const it = world({ list: false });
  const lifecycle = it.open();
  await assert.rejects(lifecycle.rotate("app"), { reason: "adopt_first" });
  assert.equal((await lifecycle.plan())[0].blocked, "adopt_first");
  const other = it.control.make("another");
  await assert.rejects(lifecycle.adopt("app", other.id), { reason: "sink_differs" });
  await assert.rejects(lifecycle.adopt("app", "c7"), { reason: "unknown_credential" });
  other.ended = true;
  await lifecycle.adopt("app", "c0");
  await lifecycle.rotate("app");
  await settled(it, lifecycle);
  await clean(it, lifecycle);
  await lifecycle.forget("app");
  await assert.rejects(lifecycle.rotate("app"), { reason: "forgotten" });
});

test("an event of a newer version stops everything, and one that was changed is found", async () => {
  const it = world();
  const lifecycle = it.open();
  await lifecycle.rotate("app");
  const lines = await it.journal.read("app", 1);
  await it.journal.append("app", lines.length + 1, `{"v":2,"n":${lines.length + 1},"what":"ever"}`);
  const calls = it.control.calls.length;
  for (const call of [() => lifecycle.advance("app"), () => it.open().advance("app"), () => lifecycle.status()]) {
    await assert.rejects(call, {
      code: "lifecycle_stopped",
      reason: "journal_newer",
      sequence: lines.length + 1,
      target: "app",
    });
  }
  assert.equal(it.control.calls.length, calls);
  const [all] = await lifecycle.advance();
  assert.equal(all.error.reason, "journal_newer");

  const changed = memoryJournal();
  for (const [index, line] of lines.entries())
    await changed.append("app", index + 1, index === 2 ? line.replace('"intent":1', '"intent":2') : line);
  const other = world({ journal: changed }).open();
  assert.deepEqual((await other.verify())[0].broken?.sequence, 3);
  assert.equal((await other.verify())[0].broken.reason, "journal_damaged");
  await assert.rejects(other.history("app"), { reason: "journal_damaged", sequence: 3 });
});

test("a journal that fails in the middle loses no outcome", async () => {
  const it = world();
  const append = it.journal.append;
  let failures = 0;
  let told = 0;
  it.journal.append = async (stream, sequence, line) => {
    const { event } = JSON.parse(line);
    if (event === "issued" && failures++ < 2) throw new Error("disk full");
    // The third time, the event is stored, but the response is lost.
    if (event === "issued" && failures === 3 && told++ === 0) {
      await append(stream, sequence, line);
      throw new Error("connection lost");
    }
    return append(stream, sequence, line);
  };
  const lifecycle = it.open();
  await assert.rejects(lifecycle.rotate("app"), /disk full/);
  await assert.rejects(lifecycle.advance("app"), /disk full/);
  assert.equal((await settled(it, lifecycle)).last, "done");
  await clean(it, lifecycle);
  assert.equal(it.control.calls.filter(([method]) => method === "issue").length, 1);
});

test("all may be asked at any moment of a rotation, and none gets in the way of another", async () => {
  const slow = memoryJournal();
  // Responses are delayed, and come in another order than the calls.
  let asked = 0;
  const later = () => new Promise((resolve) => setTimeout(resolve, ++asked % 3));
  const journal = {
    append: async (...args) => (await later(), slow.append(...args)),
    read: async (...args) => (await later(), slow.read(...args)),
    streams: async () => (await later(), slow.streams()),
  };
  const at = world({ journal, policy: { grace: 0 } });
  const lifecycle = at.open();
  let done = false;
  const looking = Array.from({ length: 6 }, async () => {
    while (!done) {
      const [{ progress }] = await lifecycle.status();
      await lifecycle.due();
      assert.notEqual(progress.state, "stopped");
    }
  });
  assert.equal((await lifecycle.rotate("app")).last, "done");
  assert.equal((await lifecycle.rotate("app")).last, "done");
  done = true;
  await Promise.all(looking);
  await clean(at, lifecycle);
});

test("the caller's signal ends a call between two steps, and never the call that issues", async () => {
  const it = world();
  const lifecycle = it.open();
  const controller = new AbortController();
  it.control.fault = (method, when) => {
    if (method === "issue" && when === "request") controller.abort(new Error("enough"));
  };
  await assert.rejects(lifecycle.rotate("app", { signal: controller.signal }), { code: "aborted" });
  assert.equal((await settled(it, lifecycle)).last, "done");
  assert.ok((await words(lifecycle)).includes("issued"));
  await clean(it, lifecycle);
  assert.equal(it.control.calls.filter(([method]) => method === "issue").length, 1);
});

test("a tenant that ends the old credential at once is remembered", async () => {
  const it = world({ cuts: true });
  const lifecycle = it.open();
  await lifecycle.rotate("app");
  assert.equal((await settled(it, lifecycle)).last, "done");
  await clean(it, lifecycle);
  assert.equal((await lifecycle.plan())[0].cuts, true);
});

test("proofs of use are waited for", async () => {
  const it = world({ policy: { proofs: ["used", "quiet"], grace: 0, tokenLife: MINUTE } });
  const lifecycle = it.open();
  const old = it.control.credentials.get("c0");
  old.lastUsedAt = it.clock.at;
  assert.equal((await lifecycle.rotate("app")).state, "waiting");
  it.clock.pass(20 * MINUTE);
  assert.equal((await lifecycle.advance("app")).state, "waiting");
  const next = it.control.credentials.get("c1");
  next.lastUsedAt = it.clock.at;
  old.lastUsedAt = it.clock.at;
  it.clock.pass(MINUTE);
  assert.equal((await lifecycle.advance("app")).state, "waiting");
  it.clock.pass(20 * MINUTE);
  assert.equal((await lifecycle.advance("app")).last, "done");
  await clean(it, lifecycle);
});

test("policies that make no sense are refused", async () => {
  const it = world();
  const open = (target) =>
    openLifecycle({
      journal: it.journal,
      targets: { app: { provider: it.control.provider, sinks: [it.place.sink], ...target } },
    });
  for (const policy of [
    { grace: -1 },
    { grace: 1.5 },
    { grace: "1 day" },
    { rotateEvery: "60" },
    { zone: "Berlin" },
    { windows: [{ from: "25:00" }] },
    { rotateEvery: "1d", grace: "24h" },
    { hold: 0 },
    { maxIntents: 0 },
    { colour: 1 },
    { proofs: ["luck"] },
  ])
    assert.throws(() => open({ policy }), { code: "invalid_configuration", option: "policy" }, inspect(policy));
  assert.throws(() => open({ policy: { proofs: ["healthy"] } }), { reason: "unsupported" });
  assert.throws(() => open({ sinks: [] }), { option: "sinks" });
  assert.throws(() => open({ sinks: [it.place.sink, it.place.sink] }), { reason: "not_unique" });
  await assert.rejects(open({}).rotate("ap"), { reason: "unknown_target" });
});

test("each pending call of an events iterator gets its own event", async () => {
  const it = world();
  const lifecycle = it.open();
  const events = lifecycle.events();
  const pending = [events.next(), events.next(), events.next()];
  await lifecycle.rotate("app");
  const three = (await lifecycle.history("app")).slice(0, 3);
  assert.deepEqual(
    await Promise.all(pending),
    three.map((value) => ({ done: false, value })),
  );
  const last = [lifecycle.events(), lifecycle.events()].map((one) => one.next());
  await lifecycle.close();
  for (const one of last) assert.deepEqual(await one, { done: true, value: undefined });
});

test("a reader of events that falls far behind gets an error, not a gap", async () => {
  const it = world({ sink: { readback: "none" } });
  const lifecycle = it.open();
  const [behind, quick] = [lifecycle.events(), lifecycle.events()];
  let seen = 0;
  const reading = (async () => {
    for await (const _ of quick) seen++;
  })();
  const [first] = it.control.alive();
  for (let turn = 0; turn < 5001; turn++) {
    await lifecycle.adopt("app", first);
    await lifecycle.forget("app");
  }
  let read = 0;
  const failed = (async () => {
    for await (const _ of behind) read++;
  })();
  await assert.rejects(failed, { code: "lifecycle_stopped", reason: "behind" });
  assert.equal(read, 10_000);
  await lifecycle.close();
  await reading;
  assert.equal(seen, 10_002);
});

test("an audit goes on where it was left, whatever the target is called", async () => {
  const clock = new Clock();
  const control = new ControlPlane({ clock });
  const first = control.make("by hand");
  const place = new MemorySink();
  place.put({ clientId: first.clientId, clientSecret: first.secret });
  const target = { provider: control.provider, sinks: [place.sink], policy: POLICY };
  const lifecycle = openLifecycle({ journal: memoryJournal(), clock, targets: { constructor: target } });
  await lifecycle.adopt("constructor", first.id);
  const sequences = [];
  for await (const { metadata } of lifecycle.audit()) sequences.push(metadata.sequence);
  assert.deepEqual(sequences, [1]);
});

test("a provider and a sink that throw at once are findings of their own target", async () => {
  const it = world();
  const lifecycle = it.open();
  await lifecycle.adopt("app", "c0");
  const thrown = () => {
    throw new Error(`no route ${CANARY}`);
  };
  it.control.provider.list = thrown;
  it.place.sink.read = thrown;
  const codes = (await lifecycle.findings()).map(({ code }) => code);
  assert.ok(codes.includes("control-plane-unreadable") && codes.includes("sink-unreadable"), inspect(codes));
});

test("once a call has failed, no other target is begun with", async () => {
  const clock = new Clock();
  const controller = new AbortController();
  const targets = {};
  let looked = 0;
  for (let number = 0; number < 40; number++) {
    const control = new ControlPlane({ clock });
    control.provider.list = () => {
      looked++;
      if (looked === 8) controller.abort(new Error("enough"));
      return new Promise((resolve) => setImmediate(() => resolve([])));
    };
    targets[`t${number}`] = { provider: control.provider, sinks: [new MemorySink().sink], policy: POLICY };
  }
  const lifecycle = openLifecycle({ journal: memoryJournal(), clock, targets });
  await assert.rejects(lifecycle.findings(undefined, { signal: controller.signal }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(looked, 8);
});

test("no call leaves a listener on its caller's signal or on the lifecycle's own", async () => {
  const it = world();
  const controller = new AbortController();
  const listeners = new Map();
  const note = (target, change) => listeners.set(target, (listeners.get(target) ?? 0) + change);
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (...args) {
    note(this, 1);
    return addEventListener.apply(this, args);
  };
  EventTarget.prototype.removeEventListener = function (...args) {
    note(this, -1);
    return removeEventListener.apply(this, args);
  };
  try {
    const lifecycle = it.open();
    const { signal } = controller;
    const calls = async () => {
      await lifecycle.findings(undefined, { signal });
      await lifecycle.reconcile(undefined, { signal });
      await lifecycle.plan(undefined, { signal });
      await lifecycle.adopt("app", it.control.alive()[0], { signal });
      await lifecycle.advance(undefined, { signal });
      await lifecycle.events().return();
    };
    // The first round adds listeners that all later calls share. A call removes its own listeners when it ends.
    await calls();
    const before = [...listeners];
    assert.ok(listeners.get(signal) > 0);
    for (let turn = 0; turn < 5; turn++) await calls();
    for (const [target, count] of before) assert.equal(listeners.get(target), count);
    await lifecycle.close();
  } finally {
    Object.assign(EventTarget.prototype, { addEventListener, removeEventListener });
  }
});

test("events are told once each, in order, and nothing shows a secret", async () => {
  const it = world();
  const lifecycle = it.open();
  const seen = [];
  const listening = (async () => {
    for await (const event of lifecycle.events()) seen.push(event);
  })();
  const errors = [];
  let failures = 0;
  const fault = (method, when) => {
    if (failures++ % 5 === 1) throw new Error(`${method} ${when} ${CANARY}-c1`);
  };
  it.place.fault = (method, when) => (method === "write" && when === "request" ? fault(method, when) : undefined);
  it.control.fault = (method, when) => (method === "login" || method === "end" ? fault(method, when) : undefined);
  await lifecycle.rotate("app").catch((error) => errors.push(error));
  await settled(it, lifecycle);
  const shown = [
    await lifecycle.status(),
    await lifecycle.plan(),
    await lifecycle.history("app"),
    await lifecycle.verify(),
    await lifecycle.findings(),
    await lifecycle.reconcile(),
    await lifecycle.due(),
  ];
  for await (const record of lifecycle.audit()) shown.push(record);
  const history = await lifecycle.history("app");
  assert.doesNotMatch(
    inspect([lifecycle, errors, shown, seen], { depth: 20, showHidden: true }),
    new RegExp(`${CANARY}-c1`),
  );
  await lifecycle.close();
  await listening;
  assert.deepEqual(seen, history);
  const lines = (await it.journal.read("app", 1)).join("\n");
  for (const text of [lines, JSON.stringify(shown), JSON.stringify(seen)]) assert.ok(!text.includes(CANARY));
  assert.ok(history.some(({ event, code }) => event === "failed" && code === "failed"));
});
