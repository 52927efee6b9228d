// How a defect in the lifecycle's Rust affects concurrent calls. Nothing public makes it trap, so a method of its glue
// is called once with an invalid address.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { chunk, installed } from "../lib/installed.mjs";
import { CANARY, Clock, ControlPlane, MemorySink } from "../lib/lifecycle-world.mjs";

const folder = installed();
let instances = 0;
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(Instance, args) {
    const instance = new Instance(...args);
    if ("run_resume" in instance.exports) instances++;
    return instance;
  },
});
const { keyturn, lifecycle: entry } = await import(pathToFileURL(join(folder, "load.mjs")).href);
const { memoryJournal, openLifecycle } = entry;
const { glue } = await chunk(folder, "lifecycle-glue");

/**
 * Makes the nth call of a method from now on trap, by a read far outside of the memory. Returns a function that says
 * whether that call was made.
 */
function trap(name, method, nth = 0) {
  const { prototype } = glue[name];
  const whole = prototype[method];
  let calls = 0;
  prototype[method] = function (...args) {
    if (calls++ !== nth) return whole.apply(this, args);
    prototype[method] = whole;
    return whole.apply(Object.assign(Object.create(prototype), { __wbg_ptr: 0xfffffff0 }), args);
  };
  return () => {
    prototype[method] = whole;
    return calls > nth;
  };
}

function world(count = 1) {
  const clock = new Clock();
  const journal = memoryJournal();
  const places = {};
  const targets = {};
  for (let number = 0; number < count; number++) {
    const control = new ControlPlane({ clock });
    const place = new MemorySink();
    const first = control.make("by hand");
    place.put({ clientId: first.clientId, clientSecret: first.secret });
    places[`t${number}`] = { control, place };
    targets[`t${number}`] = { provider: control.provider, sinks: [place.sink], policy: { grace: 0, backoff: 1000 } };
  }
  return { clock, journal, places, open: () => openLifecycle({ journal, clock, targets }) };
}

const broken = (error) => {
  assert.equal(error.code, "internal", error.stack);
  assert.ok(keyturn.KeyturnError.is(error));
  assert.ok(!inspect(error, { showHidden: true, depth: 9 }).includes(CANARY));
  return true;
};

async function finish({ clock, places }, lifecycle) {
  for (let turn = 0; turn < 50; turn++) {
    const all = await lifecycle.advance(undefined, { begin: false });
    for (const { progress, error } of all) {
      if (error) throw error;
      if (progress.state === "waiting") clock.at = Math.max(clock.at, progress.until);
    }
    if (all.every(({ progress }) => progress.state === "idle")) {
      for (const [name, { control, place }] of Object.entries(places)) {
        assert.ok(control.accepts(place.pair), `${name}: the sink's pair works`);
        assert.equal(control.alive().length, 1, name);
        const markers = control.calls.filter(([method]) => method === "issue").map(([, marker]) => marker);
        assert.equal(new Set(markers).size, markers.length);
      }
      assert.ok((await lifecycle.verify()).every((one) => one.broken === undefined));
      return;
    }
  }
  assert.fail("it never ends");
}

test("a trap at any step of a rotation is an error of the package's own, and the rotation goes on in a fresh instance", async (t) => {
  let steps = 0;
  for (const method of ["resume", "hasOutcome", "stillWanted", "hands"]) {
    for (let nth = 0; ; nth++) {
      const it = world();
      const lifecycle = it.open();
      const made = instances;
      const came = trap("Run", method, nth);
      const error = await lifecycle.rotate("t0").then(
        () => undefined,
        (thrown) => thrown,
      );
      if (!came()) break;
      broken(error);
      assert.equal(instances, made + 1, `${method} ${nth}`);
      await finish(it, lifecycle);
      steps++;
    }
  }
  t.diagnostic(`${steps} steps`);
  assert.ok(steps > 40);
});

test("a trap in any other call is an error of that call alone", async () => {
  const it = world(3);
  const lifecycle = it.open();
  await lifecycle.rotate("t0");
  for (const [name, method, call] of [
    ["Stream", "feed", () => it.open().status()],
    ["Stream", "feed", () => lifecycle.history("t0")],
    ["Stream", "feed", () => lifecycle.verify()],
    ["Stream", "state", () => lifecycle.plan()],
    ["Stream", "outlook", () => lifecycle.status()],
    ["Stream", "operate", () => lifecycle.rotate("t1")],
    ["Survey", "add", () => lifecycle.findings()],
    ["Survey", "take", () => lifecycle.findings()],
    ["Pace", "add", () => lifecycle.due()],
    ["Pace", "select", () => lifecycle.advance()],
  ]) {
    const came = trap(name, method);
    await assert.rejects(call(), broken, `${name}.${method}`);
    assert.ok(came());
    await call();
  }
  await finish(it, lifecycle);
});

test("calls that are under way when an instance breaks end once each, and do not break the next one", async () => {
  const it = world(8);
  const lifecycle = it.open();
  let release;
  const gate = new Promise((resolve) => (release = resolve));
  for (const { control } of Object.values(it.places))
    control.fault = (method, when) => (method === "login" && when === "answer" ? gate : undefined);
  const waiting = ["t0", "t1", "t2", "t3"].map((name) => lifecycle.rotate(name));
  const outcomes = Promise.allSettled(waiting);
  while (Object.values(it.places).filter(({ control }) => control.calls.at(-1)?.[0] === "login").length < 4)
    await new Promise(setImmediate);
  trap("Stream", "state");
  const made = instances;
  await assert.rejects(lifecycle.plan(["t7"]), broken);
  // These start after the trap, and are in progress when the earlier ones end.
  const later = Promise.all(["t4", "t5"].map((name) => lifecycle.rotate(name)));
  await new Promise(setImmediate);
  release();
  for (const { status, reason } of await outcomes) {
    assert.equal(status, "rejected");
    broken(reason);
  }
  assert.ok((await later).every(({ state }) => state === "idle"));
  assert.equal(instances, made + 1);
  await finish(it, lifecycle);
});

test("many calls of one lifecycle at the same moment do not take each other's state away", async () => {
  const it = world(20);
  const made = instances;
  for (let round = 0; round < 4; round++) {
    const lifecycle = it.open();
    const names = Object.keys(it.places);
    const calls = [
      ...names.slice(0, 8).map((name) => lifecycle.rotate(name)),
      ...[1, 2, 3].flatMap(() => [lifecycle.status(), lifecycle.findings(), lifecycle.advance(), lifecycle.due()]),
      ...names.map((name) => lifecycle.status([name])),
      lifecycle.plan(),
      lifecycle.history("t3"),
      lifecycle.reconcile(),
      lifecycle.verify(),
    ];
    for (const { status, reason } of await Promise.allSettled(calls))
      if (status === "rejected") assert.equal(reason.reason, "rotation_active", reason.stack);
    await finish(it, lifecycle);
  }
  assert.equal(instances, made);
});
