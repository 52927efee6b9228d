// A machine whose clock is wrong: nothing ends early, nothing is started, and the user is told. The sandbox's clock is
// the tenant's.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { run, scratch, setOn, tenant, writeProject } from "../lib/cli.mjs";
import { module } from "../lib/installed.mjs";

const { unlessClocksDiffer } = await module("cli/clocks.js");

const HOUR = 3_600_000;

/** Returns the time by a clock that is wrong by `ms`. */
const off = (ms) => new Date(Date.now() + ms).toISOString();

/** Asks a tenant's server of which only the time is known, and returns what a command reports. */
function asked({ date, server = "https://acme.conductor.one", now, margin = "2m" }) {
  const said = [];
  const context = {
    manner: { now },
    signal: new AbortController().signal,
    clock: { now: () => now ?? Date.now() },
    say: (text) => said.push(text),
  };
  const requests = [];
  const { fetch } = globalThis;
  globalThis.fetch = (url, { method, redirect, headers }) => {
    requests.push({ url, method, redirect, headers });
    if (date === "lost") return Promise.reject(new TypeError("fetch failed"));
    const given = date === undefined ? {} : { date: new Date(date).toUTCString() };
    return Promise.resolve(new Response(null, { headers: given }));
  };
  const statuses = [
    { target: "a", policy: { margin } },
    { target: "b", policy: { margin: "1h" } },
    { target: "offline", policy: {} },
  ];
  const servers = new Map([
    ["a", server],
    ["b", server],
  ]);
  const done = unlessClocksDiffer(context, { servers }, statuses).finally(() => {
    globalThis.fetch = fetch;
  });
  return done.then(
    () => ({ said, requests }),
    (error) => ({ said, requests, error }),
  );
}

test("a clock that is not the tenant's begins nothing, whichever is ahead", async () => {
  const now = Date.now();
  for (const [off, words] of [
    [-72 * HOUR, /this machine's clock is (2|3) d ahead of the one of acme\.conductor\.one/],
    [5 * HOUR, /this machine's clock is (5|4) h behind the one of acme/],
    [-3 * 60_000, /is 2 min ahead of|is 3 min ahead of|is 17\d s ahead of/],
  ]) {
    const { error, requests } = await asked({ date: now + off });
    assert.match(error.message, words);
    assert.match(error.message, /nothing was begun/);
    assert.deepEqual([error.exit, error.hint], [1, "Set the clock, for example with NTP."]);
    assert.deepEqual(requests, [
      { url: "https://acme.conductor.one", method: "HEAD", redirect: "manual", headers: undefined },
    ]);
  }
  // A time given with the command is checked just the same.
  const given = await asked({ date: now, now: now + 72 * HOUR });
  assert.match(given.error.message, /the time that --clock or KEYTURN_NOW gives is (2|3) d ahead/);
  assert.equal((await asked({ date: now, now: now + 1000 })).error, undefined);
});

test("what is within the policy's margin, or cannot be told, is no reason to stop", async () => {
  const now = Date.now();
  for (const date of [now, now - 100_000, now + 100_000, undefined, "lost"])
    assert.deepEqual((await asked({ date })).error, undefined, String(date));
  assert.equal((await asked({ date: now - 5 * 60_000, margin: "10m" })).error, undefined);
});

test("a sandbox whose clock was moved is told of, and where the time is given there is nothing to tell", async () => {
  const server = "http://127.0.0.1:4100";
  const { said, error } = await asked({ date: Date.now() + 5 * HOUR, server });
  assert.equal(error, undefined);
  assert.match(said.join(), /behind the one of 127\.0\.0\.1:4100: give the time with --clock/);
  assert.deepEqual(await asked({ date: Date.now(), server, now: Date.now() + 5 * HOUR }), { said: [], requests: [] });
});

describe("clocks that disagree", () => {
  const cwd = scratch("clocks");
  let sandbox;
  before(async () => {
    sandbox = await tenant();
    writeProject(cwd, sandbox);
    await ok(["rotate", "github-production"]);
    await ok(["rotate", "github-production"]);
  });
  after(async () => {
    await sandbox.stop();
    rmSync(cwd, { recursive: true });
  });
  const at = (args, now) =>
    run(args, { cwd, env: now === undefined ? sandbox.env : { ...sandbox.env, KEYTURN_NOW: off(now) } });
  async function ok(args, now) {
    const ended = await at(args, now);
    assert.equal(ended.status, 0, ended.stderr);
    return ended;
  }
  const state = async () => {
    const [{ sequence, phase, credentials }] = JSON.parse(
      (await ok(["status", "github-production", "-o", "json"])).stdout,
    );
    return { sequence, phase, alive: credentials.filter(({ role }) => role !== "ended").length };
  };

  test("a clock that is hours behind finds nothing to do, and says what the journal tells", async () => {
    const before = await state();
    assert.deepEqual([before.phase, before.alive], ["grace", 2]);
    const ended = await ok(["advance"], -5 * HOUR);
    assert.match(
      ended.stderr,
      /the last event of github-production was written in \d h \(.*\) by cli:\w+: this machine's clock is behind/,
    );
    assert.deepEqual(await state(), before);
  });

  test("status and doctor say that the journal has events from the future, and programs get their data alone", async () => {
    for (let again = 0; again < 2; again++) {
      const { stdout, stderr } = await ok(["status", "-o", "json"], -5 * HOUR);
      assert.equal(JSON.parse(stdout).length, 2);
      assert.match(stderr, /the last event of github-production was written in \d h/);
    }
    assert.equal((await ok(["status"])).stderr, "");
    const doctor = await at(["doctor", "-o", "json"], -5 * HOUR);
    assert.equal(doctor.status, 3);
    const found = JSON.parse(doctor.stdout).find(({ code }) => code === "journal.ahead");
    assert.equal(found.level, "error");
    const online = await at(["doctor", "--online", "-o", "json"], -5 * HOUR);
    const offsets = JSON.parse(online.stdout).filter(({ code }) => code === "online.clock_offset");
    assert.deepEqual(
      offsets.map(({ about }) => about),
      ["c1", "commercelayer"],
    );
    for (const { message } of offsets) assert.match(message, /the machine's clock is (4|5) h behind the server's/);
    const right = await at(["doctor", "--online", "-o", "json"]);
    const clocks = JSON.parse(right.stdout).filter(({ code }) => /clock/.test(code) && code.startsWith("online"));
    assert.deepEqual(
      clocks.map(({ code }) => code),
      ["online.clock", "online.clock"],
    );
  });

  test("a rotation at a sandbox whose clock was moved goes on, and the command says how to go by it", async () => {
    await setOn(sandbox.url, 5 * HOUR);
    const { stderr } = await ok(["rotate", "order-export"]);
    assert.match(
      stderr,
      /this machine's clock is (4|5) h behind the one of 127\.0\.0\.1:\d+: give the time with --clock/,
    );
  });
});
