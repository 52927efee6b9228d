// A journal folder that is restored from a backup, on the command line.
import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { run, scratch, tenant, writeProject } from "../lib/cli.mjs";

const cwd = scratch("restored");
const journal = join(cwd, "keyturn-journal");
const backup = join(cwd, "backup");
const target = "github-production";
let sandbox;
before(async () => {
  sandbox = await tenant();
  writeProject(cwd, sandbox);
});
after(async () => {
  await sandbox.stop();
  rmSync(cwd, { recursive: true });
});
const keyturn = (...args) => run(args, { cwd, env: sandbox.env });
const copy = (from, to) => {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
};

test("issues nothing that a journal has forgotten which was declared restored", async () => {
  assert.equal((await keyturn("rotate", target)).status, 0);
  copy(journal, backup);
  assert.equal((await keyturn("rotate", target)).status, 0);
  const held = readFileSync(join(cwd, "github.env"), "utf8");
  copy(backup, journal);
  const declared = await keyturn("journal", "restored");
  assert.equal(declared.status, 0, declared.stderr);
  assert.match(declared.stderr, /each target of keyturn.json now issues a credential only after a check/);
  const again = await keyturn("rotate", target);
  assert.equal(again.status, 4, again.stderr);
  const [{ progress }] = JSON.parse((await keyturn("status", target, "-o", "json")).stdout);
  assert.deepEqual([progress.state, progress.about], ["stopped", "provider_failed:newer_credential"]);
  assert.equal(readFileSync(join(cwd, "github.env"), "utf8"), held);
});

test("a journal that is copied in everyday use goes on, as a branch of a repository does", async () => {
  // A person rolls back the stopped rotation; nothing was issued for it.
  assert.equal((await keyturn("rollback", target, "--yes")).status, 0);
  assert.equal((await keyturn("journal", "restored", "--nothing-lost", "--yes")).status, 0);
  copy(journal, backup);
  copy(backup, journal);
  const status = await keyturn("status", target, "-o", "json");
  assert.equal(JSON.parse(status.stdout)[0].progress.state, "idle", status.stderr);
});

test("declares that nothing was lost", async () => {
  const unanswered = await keyturn("journal", "restored", "--nothing-lost");
  assert.equal(unanswered.status, 2);
  const dismissed = await keyturn("journal", "restored", "--nothing-lost", "--yes");
  assert.equal(dismissed.status, 0, dismissed.stderr);
  assert.match(dismissed.stderr, /keyturn.json continues with this folder as before/);
  rmSync(journal, { recursive: true });
  const nowhere = await keyturn("journal", "restored");
  assert.equal(nowhere.status, 8);
  assert.match(nowhere.stderr, /there is no journal in/);
});
