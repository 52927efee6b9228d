// Two files on one journal: what they agree on continues from either, and what they disagree on is reported before
// anything is started.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { run, scratch, setOn, tenant } from "../lib/cli.mjs";

const DAY = 86_400_000;

describe("two files on one journal", () => {
  const root = scratch("rivals");
  const [one, other] = ["one", "other"].map((name) => join(root, name));
  let sandbox;
  before(async () => {
    sandbox = await tenant();
    for (const folder of [one, other]) mkdirSync(folder);
  });
  after(async () => {
    await sandbox.stop();
    rmSync(root, { recursive: true });
  });
  const env = () => sandbox.env;
  const keyturn = (cwd, ...args) => run(args, { cwd, env: env() });
  const connector = (more) => {
    const { appId, connectorId } = sandbox;
    return { kind: "c1-connector", appId, connectorId, policy: { rotateEvery: "60d", grace: "24h" }, ...more };
  };
  const write = (folder, targets, more) =>
    writeFileSync(join(folder, "keyturn.json"), JSON.stringify({ journal: "../journal", targets, ...more }));
  const sink = (path) => ({ kind: "env-file", path, name: "env" });
  const sequence = async (cwd) => JSON.parse((await keyturn(cwd, "status", "-o", "json")).stdout)[0].sequence;

  test("another place of the same relative path is another sink: nothing is begun, and both files are named", async () => {
    write(one, { github: connector({ sinks: [sink("./github.env")] }) });
    write(other, { github: connector({ sinks: [sink("./github.env")] }) });
    assert.equal((await keyturn(one, "rotate", "github")).status, 0);
    const before = await sequence(one);
    for (const args of [["rotate", "github"], ["rotate", "--all", "--yes"], ["plan"]]) {
      const ended = await keyturn(other, ...args);
      assert.equal(ended.status, 2, `${args}: ${ended.stderr}`);
      const told = (ended.stderr + ended.stdout).replaceAll(/\s+/g, " ");
      assert.ok(told.includes(join(one, "keyturn.json")), told);
      assert.match(told, /with other sinks/);
    }
    assert.match((await keyturn(other, "status")).stderr, /with other sinks, so nothing was begun/);
    const doctor = JSON.parse((await keyturn(other, "doctor", "-o", "json")).stdout);
    assert.equal(doctor.find(({ code }) => code === "journal.quarrel")?.level, "error");
    assert.equal(await sequence(one), before);
    // The first file's command reports it as well, now that the other one has used the journal.
    const first = await keyturn(one, "rotate", "github");
    assert.equal(first.status, 2);
    assert.ok(
      first.stdout.replaceAll(/\s+/g, "").includes(join(other, "keyturn.json")) ||
        /other\/keyturn/.test(first.stdout + first.stderr),
    );
  });

  test("another policy and another place are told too; the same in other words is the same", async () => {
    const path = join(one, "github.env");
    for (const [more, what] of [
      [{ policy: { rotateEvery: "60d", grace: "1h" } }, /with another policy/],
      [{ connectorId: "elsewhere" }, /with another place at the control plane/],
    ]) {
      write(other, { github: connector({ sinks: [sink(path)], ...more }) });
      assert.match((await keyturn(other, "status")).stderr, what);
    }
    const { policy, ...rest } = connector({ sinks: [sink(path)], owner: "somebody else" });
    write(other, { github: rest }, { policy: { grace: policy.grace, rotateEvery: policy.rotateEvery } });
    assert.equal((await keyturn(other, "status")).stderr, "");
    assert.equal((await keyturn(other, "plan")).status, 0);
  });

  test("a sink that was taken out of the file keeps its credential until somebody says that nothing reads it", async () => {
    write(other, { github: connector({ sinks: [sink("./github.env")] }) });
    rmSync(join(one, "keyturn.json"));
    rmSync(join(root, "journal", "configs"), { recursive: true });
    write(other, { github: connector({ sinks: [{ kind: "json-file", path: "./github.json" }] }) });
    const refused = await keyturn(other, "rotate", "github");
    assert.equal(refused.status, 4);
    const told = (refused.stdout + refused.stderr).replaceAll(/\s+/g, " ");
    assert.match(told, /env has the credential of github, and keyturn\.json no longer names it/);
    const [, id] = /`keyturn adopt github (\S+)`/.exec(told);
    // Nor does the timer start it when it is due.
    await setOn(sandbox.url, 61 * DAY);
    env().KEYTURN_NOW = new Date(Date.now() + 61 * DAY).toISOString();
    const timer = await keyturn(other, "advance");
    assert.equal(timer.status, 4);
    assert.equal(JSON.parse((await keyturn(other, "status", "-o", "json")).stdout)[0].progress.state, "idle");
    assert.equal((await keyturn(other, "adopt", "github", id)).status, 0);
    const ended = await keyturn(other, "rotate", "github");
    assert.equal(ended.status, 0, ended.stderr);
    assert.match(readFileSync(join(other, "github.json"), "utf8"), /clientSecret/);
  });
});
