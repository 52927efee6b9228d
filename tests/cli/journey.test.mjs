// The smallest configuration of the documentation, from the first rotation to the end of the old credential.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { run, scratch, setOn, smallest, tenant, writeProject, writeStore } from "../lib/cli.mjs";

const HOUR = 3_600_000;

describe("the smallest configuration", () => {
  const cwd = scratch("journey");
  let sandbox;
  let env;
  /** The whole output of the commands. */
  let written = "";
  const keyturn = async (args, more = {}) => {
    const told = await run(args, { cwd, env: { ...env, ...more } });
    written += told.stdout + told.stderr;
    return told;
  };
  before(async () => {
    sandbox = await tenant();
    ({ env } = sandbox);
    writeProject(cwd, sandbox);
  });
  after(async () => {
    await sandbox.stop();
    rmSync(cwd, { recursive: true });
  });
  const statusOf = async (name, more) => {
    const { stdout, status } = await keyturn(["status", name, "-o", "json"], more);
    assert.equal(status, 0);
    return JSON.parse(stdout)[0];
  };
  const secrets = new Set();
  const held = () => {
    const [, id, secret] = /BATON_CLIENT_ID=(\S+)\nBATON_CLIENT_SECRET=(\S+)/.exec(
      readFileSync(join(cwd, "github.env"), "utf8"),
    );
    secrets.add(secret);
    return id;
  };

  test("needs no credentials, and no network, for its status", async () => {
    const { status, stdout } = await run(["status", "-o", "json"], { cwd });
    assert.equal(status, 0);
    assert.deepEqual(
      JSON.parse(stdout).map(({ target, progress }) => [target, progress.state]),
      [
        ["github-production", "idle"],
        ["order-export", "idle"],
      ],
    );
  });

  test("rotates, waits for the grace period, and ends the old credential", async () => {
    assert.equal((await keyturn(["rotate", "github-production"])).status, 0);
    const first = held();
    assert.equal((await statusOf("github-production")).current.clientId, first);

    const second = await keyturn(["rotate", "github-production", "-o", "json"]);
    assert.equal(second.status, 0, second.stderr);
    const [outcome] = JSON.parse(second.stdout);
    assert.equal(outcome.state, "waiting");
    assert.equal(outcome.phase, "grace");
    assert.notEqual(held(), first);
    // Every sink has the new credential, so that is the one in use; the old one ends without being missed.
    assert.equal(outcome.clientId, held());
    const told = (await run(["status"], { cwd })).stdout;
    assert.ok(told.includes(held()) && !told.includes(first), told);

    // Too early: nothing happens.
    assert.equal((await keyturn(["advance"])).status, 0);
    assert.equal((await statusOf("github-production")).progress.state, "waiting");

    const later = { KEYTURN_NOW: new Date(outcome.until + 60_000).toISOString() };
    await setOn(sandbox.url, outcome.until + 60_000 - Date.now());
    const advanced = await keyturn(["advance"], later);
    assert.equal(advanced.status, 0, advanced.stderr + advanced.stdout);
    const { progress, credentials, current } = await statusOf("github-production", later);
    assert.equal(progress.state, "idle");
    assert.equal(progress.last, "done");
    assert.equal(current.clientId, held());
    assert.deepEqual(credentials.map(({ role }) => role).sort(), ["current", "ended"]);
    // The same with the flag.
    const flagged = await keyturn(["status", "--clock", later.KEYTURN_NOW, "-o", "json"]);
    assert.equal(JSON.parse(flagged.stdout)[0].progress.state, "idle");
  });

  test("seals a copy of each new secret, in a folder beside the journal, and deletes it; without the key nothing begins", async () => {
    const own = scratch("sealed");
    const text = smallest(sandbox).replace("{", '{ "seal": { "key": { "env": "SEAL_KEY" } },');
    writeFileSync(join(own, "keyturn.json"), text);
    writeStore(own);
    const rotate = (more) => run(["rotate", "github-production"], { cwd: own, env: { ...env, ...more } });
    for (const [SEAL_KEY, said] of [
      ["", /SEAL_KEY is not set/],
      ["canary", /SEAL_KEY contains no key/],
    ]) {
      const { status, stderr } = await rotate({ SEAL_KEY });
      assert.equal(status, 2, stderr);
      assert.match(stderr, said);
      assert.doesNotMatch(stderr, /canary/);
    }
    // Reading the status needs no key.
    assert.equal((await run(["status"], { cwd: own })).status, 0);
    const hex = Buffer.alloc(32, 7).toString("hex");
    const { status, stderr } = await rotate({ SEAL_KEY: hex });
    assert.equal(status, 0, stderr);
    const shown = await run(["journal", "show", "github-production", "-o", "json"], { cwd: own });
    const events = JSON.parse(shown.stdout);
    assert.equal(events.find(({ event }) => event === "issuing").sealed, true);
    assert.ok(events.some(({ event }) => event === "discarded"));
    assert.deepEqual(readdirSync(join(own, "keyturn-journal-sealed")), []);
    rmSync(own, { recursive: true });
  });

  test("the credential that keyturn.json names is replaced by the first rotation, and ends after the grace", async () => {
    const later = { KEYTURN_NOW: new Date(Date.now() + 25 * HOUR).toISOString() };
    const { status, stdout, stderr } = await keyturn(["rotate", "order-export", "-o", "json"], later);
    assert.equal(status, 0, stderr);
    const [{ state, phase, until }] = JSON.parse(stdout);
    assert.deepEqual([state, phase], ["waiting", "grace"]);
    const pair = JSON.parse(readFileSync(join(cwd, "store.json"), "utf8"));
    secrets.add(pair.clientSecret);
    assert.ok(await sandbox.client().api_credentials.retrieve(sandbox.credential));
    await setOn(sandbox.url, until + 60_000 - Date.parse(later.KEYTURN_NOW));
    const end = { KEYTURN_NOW: new Date(until + 60_000).toISOString() };
    assert.equal((await keyturn(["advance", "order-export"], end)).status, 0);
    assert.equal((await statusOf("order-export", end)).progress.state, "idle");
    await assert.rejects(sandbox.client().api_credentials.retrieve(sandbox.credential), { status: 404 });
  });

  test("the journal is intact, and shows what happened", async () => {
    const { status, stdout } = await keyturn(["journal", "verify", "-o", "json"]);
    assert.equal(status, 0);
    assert.deepEqual(
      JSON.parse(stdout).map(({ target, broken }) => [target, broken]),
      [
        ["github-production", undefined],
        ["order-export", undefined],
      ],
    );
    const shown = await keyturn(["journal", "show", "github-production", "-o", "ndjson"]);
    const events = shown.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).event);
    assert.equal(events[0], "planned");
    assert.ok(events.includes("retired"), events.join());
    const exported = await keyturn(["journal", "export"]);
    assert.ok(exported.stdout.trim().split("\n").length > events.length);
    const audit = await keyturn(["journal", "export", "-o", "ocsf"]);
    assert.equal(JSON.parse(audit.stdout.split("\n")[0]).class_uid, 3004);
  });

  test("no secret is on the output or in the journal", () => {
    assert.equal(secrets.size, 3);
    const journal = readdirSync(join(cwd, "keyturn-journal"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), "utf8"))
      .join("");
    assert.ok(journal.length > 1000 && written.length > 1000);
    for (const secret of [...secrets, env.CONDUCTORONE_CLIENT_SECRET, env.COMMERCELAYER_CLIENT_SECRET]) {
      assert.ok(secret.length > 20);
      // Neither whole nor in part: a C1 secret is a key in a known envelope.
      for (const part of [secret, secret.slice(-40)]) {
        assert.ok(!written.includes(part), "the output has a secret");
        assert.ok(!journal.includes(part), "the journal has a secret");
      }
    }
  });
});
