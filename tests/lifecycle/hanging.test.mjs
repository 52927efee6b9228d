// Calls that never return: journals, sinks and control planes that hang, and journals that store an event without
// confirming it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { installed } from "../lib/installed.mjs";
import { Clock, ControlPlane, MemorySink, settled } from "../lib/lifecycle-world.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const {
  githubSecret,
  gitlabVariables,
  JournalError,
  kubernetesSecret,
  memoryJournal,
  memorySeals,
  openLifecycle,
  vaultSecret,
} = require("keyturn/lifecycle");

/** Calls in memory return before any timer fires, so a deadline this short affects only those that hang. */
const SOON = 30;
const NEVER = new Promise(() => undefined);
const POLICY = { grace: 0, backoff: 1000, maxBackoff: 4000, callDeadline: SOON };

/**
 * Creates a target whose journal does what `fault` says: `fault(method, store, ...args)` gets a function that carries
 * out the call.
 */
function world({ policy, sinks = [{}], open: more, ...plane } = {}) {
  const clock = new Clock();
  const control = new ControlPlane({ clock, ...plane });
  const places = sinks.map((sink) => new MemorySink(sink));
  const first = control.make("by hand");
  for (const place of places) place.put({ clientId: first.clientId, clientSecret: first.secret });
  const memory = memoryJournal();
  const it = { clock, control, places, memory, fault: (_method, work) => work() };
  const journal = Object.fromEntries(
    Object.keys(memory).map((method) => [
      method,
      (...args) => it.fault(method, () => memory[method](...args), ...args),
    ]),
  );
  it.open = (worker = "test", options = {}) =>
    openLifecycle({
      journal,
      journalTimeoutMs: SOON,
      clock,
      worker,
      targets: {
        app: { provider: control.provider, sinks: places.map(({ sink }) => sink), policy: { ...POLICY, ...policy } },
        ...more,
      },
      ...options,
    });
  return it;
}

const calls = ({ control }, method) => control.calls.filter(([name]) => name === method);
const words = async ({ memory }) => (await memory.read("app", 1)).map((line) => JSON.parse(line).event);

/** Asserts that each intent had one call, and that exactly one credential is alive: the one in the sink. */
async function clean(it, lifecycle) {
  const markers = calls(it, "issue").map(([, marker]) => marker);
  assert.equal(new Set(markers).size, markers.length, "one issuing call for each intent");
  const [{ current }] = await lifecycle.status(["app"]);
  for (const { pair } of it.places) assert.equal(pair.clientId, current.clientId);
  assert.deepEqual(it.control.alive(), [current.id]);
  assert.equal((await lifecycle.verify())[0].broken, undefined);
}

const timeout = (error) =>
  error instanceof JournalError &&
  error.code === "journal_failed" &&
  error.reason === "timeout" &&
  /did not .* within 30 ms/.test(error.message) &&
  error.hint !== undefined;

test("a journal that hangs ends each call with an error that says so, and nothing is done", async () => {
  const it = world();
  const lifecycle = it.open();
  for (const method of ["read", "append", "streams"]) {
    it.fault = (called, work) => (called === method ? NEVER : work());
    const many = it.open("many", {
      targets: Object.fromEntries(
        Array.from({ length: 9 }, (_, number) => [
          `t${number}`,
          { provider: it.control.provider, sinks: [it.places[0].sink] },
        ]),
      ),
    });
    if (method !== "streams") {
      await assert.rejects(lifecycle.rotate("app"), timeout, method);
      await assert.rejects(lifecycle.adopt("app", "c0"), timeout, method);
    }
    if (method === "read") {
      await assert.rejects(lifecycle.advance("app"), timeout);
      await assert.rejects(lifecycle.status(), timeout);
      await assert.rejects(lifecycle.history("app"), timeout);
    }
    if (method === "streams") {
      await assert.rejects(lifecycle.verify(), timeout);
      await assert.rejects(many.status(), timeout);
      await assert.rejects(many.advance(), timeout);
    }
    await many.close();
  }
  assert.equal(calls(it, "issue").length, 0);
  assert.deepEqual(await words(it), []);
  it.fault = (_, work) => work();
  assert.equal((await lifecycle.rotate("app")).last, "done");
  await clean(it, lifecycle);
});

