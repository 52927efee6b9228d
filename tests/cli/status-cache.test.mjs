// The cache of `keyturn status` next to the journal: it agrees with the journal, and is ignored as soon as anything has changed.
import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { run, scratch, smallest, tenant, writeProject } from "../lib/cli.mjs";

const cwd = scratch("status-cache");
const cache = join(cwd, "keyturn-journal/cache");
/** The time from a change until the cache can be written: see `SETTLED_MS`. */
const SETTLED = 2200;
const DAY = 86_400_000;
let sandbox;
const k = (...args) => run(args, { cwd, env: sandbox.env });
const status = async (...flags) => {
  const { status, stdout, stderr } = await k("status", "-o", "json", ...flags);
  assert.equal(status, 0, stderr);
  return stdout;
};
const file = () => join(cache, readdirSync(cache)[0]);
/** Fills the cache, and adds a mark that only the cache contains. */
async function marked() {
  rmSync(cache, { recursive: true, force: true });
  const said = await status();
  const kept = readFileSync(file(), "utf8").replace(
    '"target":"github-production"',
    '"mark":1,"target":"github-production"',
  );
  writeFileSync(file(), kept);
  assert.match(await status(), /"mark": 1/);
  return said;
}

before(async () => {
  sandbox = await tenant();
  writeProject(cwd, sandbox);
  // After the second rotation there is an old credential, which stays valid for a day.
  for (let times = 0; times < 2; times++) assert.equal((await k("rotate", "github-production", "--yes")).status, 0);
});
after(async () => {
  await sandbox.stop();
  rmSync(cwd, { recursive: true });
});

test("does not cache what has just changed", async () => {
  const changed = (at) => utimesSync(join(cwd, "keyturn.json"), at, at);
  // This is later than the command, however long it takes to start.
  changed(new Date(Date.now() + DAY));
  await status();
  assert.equal(existsSync(cache), false);
  changed(new Date());
});

test("the cache returns the same status for all and for one target, and contains no secret", async () => {
  await sleep(SETTLED);
  const first = await status();
  assert.equal(existsSync(cache), true);
  if (process.platform !== "win32") assert.equal(statSync(file()).mode & 0o777, 0o600);
  assert.equal(await status(), first);
  assert.deepEqual(JSON.parse(await status("order-export")), JSON.parse(first).slice(1));
  assert.doesNotMatch(readFileSync(file(), "utf8"), /secret-token/);
  const table = await k("status");
  rmSync(cache, { recursive: true });
  const relative = (text) => text.replaceAll(/\bin \d+ \w+|\d+ \w+ ago|now/g, "");
  assert.equal(relative((await k("status")).stdout), relative(table.stdout));
  assert.equal((await k("status", "nothing")).status, 2);
});

test("ignores a cache that others can write, or that is broken", async () => {
  const said = await marked();
  chmodSync(file(), 0o644);
  if (process.platform !== "win32") assert.equal(await status(), said);
  writeFileSync(file(), "{");
  chmodSync(file(), 0o600);
  assert.equal(await status(), said);
});

test("ignores a cache that is expired or from the future", async () => {
  await marked();
  const at = (ms) => new Date(Date.now() + ms).toISOString();
  // The old credential may be ended after a day; before that, nothing changes.
  assert.match(await status("--clock", at(DAY / 2)), /"mark": 1/);
  assert.doesNotMatch(await status("--clock", at(2 * DAY)), /"mark": 1/);
  assert.doesNotMatch(await status("--clock", at(-DAY)), /"mark": 1/);
});

test("ignores the cache when the configuration or the journal has changed", async () => {
  await marked();
  writeFileSync(join(cwd, "keyturn.json"), smallest(sandbox).replace('"24h"', '"25h"'));
  assert.doesNotMatch(await status(), /"mark": 1/);
  await sleep(SETTLED);
  await marked();
  const before = JSON.parse(await status()).find(({ target }) => target === "github-production").sequence;
  await k("rollback", "github-production", "--yes");
  const after = JSON.parse(await status()).find(({ target }) => target === "github-production");
  assert.ok(after.sequence > before);
});
