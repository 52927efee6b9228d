// Each call of a lifecycle is aborted before and after each of its calls of a journal, a control plane or a sink. It
// rejects although that inner call has not ended, and the rotation continues as if a process had died there, but
// without a loss: what was issued is delivered.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { installed } from "../lib/installed.mjs";
import { Clock, ControlPlane, MemorySink, settled } from "../lib/lifecycle-world.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const { memoryJournal, openLifecycle } = require("keyturn/lifecycle");
const { RequestAbortedError } = require("keyturn");

const REASON = new Error("the user left");
const POLICY = { grace: "1h", backoff: 1000, maxBackoff: 4000 };

/** Control planes like that of a connector without evidence, and like that of an API credential. */
const PLANES = {
  "a connector": { evidence: false, recalls: false, list: false },
  "an API credential": { evidence: true, recalls: true, list: true },
};

/** Creates a target whose calls of ports all go through `gate(name, work)`. */
function world(plane, policy = {}) {
  const clock = new Clock();
  const control = new ControlPlane({ clock, ...plane });
  const place = new MemorySink();
  const first = control.make("by hand");
  place.put({ clientId: first.clientId, clientSecret: first.secret });
  const it = { clock, control, place, gate: (_name, work) => work(), passed: () => undefined };
  const gated = (kind, port, names) => ({
    ...port,
    ...Object.fromEntries(
      names.flatMap((name) =>
        port[name] ? [[name, async (...args) => it.gate(`${kind}.${name}`, async () => port[name](...args))]] : [],
      ),
    ),
  });
  const memory = memoryJournal();
  const journal = gated("journal", memory, ["append", "read", "streams"]);
  const provider = gated("provider", control.provider, ["issue", "search", "recall", "list", "look", "login", "end"]);
  // It makes no call, so nothing can be held there.
  provider.parses = (pair) => {
    it.passed("provider.parses");
    return control.provider.parses(pair);
  };
  const sink = gated("sink", place.sink, ["read", "holds", "write", "restore"]);
  it.events = async () => (await memory.read("app", 1)).map((line) => JSON.parse(line));
  it.open = () =>
    openLifecycle({ journal, clock, targets: { app: { provider, sinks: [sink], policy: { ...POLICY, ...policy } } } });
  return it;
}

const issues = ({ control }) => control.calls.filter(([method]) => method === "issue").map(([, marker]) => marker);

/** Lets everything in memory run until a condition holds, for at most this many turns. */
const turns = async (until, most = 200) => {
  for (let turn = 0; turn < most && !until(); turn++) await new Promise((resolve) => setImmediate(resolve));
};
const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

const adopted = async ({ open }) => {
  const lifecycle = open();
  await lifecycle.adopt("app", "c0");
  return lifecycle;
};
const inGrace = async (it) => {
  const lifecycle = await adopted(it);
  assert.equal((await lifecycle.rotate("app")).state, "waiting");
  return lifecycle;
};
/** Leaves the outcome of an issuing call unknown, as after a crash, until somebody settles it. */
const inDoubt = async (it) => {
  const lifecycle = await adopted(it);
  const fault = it.control.fault;
  it.control.fault = (method, when) => {
    if (method === "issue" && when === "answer") throw new Error("the answer is lost");
    if (method === "search") throw new Error("the records cannot be read");
  };
  await lifecycle.rotate("app");
  assert.equal((await settled(it, lifecycle)).reason, "outcome-unknown");
  it.control.fault = fault;
  it.clock.pass(3_600_000);
  return lifecycle;
};

const UNKNOWN = "rotate what the journal does not know";

