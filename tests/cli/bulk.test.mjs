// One command for many targets: canaries, concurrency, the number of failures at which it stops, windows, ages, and
// Ctrl-C.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { onTerminal, run, scratch, start, tenant } from "../lib/cli.mjs";

let sandbox;
const folders = [];
before(async () => {
  sandbox = await tenant();
});
after(async () => {
  await sandbox.stop();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const NAMES = ["a", "b", "c", "d", "e", "f"];

/**
 * The sink's program. It records how many instances run at a time, waits until as many run as a file says (unless as
 * many have already run together, and only for some time), and is slow or fails if a file says so.
 */
const STORE = `
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, appendFileSync } from "node:fs";
import { text } from "node:stream/consumers";
const [name] = process.argv.slice(2);
await text(process.stdin);
mkdirSync("running", { recursive: true });
writeFileSync("running/" + name, "");
appendFileSync("begun", name + "\\n");
const wanted = existsSync("together") ? Number(readFileSync("together", "utf8")) : 1;
for (let turn = 0; turn < 300 && readdirSync("running").length < wanted && !existsSync("met"); turn++)
  await new Promise((resolve) => setTimeout(resolve, 20));
const now = readdirSync("running").length;
appendFileSync("counts", now + "\\n");
if (now >= wanted) writeFileSync("met", "");
// Excess instances would start within this time.
await new Promise((resolve) => setTimeout(resolve, 150));
appendFileSync("counts", readdirSync("running").length + "\\n");
if (existsSync("slow-" + name)) await new Promise((resolve) => setTimeout(resolve, 2000));
while (existsSync("hold")) await new Promise((resolve) => setTimeout(resolve, 20));
rmSync("running/" + name);
if (existsSync("fail-" + name)) process.exit(1);
writeFileSync(name + ".done", "");
`;

/** Creates a folder with six connector targets, and files that control the sink's program. */
function project({ policy = {}, caps, others = {} } = {}) {
  const cwd = scratch("bulk");
  folders.push(cwd);
  const { appId, connectorId } = sandbox;
  const target = (name) => ({
    kind: "c1-connector",
    appId,
    connectorId,
    sinks: [{ kind: "command", run: [process.execPath, "store.mjs", name], name: "store" }],
    policy: policy[name] ?? {},
  });
  const targets = { ...Object.fromEntries(NAMES.map((name) => [name, target(name)])), ...others };
  writeFileSync(join(cwd, "keyturn.json"), JSON.stringify({ journal: "./journal", caps, targets }));
  writeFileSync(join(cwd, "store.mjs"), STORE);
  const file = (name, text = "") => writeFileSync(join(cwd, name), text);
  return {
    cwd,
    file,
    lines: (name) => (existsSync(join(cwd, name)) ? readFileSync(join(cwd, name), "utf8").trim().split("\n") : []),
    most: () => Math.max(...readFileSync(join(cwd, "counts"), "utf8").trim().split("\n").map(Number)),
    keyturn: (args, env = {}) => run(args, { cwd, env: { ...sandbox.env, ...env } }),
    rotations: async () =>
      Object.fromEntries(
        JSON.parse((await run(["status", "-o", "json"], { cwd })).stdout).map(({ target, progress }) => [
          target,
          progress.rotation ?? 0,
        ]),
      ),
  };
}
const ALL = ["rotate", "--all", "--yes"];

describe("how many at a time", () => {
  for (const [what, options, args, wanted] of [
    ["four, if nothing is said", {}, [], 4],
    ["--parallel 6", {}, ["--parallel", "6"], 6],
    ["--parallel 1", {}, ["--parallel", "1"], 1],
    ["caps.atATime is above --parallel", { caps: { atATime: 2 } }, ["--parallel", "6"], 2],
    ["caps.perProvider", { caps: { perProvider: { "c1-connector": 3 } } }, ["--parallel", "6"], 3],
    ["a cap of another kind", { caps: { perProvider: { "c1-bridge": 1 } } }, ["--parallel", "5"], 5],
  ])
    test(what, async () => {
      const { file, most, keyturn, lines } = project(options);
      file("together", String(wanted));
      const { status, stderr } = await keyturn([...ALL, ...args]);
      assert.equal(status, 0, stderr);
      assert.equal(most(), wanted);
      assert.deepEqual(lines("begun").sort(), NAMES);
    });

  test("a cap of one kind does not delay other kinds", async () => {
    const bridge = { kind: "commercelayer-api-credential", id: sandbox.credential };
    const sinks = [{ kind: "command", run: [process.execPath, "store.mjs", "z"], name: "store" }];
    const { file, keyturn, most } = project({
      caps: { perProvider: { "c1-connector": 1 } },
      others: { z: { ...bridge, sinks } },
    });
    file("together", "2");
    const { status, stderr } = await keyturn([...ALL, "--parallel", "6"]);
    assert.equal(status, 0, stderr);
    assert.equal(most(), 2);
  });
});

describe("--canary", () => {
  test("goes first, and the others follow if it succeeds", async () => {
    const { lines, keyturn } = project();
    const { status, stderr } = await keyturn([...ALL, "--canary", "2", "--parallel", "6"]);
    assert.equal(status, 0, stderr);
    assert.deepEqual(lines("begun").slice(0, 2).sort(), ["a", "b"]);
    assert.deepEqual(lines("begun").sort(), NAMES);
  });

  test("that fails prevents the others, and the command to continue is named", async () => {
    const { file, lines, keyturn, rotations } = project();
    file("fail-b");
    const { status, stdout, stderr } = await keyturn([...ALL, "--canary", "2", "--stop-after", "9"]);
    assert.equal(status, 1, stderr);
    assert.deepEqual(lines("begun").sort(), ["a", "b"]);
    assert.match(stdout, /^b +failed \(sink_failed:failed\)/m);
    assert.match(stderr, /4 of 6 were not started; continue with `keyturn rotate c d e f`/);
    assert.deepEqual(await rotations(), { a: 1, b: 1, c: 0, d: 0, e: 0, f: 0 });
    assert.equal((await keyturn(["rotate", "c", "d", "e", "f"])).status, 0);
  });

  for (const [what, key, code] of [
    ["No", "n", 1],
    ["Ctrl-C", "\u0003", 130],
  ])
    test(`asks on a terminal before the others: ${what} leaves them, and shows what has been done`, async () => {
      const { cwd, lines } = project();
      const steps = [
        ["Rotate 6 targets?", "y"],
        ["1 succeeded. Continue with the other 5?", key],
      ];
      const { status, plain } = await onTerminal(120, ["rotate", "--all", "--canary", "1"], {
        cwd,
        env: sandbox.env,
        steps,
      });
      assert.equal(status, code, plain);
      assert.deepEqual(lines("begun"), ["a"]);
      assert.match(plain, /^a +idle /m);
      assert.match(plain, /5 of 6 were not started; continue with `keyturn rotate b c d e f`/);
      assert.doesNotMatch(plain, /nothing was done/);
    });

  test("is one that begins, not one that only continues", async () => {
    const { file, lines, keyturn } = project();
    for (const _ of [1, 2]) assert.equal((await keyturn(["rotate", "a"])).status, 0);
    file("fail-b");
    const { stderr } = await keyturn([...ALL, "--canary", "1"]);
    assert.deepEqual(lines("begun"), ["a", "a", "b"]);
    assert.match(stderr, /5 of 6 were not started/);
  });
});

describe("--stop-after", () => {
  for (const [args, begun] of [
    [[], ["a"]],
    [
      ["--stop-after", "2"],
      ["a", "b"],
    ],
    [["--stop-after", "3"], NAMES],
  ])
    test(args.join(" ") || "one failure, if nothing is said", async () => {
      const { file, lines, keyturn } = project();
      for (const name of ["a", "b"]) file(`fail-${name}`);
      const { status, stdout, stderr } = await keyturn([...ALL, "--parallel", "1", ...args, "-o", "json"]);
      assert.deepEqual(lines("begun"), begun, stderr);
      const told = JSON.parse(stdout);
      assert.deepEqual(
        told.map(({ target }) => target),
        begun,
      );
      // If some were not started, the command failed; if all were, the remaining ones are retried.
      assert.equal(status, begun === NAMES ? 7 : 1, stderr);
      assert.equal(stderr.includes("were not started"), begun !== NAMES, stderr);
    });

  test("counts a failure whose retry is due before the command ends, and so does its exit code", async () => {
    const { file, lines, keyturn } = project({ policy: { a: { backoff: "500ms" } } });
    file("fail-a");
    file("slow-b");
    const { status, stdout, stderr } = await keyturn(["rotate", "a", "b", "--parallel", "1", "--stop-after", "2"]);
    assert.deepEqual([status, lines("begun")], [7, ["a", "b"]], stdout + stderr);
    assert.match(stdout, /^a +failed \(sink_failed:failed\) .*`keyturn advance`/m);
    assert.match(stdout, /store: .*; `keyturn advance`/);
    const shown = await keyturn(["status", "a"]);
    assert.match(shown.stdout, /^a +failed \(sink_failed:failed\)/m, shown.stdout);
  });
});

describe("what --all skips", () => {
  // A Wednesday, at noon in Berlin.
  const NOW = "2030-05-15T10:00:00Z";
  const windows = (...all) => ({ zone: "Europe/Berlin", windows: all });
  const policy = {
    a: windows({ days: ["wed"], from: "12:00", to: "12:01" }),
    b: windows({ days: ["wed"], from: "12:01" }),
    c: windows({ days: ["tue"], from: "22:00", to: "12:01" }),
    d: windows({ days: ["wed"], from: "22:00", to: "12:01" }),
    e: windows({ to: "12:00" }, { from: "11:59", to: "12:30" }),
  };

  test("targets outside their windows, unless --anytime is given", async () => {
    const { lines, keyturn } = project({ policy });
    const { status, stderr } = await keyturn([...ALL, "--clock", NOW]);
    assert.equal(status, 0, stderr);
    assert.deepEqual(lines("begun").sort(), ["a", "c", "e", "f"]);
    assert.match(stderr, /skipped, because outside their windows: b, d \(--anytime includes them\)/);
    assert.equal((await keyturn([...ALL, "--anytime", "--clock", NOW])).status, 0);
    assert.deepEqual(lines("begun").slice(4).sort(), NAMES);
  });

  test("recently rotated targets, with --older-than", async () => {
    const { lines, keyturn } = project();
    assert.equal((await keyturn(["rotate", "a", "b"])).status, 0);
    const { status, stderr } = await keyturn([...ALL, "--older-than", "1h"]);
    assert.equal(status, 0, stderr);
    assert.deepEqual(lines("begun").slice(2).sort(), ["c", "d", "e", "f"]);
    const later = { KEYTURN_NOW: new Date(Date.now() + 2 * 3_600_000).toISOString() };
    assert.equal((await keyturn([...ALL, "--older-than", "3h"], later)).status, 0);
    assert.equal(lines("begun").length, 6);
  });

  test("--due takes no target without a due policy", async () => {
    const { lines, keyturn } = project({ policy: { b: { rotateEvery: "1h", grace: "0s" } } });
    assert.equal((await keyturn(ALL)).status, 0);
    const none = await keyturn(["rotate", "--due", "--yes"]);
    assert.equal(none.status, 0);
    assert.match(none.stderr, /nothing is due/);
    const later = { KEYTURN_NOW: new Date(Date.now() + 2 * 3_600_000).toISOString() };
    assert.equal((await keyturn(["rotate", "--due", "--yes"], later)).status, 0);
    assert.deepEqual(lines("begun").slice(6), ["b"]);
  });
});

describe("Ctrl-C", () => {
  /** Starts a rotation of all targets, and returns the process once the first two sinks are waiting. */
  async function held({ cwd, file, lines }) {
    file("hold");
    const { child, done } = start([...ALL, "--parallel", "2"], { cwd, env: sandbox.env });
    while (lines("counts").length < 4) await new Promise((resolve) => setTimeout(resolve, 20));
    return { child, done };
  }

  test("lets rotations in progress reach a safe point, and names the command that does the rest", async () => {
    const all = project();
    const { child, done } = await held(all);
    child.kill("SIGINT");
    rmSync(join(all.cwd, "hold"));
    const { status, stderr } = await done;
    assert.equal(status, 130, stderr);
    assert.deepEqual(all.lines("begun").sort(), ["a", "b"]);
    const [, command] = /4 of 6 were not started; continue with `keyturn (.*)`/.exec(stderr);
    assert.equal((await all.keyturn([...command.split(" "), "--yes"])).status, 0);
    assert.deepEqual(await all.rotations(), { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 });
    assert.deepEqual(all.lines("begun").sort(), NAMES);
  });

  test("twice ends the command at once, and the next command continues", async () => {
    const all = project();
    const { child, done } = await held(all);
    child.kill("SIGINT");
    // The second signal must come after the first one was handled.
    const again = setInterval(() => child.kill("SIGINT"), 100);
    // Its output stays open as long as the sinks' programs run.
    const status = await new Promise((resolve) => child.once("exit", resolve));
    clearInterval(again);
    assert.equal(status, 130);
    rmSync(join(all.cwd, "hold"));
    await done;
    assert.ok(!existsSync(join(all.cwd, "c.done")));
    // The secrets of both are lost with the process: each target gets another credential, and the lost one is ended.
    let env = {};
    const look = async () => JSON.parse((await all.keyturn(["status", "a", "b", "-o", "json"], env)).stdout);
    let found = await look();
    for (let turn = 0; turn < 12 && found.some(({ progress }) => progress.state !== "idle"); turn++) {
      const until = Math.max(...found.map(({ progress }) => progress.until ?? 0), Date.parse(env.KEYTURN_NOW ?? 0));
      env = { KEYTURN_NOW: new Date(until + 1000).toISOString() };
      const { status, stdout } = await all.keyturn(["advance", "a", "b"], env);
      assert.ok([0, 6, 7].includes(status), stdout);
      found = await look();
    }
    for (const { progress, current } of found) {
      assert.deepEqual([progress.state, progress.last], ["idle", "done"], JSON.stringify(found));
      assert.ok(current);
    }
    assert.equal((await all.keyturn(["journal", "verify"])).status, 0);
  });
});

describe("a stream of the journal that is damaged", () => {
  test("stops only its own target", async () => {
    const { cwd, keyturn, lines } = project();
    assert.equal((await keyturn(["rotate", "a", "b"])).status, 0);
    const foreign = join(cwd, "journal/streams/a/notes.txt");
    writeFileSync(foreign, "");
    const status = await keyturn(["status", "-o", "json"]);
    assert.equal(status.status, 8);
    assert.deepEqual(
      JSON.parse(status.stdout).map(({ target }) => target),
      ["b", "c", "d", "e", "f"],
    );
    assert.match(status.stderr, /^keyturn: a: .*notes\.txt is not an event of the journal/m);
    const later = { KEYTURN_NOW: new Date(Date.now() + 100 * 86_400_000).toISOString() };
    const advanced = await keyturn(["advance", "-o", "json"], later);
    assert.equal(advanced.status, 8);
    const rows = Object.fromEntries(JSON.parse(advanced.stdout).map((row) => [row.target, row]));
    assert.equal(rows.a.error.code, "journal_failed");
    assert.equal(rows.b.phase, "grace", advanced.stdout);
    const all = await keyturn([...ALL, "--stop-after", "9"], later);
    assert.equal(all.status, 8);
    assert.deepEqual(lines("begun").slice(3).sort(), ["c", "d", "e", "f"]);
    rmSync(foreign);
    assert.equal((await keyturn(["status"])).status, 0);
  });

  test("reports an unreadable journal once", async () => {
    const { cwd, keyturn } = project();
    mkdirSync(join(cwd, "journal"));
    writeFileSync(join(cwd, "journal/streams"), "");
    for (const command of ["status", "advance"]) {
      const { status, stdout, stderr } = await keyturn([command]);
      assert.deepEqual([status, stdout], [8, ""], stderr);
      assert.equal(stderr.match(/keyturn:/g).length, 1, stderr);
    }
  });
});

describe("a target that keyturn.json names no longer", () => {
  test("is reported as long as the journal has it, and its record stays readable", async () => {
    const { cwd, keyturn } = project();
    assert.equal((await keyturn(["rotate", "a", "b"])).status, 0);
    // The second rotation of `a` is in progress.
    assert.equal((await keyturn(["rotate", "a"])).status, 0);
    const path = join(cwd, "keyturn.json");
    const before = readFileSync(path, "utf8");
    const renamed = JSON.parse(before);
    delete renamed.targets.a;
    writeFileSync(path, JSON.stringify(renamed));
    for (const command of ["status", "advance"]) {
      // Twice, since the status is cached.
      for (let turn = 0; turn < 2; turn++) {
        const { status, stderr } = await keyturn([command]);
        assert.equal(status, 0);
        assert.match(stderr, /the journal has a, but keyturn\.json does not/);
      }
    }
    assert.doesNotMatch((await keyturn(["status", "b"])).stderr, /the journal has/);
    const shown = await keyturn(["journal", "show", "a", "-o", "ndjson"]);
    assert.equal(JSON.parse(shown.stdout.split("\n")[0]).event, "planned", shown.stderr);
    for (const format of ["ndjson", "ocsf"]) {
      const exported = await keyturn(["journal", "export", "-o", format]);
      const part = await keyturn(["journal", "export", "a", "-o", format]);
      assert.ok(part.stdout.trim().split("\n").length > 9, part.stderr);
      assert.ok(exported.stdout.includes(part.stdout));
    }
    assert.equal((await keyturn(["journal", "show", "nobody"])).status, 2);
    // The target is added again, and continues.
    writeFileSync(path, before);
    const back = await keyturn(["status", "a", "-o", "json"]);
    assert.equal(JSON.parse(back.stdout)[0].phase, "grace");
    assert.equal((await keyturn(["forget", "b", "--yes"])).status, 0);
    delete renamed.targets.b;
    renamed.targets.a = JSON.parse(before).targets.a;
    writeFileSync(path, JSON.stringify(renamed));
    assert.equal((await keyturn(["status"])).stderr, "");
  });
});