test("a lifecycle whose journal hangs can be closed", async () => {
  const it = world();
  const lifecycle = it.open();
  let asked;
  const begun = new Promise((resolve) => {
    asked = resolve;
  });
  it.fault = () => {
    asked();
    return NEVER;
  };
  const refused = assert.rejects(lifecycle.advance("app"), { code: "closed" });
  await begun;
  await lifecycle.close();
  await refused;
});

test("a deadline has to be above zero, and may be endless", () => {
  const it = world();
  for (const journalTimeoutMs of [0, -1, Number.NaN])
    assert.throws(() => it.open("test", { journalTimeoutMs }), { code: "invalid_configuration", reason: "invalid" });
  it.open("test", { journalTimeoutMs: Number.POSITIVE_INFINITY });
});

/** The ways in which an append can fail: what the journal does with the event, and when. */
const SILENCES = {
  "it is stored, and the answer never comes": async (work) => {
    await work();
    return NEVER;
  },
  "it is stored, and the answer is an error": async (work) => {
    await work();
    throw new Error("the connection was lost");
  },
  "it is not stored, and no answer comes": () => NEVER,
  "it is stored once nobody waits for it any more": (work, it) => {
    it.late = work;
    return NEVER;
  },
};

for (const evidence of [true, false])
  for (const [name, silence] of Object.entries(SILENCES))
    test(`each append of a rotation: ${name}${evidence ? "" : ", without evidence"}`, async (t) => {
      const whole = world({ evidence });
      const whole1 = whole.open();
      await whole1.rotate("app");
      const { length } = await words(whole);
      t.diagnostic(`${length} appends`);
      assert.ok(length >= 12);
      for (let nth = 1; nth <= length; nth++) {
        const it = world({ evidence });
        let seen = 0;
        it.fault = (method, work) => (method === "append" && ++seen === nth ? silence(work, it) : work());
        const lifecycle = it.open();
        const failed = await lifecycle.rotate("app").then(
          () => undefined,
          (error) => error,
        );
        const stored = name.startsWith("it is stored, ");
        if (stored) assert.equal(failed, undefined, `append ${nth}: what is stored is found there`);
        else assert.ok(timeout(failed) && failed.outcome === "unknown", inspect(failed));
        await it.late?.();
        // A rotation that had not started starts now; one that had started continues.
        await lifecycle.rotate("app").catch((error) => assert.equal(error.reason, "rotation_active"));
        const end = await settled(it, lifecycle);
        assert.equal(end.last, "done", inspect([nth, end]));
        const known = await words(it);
        assert.ok(!known.includes("unknown"), `append ${nth}: nobody doubts a call that was not made`);
        await clean(it, lifecycle);
        await lifecycle.close();
      }
    });

test("a journal that says nothing while a delivery looks at it stops nobody for good", async () => {
  const it = world();
  const lifecycle = it.open();
  const [{ sink }] = it.places;
  const { read } = sink;
  let hung = 0;
  sink.read = async (signal) => {
    const holding = await read(signal);
    // This read is for the delivery, and the journal's next read is the check before the write.
    if (hung === 0 && (await words(it)).includes("verified"))
      it.fault = (method, work) => (method === "read" && hung++ === 0 ? NEVER : work());
    return holding;
  };
  await lifecycle.adopt("app", "c0");
  await lifecycle.rotate("app");
  assert.equal(hung > 0, true);
  const failed = (await lifecycle.history("app")).find(({ event }) => event === "failed");
  assert.deepEqual([failed.step, failed.code], ["deliver", "timeout"]);
  assert.equal((await settled(it, lifecycle)).last, "done");
  await clean(it, lifecycle);
});

