// A machine whose clock is wrong: nothing ends early, nothing is begun, and it is told. The sandbox's clock is the tenant's.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { run, scratch, smallest, tenant, writeStore } from "../lib/cli.mjs";

const HOUR = 3_600_000;

/** The time as a wrong clock has it. */
const off = (ms) => new Date(Date.now() + ms).toISOString();

describe("clocks that disagree", () => {
  const cwd = scratch("clocks");
  let sandbox;
  before(async () => {
    sandbox = await tenant();
    writeFileSync(join(cwd, "keyturn.json"), smallest(sandbox));
    writeStore(cwd);
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

  test("a clock that is days ahead does not end the old credential before its grace period is over", async () => {
    const before = await state();
    assert.deepEqual([before.phase, before.alive], ["grace", 2]);
    for (const args of [["advance"], ["rotate", "github-production"], ["rotate", "--all", "--yes"]]) {
      const ended = await at(args, 72 * HOUR);
      assert.equal(ended.status, 1, args.join(" "));
      assert.match(
        ended.stderr,
        /the time that --clock or KEYTURN_NOW gives is (3 d|71 h) ahead of the one of 127\.0\.0\.1:\d+/,
      );
      assert.match(ended.stderr, /Nothing was begun/);
      assert.equal(ended.stdout, "");
    }
    const clock = ["--clock", off(72 * HOUR)];
    assert.equal((await at(["advance", ...clock])).status, 1);
    assert.deepEqual(await state(), before);
  });

  test("a clock that is hours behind writes no time that is over for others", async () => {
    const before = await state();
    for (const args of [
      ["rotate", "order-export"],
      ["rotate", "github-production"],
    ]) {
      const ended = await at(args, -5 * HOUR);
      assert.equal(ended.status, 1, args.join(" "));
      assert.match(ended.stderr, /(5|4) h behind the one of 127\.0\.0\.1/);
    }
    assert.deepEqual(await state(), before);
    // Nothing is due for it yet, so it asks nobody, and says what the journal tells.
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
});
