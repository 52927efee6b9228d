// When rotations start by themselves, what findings there are, what is compared with the control plane, and what an
// audit reads: through the installed package, over control planes and sinks in memory.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { installed } from "../lib/installed.mjs";
import { CANARY, Clock, ControlPlane, MemorySink } from "../lib/lifecycle-world.mjs";

const { memoryJournal, openLifecycle } = createRequire(join(installed(), "load.cjs"))("keyturn/lifecycle");

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Creates a control plane and a sink for each name, and one journal. */
function world(names, { policy, caps, plane, ...rest } = {}) {
  const clock = new Clock(Date.UTC(2026, 0, 5, 12)); // a Monday
  const journal = memoryJournal();
  const places = Object.fromEntries(
    names.map((name) => {
      const control = new ControlPlane({ clock, ...plane });
      const sink = new MemorySink();
      const { id, clientId, secret } = control.make("by hand");
      sink.put({ clientId, clientSecret: secret });
      return [name, { control, place: sink, first: { id, clientId } }];
    }),
  );
  const open = (worker = "test") =>
    openLifecycle({
      journal,
      clock,
      worker,
      caps,
      targets: Object.fromEntries(
        names.map((name) => {
          const { control, place } = places[name];
          const target = { provider: control.provider, sinks: [place.sink], owner: "team", ...rest[name] };
          return [name, { ...target, policy: { rotateEvery: "60d", grace: "1h", ...policy, ...rest[name]?.policy } }];
        }),
      ),
    });
  const issued = (name) => places[name].control.calls.filter(([method]) => method === "issue").length;
  return { clock, journal, places, open, issued };
}

/** Opens a lifecycle that has adopted all credentials in the sinks. */
async function adopted(it, names) {
  const lifecycle = it.open();
  const entries = names.map((target) => ({ target, clientId: it.places[target].first.clientId, source: "test" }));
  for (const { error } of await lifecycle.import(entries)) assert.equal(error, undefined);
  return lifecycle;
}

test("a timer that calls advance is enough: a target that is due is rotated, and not before", async () => {
  const it = world(["app"]);
  const lifecycle = await adopted(it, ["app"]);
  const [{ due }] = await lifecycle.status();
  assert.deepEqual(due, { since: it.clock.at + 60 * DAY, at: it.clock.at + 60 * DAY, why: "age", inWindow: true });
  it.clock.pass(60 * DAY - 1);
  assert.deepEqual(await lifecycle.due(), { begin: [], waiting: [], wakeAt: it.clock.at + 1 });
  await lifecycle.advance();
  assert.equal(it.issued("app"), 0);
  it.clock.pass(1);
  assert.deepEqual(await lifecycle.due(), { begin: ["app"], waiting: [] });
  assert.equal((await lifecycle.advance(undefined, { begin: false }))[0].progress.state, "idle");
  assert.equal(it.issued("app"), 0);
  const [{ progress }] = await lifecycle.advance();
  assert.equal(progress.state, "waiting");
  it.clock.at = progress.until;
  assert.equal((await lifecycle.advance())[0].progress.last, "done");
  assert.equal(it.issued("app"), 1);
  const reasons = (await lifecycle.history("app")).filter(({ event }) => event === "planned");
  assert.deepEqual(
    reasons.map(({ reason }) => reason),
    ["due"],
  );
  // The new credential is not due yet.
  assert.deepEqual((await lifecycle.due()).begin, []);
});

test("days are those of the zone, and windows open there", async () => {
  const policy = { zone: "Europe/Berlin", windows: [{ days: ["sat", "sun"], from: "22:00", to: "04:00" }] };
  const it = world(["app"], { policy });
  const lifecycle = await adopted(it, ["app"]);
  const [{ due }] = await lifecycle.status();
  // Sixty days later is Friday, 6 March 2026, at noon in UTC; the window opens on Saturday at 22:00 in Berlin.
  assert.equal(due.since, Date.UTC(2026, 2, 6, 12));
  assert.equal(due.at, Date.UTC(2026, 2, 7, 21));
  it.clock.at = due.at - 1;
  await lifecycle.advance();
  assert.equal(it.issued("app"), 0);
  it.clock.at = due.at;
  await lifecycle.advance();
  assert.equal(it.issued("app"), 1);
});