test("a sink that hangs is one finding, and holds up no other", async () => {
  const it = world({ sinks: [{ name: "a" }, { name: "b" }, { name: "c" }] });
  const lifecycle = it.open();
  await lifecycle.adopt("app", "c0");
  it.places[2].put({ clientId: "elsewhere", clientSecret: "x" });
  for (const hang of [() => NEVER, () => new Promise(() => undefined)]) {
    it.places[1].sink.read = hang;
    const findings = await lifecycle.findings();
    const of = (code) => findings.filter((finding) => finding.code === code).map(({ about }) => about);
    assert.deepEqual(of("sink-unreadable"), ["b"]);
    assert.deepEqual(of("sink-differs"), ["c"]);
    assert.match(findings.find(({ code }) => code === "sink-unreadable").message, /timeout/);
  }
  const [{ sinks }] = await lifecycle.reconcile();
  assert.deepEqual(sinks, { a: { clientId: "c0@host" }, b: { error: "timeout" }, c: { clientId: "elsewhere" } });
  const [plan] = await lifecycle.plan();
  assert.deepEqual(
    plan.sinks.map(({ name, error }) => [name, error]),
    [
      ["a", undefined],
      ["b", "timeout"],
      ["c", undefined],
    ],
  );
});

test("a sink that throws, and one that gives no promise, are findings", async () => {
  const it = world({ sinks: [{ name: "a" }, { name: "b" }] });
  const lifecycle = it.open();
  await lifecycle.adopt("app", "c0");
  it.places[0].sink.read = () => {
    throw new TypeError("not a promise");
  };
  it.places[1].sink.read = () => ({ clientId: "c0@host", version: "1" });
  const findings = await lifecycle.findings();
  assert.deepEqual(
    findings.filter(({ code }) => code.startsWith("sink")).map(({ code, about }) => [code, about]),
    [["sink-unreadable", "a"]],
  );
});

test("a control plane that hangs is a finding, and an error for whoever needs its answer", async () => {
  const it = world();
  const lifecycle = it.open();
  await lifecycle.adopt("app", "c0");
  it.control.provider.list = () => NEVER;
  it.control.provider.look = () => NEVER;
  const findings = await lifecycle.findings();
  assert.match(findings.find(({ code }) => code === "control-plane-unreadable").message, /timeout/);
  await assert.rejects(lifecycle.plan(), { code: "timeout" });
  await assert.rejects(lifecycle.adopt("app", "c0"), { code: "timeout" });
  const [imported] = await lifecycle.import([{ target: "app", clientId: "c9@host", source: "test" }]);
  assert.equal(imported.error.code, "timeout");
});

test("what looks at a sink that hangs ends at once when it is aborted, or the lifecycle closed", async () => {
  const it = world({ policy: { callDeadline: 60_000 } });
  const lifecycle = it.open("test", { journalTimeoutMs: 60_000 });
  await lifecycle.adopt("app", "c0");
  it.places[0].sink.read = () => NEVER;
  for (const method of ["findings", "plan", "reconcile"]) {
    const controller = new AbortController();
    const looking = lifecycle[method](["app"], { signal: controller.signal });
    setImmediate(() => controller.abort());
    await assert.rejects(looking, { code: "aborted" }, method);
  }
  const looking = lifecycle.findings();
  setImmediate(() => lifecycle.close());
  await assert.rejects(looking, { code: "closed" });
});

/** Returns a server's response that never ends. */
function endless(status, headers = {}) {
  const it = { sent: 0, canceled: false };
  const chunk = new TextEncoder().encode(`"${"x".repeat(1 << 16)}",`);
  const body = new ReadableStream({
    pull(controller) {
      it.sent += chunk.length;
      controller.enqueue(chunk);
    },
    cancel() {
      it.canceled = true;
    },
  });
  it.response = new Response(body, { status, headers });
  return it;
}

