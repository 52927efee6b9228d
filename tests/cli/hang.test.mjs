// Programs of a `command` sink that hang: commands that wait for them end with a message, and continue once the
// programs work again.
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { run, scratch, tenant, writeStore } from "../lib/cli.mjs";

const HANG = "sleep 600";

describe("programs that hang", () => {
  const cwd = scratch("hang");
  let sandbox;
  before(async () => {
    sandbox = await tenant();
  });
  after(async () => {
    await sandbox.stop();
    rmSync(cwd, { recursive: true });
  });
  const keyturn = (...args) => run(args, { cwd, env: sandbox.env });
  const line = (text) => text.replaceAll(/\s+/g, " ");

  /** Configures a separate target, so that each test begins with an empty journal. */
  function configure(name, sink, policy = { grace: "0s", backoff: "1s", maxBackoff: "1s" }) {
    const targets = {
      [name]: {
        kind: "commercelayer-api-credential",
        id: sandbox.credential,
        sinks: [{ kind: "command", run: ["./store.sh"], timeoutSeconds: 1, ...sink }],
        policy,
      },
    };
    rmSync(join(cwd, "journal"), { recursive: true, force: true });
    writeFileSync(join(cwd, "keyturn.json"), JSON.stringify({ journal: "./journal", targets }, undefined, 2));
  }
  function program(name, script) {
    writeFileSync(join(cwd, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const events = async (name) =>
    JSON.parse((await keyturn("journal", "show", name, "-o", "json")).stdout).map(({ event, code }) =>
      code === undefined ? event : `${event} ${code}`,
    );

  test("a program that does not take the pair is killed, and the rotation goes on with the next call", async () => {
    configure("writes", {});
    writeStore(cwd, HANG);
    const ended = await keyturn("rotate", "writes");
    assert.equal(ended.status, 7, ended.stderr + ended.stdout);
    assert.match(line(ended.stdout), /failed \(sink_failed:unavailable\), again/);
    assert.ok((await events("writes")).includes("failed sink_failed:unavailable"));
    writeStore(cwd);
    for (;;) {
      await keyturn("advance");
      if ((await events("writes")).at(-1) === "done") break;
    }
    assert.ok(JSON.parse(readFileSync(join(cwd, "store.json"), "utf8")).clientSecret);
  });

  test("a program that does not say what is there is killed before anything is issued", async () => {
    configure("reads", { read: ["./read.sh"] });
    program("read.sh", HANG);
    const plan = await keyturn("plan", "reads");
    assert.match(line(plan.stdout), /command:\.\/store\.sh: \.\/read\.sh did not end within 1 s, and was killed/);
    const ended = await keyturn("rotate", "reads");
    assert.equal(ended.status, 7, ended.stderr + ended.stdout);
    assert.match(line(ended.stdout), /did not end within 1 s, and was killed/);
    assert.deepEqual(await events("reads"), []);
  });

  test("one that hangs after the delivery leaves both credentials alive", async () => {
    configure("reads-back", { read: ["./read.sh"] });
    rmSync(join(cwd, "store.json"), { force: true });
    writeStore(cwd);
    program("read.sh", `test -f store.json || { echo '{}'; exit; }\n${HANG}`);
    const ended = await keyturn("rotate", "reads-back");
    assert.equal(ended.status, 7, ended.stderr + ended.stdout);
    assert.ok(existsSync(join(cwd, "store.json")));
    const [status] = JSON.parse((await keyturn("status", "-o", "json")).stdout);
    assert.equal(status.phase, "issued");
    assert.equal((await events("reads-back")).includes("retiring"), false);
    program("read.sh", "cat store.json");
    for (;;) {
      await keyturn("advance");
      if ((await events("reads-back")).at(-1) === "done") break;
    }
  });

  test("a limit that the policy does not allow is a mistake in the file", async () => {
    configure("limits", { timeoutSeconds: 120 });
    const ended = await keyturn("status");
    assert.equal(ended.status, 2);
    assert.match(
      line(ended.stderr),
      /keyturn\.json:\d+:\d+: targets\.limits\.sinks\[0\]\.timeoutSeconds is more than the policy's callDeadline, 1m/,
    );
    configure("limits", { timeoutSeconds: 120 }, { callDeadline: "3m" });
    assert.equal((await keyturn("status")).status, 0);
  });

  test("`journal show --last` shows so many, and with 0 none", async () => {
    configure("shown", {});
    writeStore(cwd);
    await keyturn("rotate", "shown");
    const all = await events("shown");
    const last = async (count, ...more) => keyturn("journal", "show", "shown", "--last", count, ...more);
    assert.equal(JSON.parse((await last("2", "-o", "json")).stdout).length, 2);
    assert.equal(JSON.parse((await last("999", "-o", "json")).stdout).length, all.length);
    const none = await last("0");
    assert.deepEqual([none.status, none.stderr, none.stdout.trim().split("\n").length], [0, "", 1]);
    assert.deepEqual(JSON.parse((await last("0", "-o", "json")).stdout), []);
    assert.equal((await last("-1")).status, 2);
  });
});