test("lifecycles that advance at the same moment begin each rotation once, and none that came too late begins another", async () => {
  const names = Array.from({ length: 12 }, (_, number) => `t${number}`);
  const it = world(names, { policy: { grace: 0 }, caps: { atATime: 3 } });
  const first = await adopted(it, names);
  it.clock.pass(60 * DAY);
  const others = [first, it.open("b"), it.open("c")];
  await Promise.all(others.map((lifecycle) => lifecycle.advance()));
  for (const name of names) assert.equal(it.issued(name), 1, name);
  for (const { progress } of await first.status()) assert.deepEqual([progress.state, progress.last], ["idle", "done"]);
  // One that decides by an older state of the journal writes nothing.
  const late = it.open("late");
  const [stale] = [await late.due()];
  assert.deepEqual(stale.begin, []);
});

test("the caps hold back what is less urgent", async () => {
  const names = ["a", "b", "c", "d"];
  const it = world(names, { caps: { atATime: 2, perProvider: { memory: 1 } }, policy: { grace: 0 } });
  const lifecycle = await adopted(it, names);
  it.clock.pass(60 * DAY);
  // The first failed delivery holds up the others: a fault that affects all of them stops at the cap.
  for (const name of names)
    it.places[name].place.fault = (method) => method === "write" && assert.fail("the sink is broken");
  await lifecycle.advance();
  assert.deepEqual(
    names.map((name) => it.issued(name)),
    [1, 0, 0, 0],
  );
  const { begin, waiting } = await lifecycle.due();
  assert.deepEqual([begin, waiting], [[], ["b", "c", "d"]]);
  assert.throws(() => world(["x"], { caps: { atOnce: 2 } }).open(), { option: "caps" });
});

test("a group moves together", async () => {
  const it = world(["blue", "green", "red"], {
    blue: { group: "colours" },
    green: { group: "colours", policy: { rotateEvery: "never" } },
    red: { policy: { rotateEvery: "never" } },
  });
  const lifecycle = await adopted(it, ["blue", "green", "red"]);
  it.clock.pass(60 * DAY);
  await lifecycle.advance();
  assert.deepEqual(
    ["blue", "green", "red"].map((name) => it.issued(name)),
    [1, 1, 0],
  );
});

test("one target that fails is told, and the others go on", async () => {
  const it = world(["a", "b"]);
  const lifecycle = await adopted(it, ["a", "b"]);
  it.clock.pass(60 * DAY);
  const append = it.journal.append.bind(it.journal);
  it.journal.append = async (stream, ...rest) => {
    if (stream === "a") throw new Error("the disk is full");
    return append(stream, ...rest);
  };
  const results = await lifecycle.advance();
  assert.match(results[0].error?.message, /disk is full/);
  assert.equal(results[1].progress.state, "waiting");
  it.journal.append = append;
  await lifecycle.advance();
  assert.deepEqual([it.issued("a"), it.issued("b")], [1, 1]);
});