test("a system whose answers never end is read so far and no further, by each sink", async () => {
  const pair = { clientId: "canary-id@host", clientSecret: "canary-secret" };
  const { signal } = new AbortController();
  const places = {
    vault: (fetch) => vaultSecret({ url: "https://a.example", token: "t", path: "p", fetch }),
    kubernetes: (fetch) =>
      kubernetesSecret({ url: "https://a.example", token: "t", namespace: "n", secret: "s", fetch }),
    github: (fetch) => githubSecret({ token: "t", repository: "a/b", fetch }),
    gitlab: (fetch) => gitlabVariables({ token: "t", project: "a/b", fetch }),
  };
  for (const [name, sinkOf] of Object.entries(places))
    for (const headers of [{}, { "content-length": String(1 << 30) }])
      for (const call of ["read", "write"]) {
        const answers = [];
        const sink = sinkOf(async () => {
          const answer = endless(200, headers);
          answers.push(answer);
          return answer.response;
        });
        const error = await (call === "read" ? sink.read(signal) : sink.write(pair, "1", signal)).then(
          () => assert.fail(name),
          (thrown) => thrown,
        );
        assert.deepEqual([error.name, error.reason, error.sink], ["SinkError", "failed", sink.name], name);
        assert.match(error.message, /longer than 4194304 bytes/);
        assert.ok(!inspect(error, { depth: 9 }).includes("canary"));
        for (const { sent, canceled } of answers) assert.ok(canceled && sent <= 5 << 20, `${name}: ${sent} bytes`);
      }
});

/** Returns a promise, and a function that resolves it. */
function gate() {
  let open;
  const opened = new Promise((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test("a secret that comes after its deadline is neither kept nor sealed: what was made is found, and ended", async () => {
  const it = world();
  const puts = [];
  const store = memorySeals();
  const seal = {
    store: { ...store, put: (...args) => (puts.push(args[0]), store.put(...args)) },
    key: new Uint8Array(32).fill(7),
  };
  const lifecycle = it.open("test", { seal });
  await lifecycle.adopt("app", "c0");
  const { issue } = it.control.provider;
  const { opened, open } = gate();
  it.control.provider.issue = async (intent) => {
    const answer = await issue(intent);
    await opened;
    return answer;
  };
  assert.equal((await lifecycle.rotate("app")).state, "waiting");
  assert.equal((await lifecycle.status())[0].phase, "unknown");
  it.control.provider.issue = issue;
  open();
  // The late response gets every turn that it could need.
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  assert.deepEqual(puts, []);
  assert.equal((await settled(it, lifecycle)).last, "done");
  assert.equal(it.places[0].pair.clientId, "c2@host");
  assert.equal(puts.length, 1);
  assert.ok((await words(it)).includes("settled"));
  await clean(it, lifecycle);
});

test("a secret that is read again after its deadline is not kept either: it is read once more", async () => {
  const it = world({ recalls: true });
  const dying = it.open("dying");
  await dying.adopt("app", "c0");
  it.places[0].fault = (method) => (method === "write" ? NEVER : undefined);
  await dying.rotate("app");
  await dying.close();
  it.places[0].fault = () => undefined;
  const { recall } = it.control.provider;
  const { opened, open } = gate();
  it.control.provider.recall = async (id) => {
    const pair = await recall(id);
    await opened;
    return pair;
  };
  const lifecycle = it.open("next");
  it.clock.pass(5_000);
  assert.equal((await lifecycle.advance("app")).state, "waiting");
  it.control.provider.recall = recall;
  open();
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  assert.equal(calls(it, "recall").length, 1);
  assert.equal((await settled(it, lifecycle)).last, "done");
  assert.equal(calls(it, "recall").length, 2);
  assert.equal(calls(it, "issue").length, 1);
  await clean(it, lifecycle);
});