/** Each call: the state in which it is made, and its arguments. */
const CALLS = {
  rotate: [adopted, (lifecycle, signal) => lifecycle.rotate("app", { signal })],
  [UNKNOWN]: [({ open }) => open(), (lifecycle, signal) => lifecycle.rotate("app", { signal, leaveUnknown: true })],
  advance: [
    async (it) => {
      const lifecycle = await inGrace(it);
      it.clock.pass(3_600_000);
      return lifecycle;
    },
    (lifecycle, signal) => lifecycle.advance("app", { signal }),
  ],
  "advance all, and begin what is due": [
    async (it) => {
      const lifecycle = await adopted(it);
      it.clock.pass(86_400_000);
      return lifecycle;
    },
    (lifecycle, signal) => lifecycle.advance(undefined, { signal }),
    { rotateEvery: "12h" },
  ],
  rollback: [inGrace, (lifecycle, signal) => lifecycle.rollback("app", { signal })],
  retire: [
    async (it) => {
      const lifecycle = await inGrace(it);
      assert.equal((await settled(it, lifecycle)).state, "awaits-approval");
      return lifecycle;
    },
    (lifecycle, signal) => lifecycle.retire("app", { signal }),
    { approval: true },
  ],
  approve: [inGrace, (lifecycle, signal) => lifecycle.approve("app", { signal }), { approval: true }],
  settle: [inDoubt, (lifecycle, signal) => lifecycle.settle("app", { found: ["c1"], signal })],
  adopt: [({ open }) => open(), (lifecycle, signal) => lifecycle.adopt("app", "c0", { signal })],
  import: [
    ({ open }) => open(),
    (lifecycle, signal) => lifecycle.import([{ target: "app", clientId: "c0@host", source: ".env" }], { signal }),
  ],
  resume: [inDoubt, (lifecycle, signal) => lifecycle.resume("app", { signal })],
  forget: [adopted, (lifecycle, signal) => lifecycle.forget("app", { signal })],
  status: [inGrace, (lifecycle, signal) => lifecycle.status(undefined, { signal })],
  plan: [adopted, (lifecycle, signal) => lifecycle.plan(["app"], { signal })],
  reconcile: [inGrace, (lifecycle, signal) => lifecycle.reconcile(undefined, { signal })],
  findings: [inGrace, (lifecycle, signal) => lifecycle.findings(undefined, { signal })],
  due: [inGrace, (lifecycle, signal) => lifecycle.due(undefined, { signal })],
  history: [inGrace, (lifecycle, signal) => lifecycle.history("app", { signal })],
  verify: [inGrace, (lifecycle, signal) => lifecycle.verify({ signal })],
  audit: [inGrace, (lifecycle, signal) => lifecycle.audit(undefined, { signal }).next()],
};
/** Calls that are refused in their state, so that it is settled another way. */
const REFUSED = new Set(["resume"]);

const isAborted = (error) =>
  error instanceof RequestAbortedError && error.code === "aborted" && rootOf(error) === REASON;
const rootOf = (error) => (error?.cause === undefined ? error : rootOf(error.cause));

/**
 * Makes a call and aborts it at its n-th call of a port, which ends only afterwards. Resolves with that port's name, if
 * there was such a call.
 */
async function aborted(it, lifecycle, call, n, when) {
  const controller = new AbortController();
  let [count, at, outcome] = [0, undefined, undefined];
  const held = [];
  it.gate = async (name, work) => {
    if (++count !== n) return work();
    at = name;
    const result = when === "after" ? await work() : undefined;
    controller.abort(REASON);
    await turns(() => outcome !== undefined);
    held.push(name);
    assert.ok(outcome !== undefined, `the call waits for ${name}`);
    return when === "after" ? result : work();
  };
  outcome = undefined;
  await call(lifecycle, controller.signal).then(
    (value) => {
      outcome = { value };
    },
    (error) => {
      outcome = { error };
    },
  );
  await turns(() => at === undefined || held.length > 0);
  it.gate = (_name, work) => work();
  if (at !== undefined) {
    assert.ok(outcome.error, `${when} ${at}: it is not aborted`);
    assert.ok(isAborted(outcome.error), outcome.error);
  }
  return at;
}

for (const [kind, plane] of Object.entries(PLANES))
  describe(`${kind}, aborted at each call of a port`, () => {
    for (const [name, [prepare, call, policy]] of Object.entries(CALLS))
      test(name, async () => {
        const before = timers();
        let points = 0;
        for (const when of ["before", "after"])
          for (const next of ["the same lifecycle", "another one"])
            for (let n = 1; ; n++) {
              const it = world(plane, policy);
              let lifecycle = await prepare(it);
              const port = await aborted(it, lifecycle, call, n, when);
              const where = `${when} call ${n}, ${port}; continued by ${next}`;
              if (next === "another one") {
                await lifecycle.close();
                lifecycle = it.open();
              }
              if (port !== undefined) await finished(it, lifecycle, name, where, next);
              await lifecycle.close();
              assert.equal(timers(), before, `${where}: a timer is left`);
              if (port === undefined) break;
              points++;
              assert.ok(n < 200, "it never ends");
            }
        assert.ok(points >= 2 || name === "history", `${points} points`);
      });
  });

/** Continues the rotation to its end, whatever was aborted. */
async function finished(it, lifecycle, name, where, next) {
  const words = async () => (await it.events()).map(({ event }) => event);
  const [{ current, forgotten }] = await lifecycle.status(["app"]);
  const wasInDoubt = (await words()).includes("unknown");
  if (REFUSED.has(name) || name === "settle") {
    const [{ doubt }] = await lifecycle.status(["app"]);
    if (doubt !== undefined) await lifecycle.settle("app", { found: ["c1"] });
  } else assert.equal(wasInDoubt, false, `${where}: it is unknown what was issued`);
  if (!forgotten && current === undefined && (await words()).length === 0) await lifecycle.adopt("app", "c0");
  let progress = await settled(it, lifecycle);
  if (progress.state === "awaits-approval") {
    await lifecycle.approve("app");
    progress = await settled(it, lifecycle);
  }
  assert.equal(progress.state, "idle", `${where}: ${JSON.stringify(progress)}`);
  const markers = issues(it);
  assert.equal(new Set(markers).size, markers.length, `${where}: issued twice for one intent`);
  const lost = (await words()).filter((word) => word === "lost").length;
  if (next === "the same lifecycle") assert.equal(lost, 0, `${where}: a secret was lost`);
  assert.ok(it.control.accepts(it.place.pair), `${where}: what the sink has does not log in`);
  const [after] = await lifecycle.status(["app"]);
  // A credential that the journal was told to leave alone still exists.
  const left = name === UNKNOWN && !(await words()).includes("adopted") ? ["c0"] : [];
  if (!after.forgotten) assert.deepEqual(it.control.alive(), [...left, after.current.id], where);
  assert.equal((await lifecycle.verify())[0].broken, undefined, where);
}