test("findings: by the journal alone, and with what control planes and sinks say", async () => {
  const it = world(["app", "nobody"], {
    nobody: { owner: undefined, policy: { rotateEvery: "never", rotateBefore: "never" } },
  });
  const lifecycle = await adopted(it, ["app", "nobody"]);
  const short = async (options) =>
    (await lifecycle.findings(undefined, options)).map(({ code, severity, target }) => `${target} ${code} ${severity}`);
  const calls = it.places.app.control.calls.length;
  assert.deepEqual(await short({ observe: false }), ["nobody no-policy medium", "nobody owner-missing low"].sort());
  assert.equal(it.places.app.control.calls.length, calls, "no request");
  it.clock.pass(62 * DAY);
  it.places.app.place.put({ clientId: "somebody-else", clientSecret: "x" });
  it.places.nobody.control.credentials.get("c0").ended = true;
  it.places.nobody.place.fault = () => {
    throw Object.assign(new Error(`no ${CANARY}`), { code: "denied" });
  };
  const found = await lifecycle.findings();
  assert.deepEqual(
    found.map(({ code, severity, target, about }) => [target, code, severity, about]),
    [
      ["nobody", "gone", "critical", undefined],
      ["app", "sink-differs", "high", "sink"],
      ["app", "overdue", "medium", undefined],
      ["nobody", "sink-unreadable", "medium", "sink"],
      ["nobody", "no-policy", "medium", undefined],
      ["nobody", "owner-missing", "low", undefined],
    ],
  );
  assert.ok(!inspect(found, { depth: null }).includes(CANARY));
  it.places.app.control.fault = () => {
    throw new Error("down");
  };
  assert.ok((await short()).includes("app control-plane-unreadable medium"));
  const aborted = AbortSignal.abort(new Error("enough"));
  await assert.rejects(lifecycle.findings(undefined, { signal: aborted }));
});

test("reconcile shows both sides", async () => {
  const it = world(["app"]);
  const lifecycle = await adopted(it, ["app"]);
  it.places.app.control.make("a stranger");
  const [{ credentials, sinks, error }] = await lifecycle.reconcile();
  assert.deepEqual(
    credentials.map(({ id, role, controlPlane }) => [id, role, controlPlane]),
    [
      ["c0", "current", "alive"],
      ["c1", undefined, "alive"],
    ],
  );
  assert.deepEqual(sinks, { sink: { clientId: "c0@host" } });
  assert.equal(error, undefined);
});

test("import adopts by client ids, and says what it cannot find", async () => {
  const it = world(["app", "other"]);
  const lifecycle = it.open();
  const results = await lifecycle.import([
    { target: "app", clientId: "c0@host", source: "deploy/.env" },
    { target: "other", clientId: "c9@host", source: "deploy/.env" },
    { target: "nobody", clientId: "c0@host", source: "deploy/.env" },
  ]);
  assert.deepEqual(
    results.map(({ error }) => error?.reason),
    [undefined, "unknown_credential", "unknown_target"],
  );
  const before = (await lifecycle.history("app")).length;
  await lifecycle.import([{ target: "app", clientId: "c0@host", source: "again" }]);
  assert.equal((await lifecycle.history("app")).length, before, "what is known is left as it is");
  assert.equal((await lifecycle.history("app"))[0].source, "deploy/.env");
});

test("the audit is in OCSF's shape, and goes on where it was left", async () => {
  const it = world(["app"], { policy: { grace: 0 } });
  const lifecycle = await adopted(it, ["app"]);
  await lifecycle.rotate("app");
  const records = [];
  for await (const record of lifecycle.audit()) records.push(record);
  assert.equal(records.length, (await lifecycle.history("app")).length);
  for (const { class_uid, category_uid, activity_id, type_uid, time, severity_id, metadata, entity } of records) {
    assert.deepEqual([class_uid, category_uid], [3004, 3]);
    assert.equal(type_uid, 300_400 + activity_id);
    assert.equal(time, it.clock.at);
    assert.ok(severity_id >= 1 && severity_id <= 5);
    assert.equal(metadata.version, "1.3.0");
    assert.match(metadata.product.version, /^\d+\.\d+\.\d+/);
    assert.ok(entity.uid && entity.type);
  }
  const created = records.filter(({ activity_id }) => activity_id === 1);
  assert.deepEqual(
    created.map(({ entity }) => entity.name),
    ["c1@host"],
  );
  const later = [];
  for await (const record of lifecycle.audit(["app"], { after: { app: 5 } })) later.push(record.metadata.sequence);
  assert.equal(later[0], 6);
  assert.ok(!JSON.stringify(records).includes(CANARY));
});