describe("an aborted call", () => {
  test("makes no call of a port if its signal was aborted before", async () => {
    for (const [name, [prepare, call, policy]] of Object.entries(CALLS)) {
      const it = world(PLANES["a connector"], policy);
      const lifecycle = await prepare(it);
      it.gate = (port) => assert.fail(`${name} called ${port}`);
      await assert.rejects(call(lifecycle, AbortSignal.abort(REASON)), isAborted, name);
      it.gate = (_name, work) => work();
      await lifecycle.close();
    }
  });

  test("leaves nothing that keeps the process alive, although a read never answers", async () => {
    for (const [name, [prepare, call, policy]] of Object.entries(CALLS)) {
      const before = timers();
      for (let n = 1, more = true; more; n++) {
        const it = world(PLANES["an API credential"], policy);
        const lifecycle = await prepare(it);
        const controller = new AbortController();
        let count = 0;
        more = false;
        let last = "journal.";
        it.passed = (port) => {
          last = port;
        };
        it.gate = (port, work) => {
          if (++count !== n) {
            last = port;
            return work();
          }
          // Issuing, and recording it, continues until its own deadline.
          const records = port === "journal.append" || (port === "journal.read" && !last.startsWith("journal."));
          [last, more] = [port, true];
          if (port === "provider.issue" || records) return work();
          return new Promise(() => queueMicrotask(() => controller.abort(REASON)));
        };
        await call(lifecycle, controller.signal).catch((error) =>
          assert.ok(isAborted(error) || !controller.signal.aborted, error),
        );
        // What is still being recorded ends within these turns; nothing may be left after it.
        await turns(() => false, 50);
        assert.equal(timers(), before, `${name}: a timer is left after call ${n}`);
        it.gate = (_name, work) => work();
        await lifecycle.close();
      }
    }
  });

  test("rejects while it waits for another call of the target, which goes on", async () => {
    const it = world(PLANES["a connector"]);
    const lifecycle = await adopted(it);
    let answer;
    it.gate = (name, work) =>
      name === "provider.issue" ? new Promise((resolve) => (answer = () => resolve(work()))) : work();
    const first = lifecycle.rotate("app");
    await turns(() => answer !== undefined);
    const controller = new AbortController();
    const second = lifecycle.advance("app", { signal: controller.signal });
    controller.abort(REASON);
    await assert.rejects(second, isAborted);
    answer();
    assert.equal((await first).state, "waiting");
    await lifecycle.close();
  });

  test("lets what issues go on: to close waits for it, and what it made is recorded", async () => {
    const it = world(PLANES["a connector"]);
    const lifecycle = await adopted(it);
    let answer;
    it.gate = (name, work) =>
      name === "provider.issue" ? new Promise((resolve) => (answer = () => resolve(work()))) : work();
    const controller = new AbortController();
    const rotation = lifecycle.rotate("app", { signal: controller.signal });
    await turns(() => answer !== undefined);
    controller.abort(REASON);
    await assert.rejects(rotation, isAborted);
    let closed = false;
    const closing = lifecycle.close().then(() => {
      closed = true;
    });
    await turns(() => closed, 20);
    assert.equal(closed, false);
    answer();
    await closing;
    assert.equal((await it.events()).at(-1).event, "issued");
  });
});

test("events end with the error of their signal", async () => {
  const it = world(PLANES["a connector"]);
  const lifecycle = await adopted(it);
  const controller = new AbortController();
  const [waiting, behind] = [0, 1].map(() => lifecycle.events({ signal: controller.signal }));
  const pending = [waiting.next(), waiting.next()];
  await lifecycle.forget("app");
  assert.equal((await pending[0]).value.event, "forgotten");
  controller.abort(REASON);
  await assert.rejects(pending[1], isAborted);
  await assert.rejects(behind.next(), isAborted);
  for (const queue of [waiting, behind]) assert.deepEqual(await queue.next(), { done: true, value: undefined });
  await assert.rejects(lifecycle.events({ signal: controller.signal }).next(), isAborted);
  // A stream of events that has ended ignores its signal.
  const other = new AbortController();
  const left = lifecycle.events({ signal: other.signal });
  await left.return();
  other.abort(REASON);
  assert.equal((await left.next()).done, true);
  await lifecycle.close();
});
