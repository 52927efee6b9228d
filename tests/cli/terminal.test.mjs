// Output and questions on terminals of 80 and 200 columns.
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { onTerminal, run, scratch, smallest, tenant, writeProject } from "../lib/cli.mjs";

const cwd = scratch("terminal");
let sandbox;
before(async () => {
  sandbox = await tenant();
  writeProject(cwd, sandbox);
});
after(async () => {
  await sandbox.stop();
  rmSync(cwd, { recursive: true });
});

/** Runs the command on a terminal, as a user of the tenant. */
const terminal = (columns, args, { steps, env = {}, folder = cwd } = {}) =>
  onTerminal(columns, args, { steps, env: { ...sandbox.env, ...env }, cwd: folder });

const NAME = "github-production";

describe("tables", () => {
  before(async () => {
    assert.equal((await run(["rotate", NAME], { cwd, env: sandbox.env })).status, 0);
  });

  for (const columns of [80, 200])
    test(`fit ${columns} columns`, async () => {
      const { status, plain } = await terminal(columns, ["status"]);
      assert.equal(status, 0, plain);
      const lines = plain.trimEnd().split("\n");
      assert.equal(lines.length, 3, plain);
      for (const line of lines) assert.ok(line.length <= columns, `${line.length}: ${line}`);
      // Names and states are never truncated, however narrow the terminal is.
      assert.match(plain, /^github-production +idle /m);
      assert.equal(plain.includes("…"), columns === 80, plain);
      // These have no owner, so the column takes no room where there is little.
      assert.equal(/^TARGET.* OWNER/.test(plain), columns === 200, plain);
    });

  test("have colours on a terminal, unless they are disabled", async () => {
    const color = /\u001b\[\d+m/;
    assert.match((await terminal(80, ["status"])).shown, color);
    assert.doesNotMatch((await terminal(80, ["status"], { env: { NO_COLOR: "1" } })).shown, color);
    assert.doesNotMatch((await terminal(80, ["status"], { env: { TERM: "dumb" } })).shown, color);
    assert.doesNotMatch((await run(["status"], { cwd })).stdout, color);
    assert.match((await run(["status"], { cwd, env: { FORCE_COLOR: "1" } })).stdout, color);
  });

  test("are not truncated without a terminal", async () => {
    const { stdout } = await run(["status"], { cwd });
    assert.ok(!stdout.includes("…"));
  });

  test("show no control characters from outside", async () => {
    const folder = scratch("control");
    const config = JSON.parse(smallest(sandbox));
    config.targets[NAME].owner = "me\u001b[2J\u0007\nyou";
    writeFileSync(join(folder, "keyturn.json"), JSON.stringify(config));
    const { stdout } = await run(["status", NAME], { cwd: folder });
    assert.ok(stdout.includes("me [2J you"), JSON.stringify(stdout));
    assert.equal(stdout.split("\n").length, 3);
    rmSync(folder, { recursive: true });
  });

  test("what a person has to do is below the table where it has no room", async () => {
    const folder = scratch("below");
    const config = JSON.parse(smallest(sandbox));
    config.targets[NAME].sinks[0].path = "./nowhere/to/be/found.env";
    writeFileSync(join(folder, "keyturn.json"), JSON.stringify(config));
    const line = /^github-production: .*nowhere\/to\/be is not a folder, so nothing was issued\.$/m;
    for (const command of ["plan", "rotate"]) {
      const { plain } = await terminal(80, [command, NAME], { folder });
      assert.match(plain, line);
      // If nothing can be started, the reason is shown once, and no question is asked.
      assert.equal(plain.match(/TARGET +/g)?.length, 1, plain);
    }
    const { plain } = await terminal(400, ["plan", NAME], { folder });
    assert.doesNotMatch(plain, line);
    rmSync(folder, { recursive: true });
  });

  test("a credential is shown line by line where its fields have no room in a table", async () => {
    const { status, plain } = await terminal(80, ["whoami", "c1"]);
    assert.equal(status, 0, plain);
    assert.match(plain, new RegExp(`^CLIENT ID +${sandbox.env.CONDUCTORONE_CLIENT_ID}$`, "m"));
    assert.match((await terminal(200, ["whoami", "c1"])).plain, /API +FROM +SERVER/);
  });

  test("help fits as well", async () => {
    const { plain } = await terminal(80, ["rotate", "--help"]);
    for (const line of plain.split("\n")) assert.ok(line.length <= 80 || line.startsWith("  keyturn "), line);
  });
});

test("nothing is asked about the end of a credential that no rotation replaces", async () => {
  for (const command of ["retire", "approve"]) {
    const { status, plain } = await terminal(120, [command, "order-export"]);
    assert.equal(status, 1, plain);
    assert.match(plain, /no rotation is under way/);
    assert.doesNotMatch(plain, /cannot be undone/);
  }
});

describe("questions", () => {
  const rotation = async () =>
    JSON.parse((await run(["status", NAME, "-o", "json"], { cwd })).stdout)[0].progress.rotation;

  test("the change is shown first, and No changes nothing", async () => {
    const first = await rotation();
    const { status, plain } = await terminal(120, ["rotate", NAME], { steps: [["Rotate github-production?", "n"]] });
    assert.equal(status, 1, plain);
    assert.match(plain, /REPLACES/);
    assert.match(plain, /nothing was done/);
    assert.equal(await rotation(), first);
  });

  for (const [key, typed] of [
    ["Ctrl-C", "\u0003"],
    ["Ctrl-D", "\u0004"],
  ])
    test(`${key} at a question changes nothing, and ends with 130`, async () => {
      const first = await rotation();
      const { status, shown, plain } = await terminal(120, ["rotate", NAME], {
        steps: [["Rotate github-production?", typed]],
      });
      assert.equal(status, 130, plain);
      assert.match(plain, /keyturn: interrupted/);
      // The cursor, which the question hides, is there again.
      assert.ok(shown.lastIndexOf("\u001b[?25h") > shown.lastIndexOf("\u001b[?25l"), JSON.stringify(shown));
      assert.equal(await rotation(), first);
    });

  test("Yes rotates, with a progress line that disappears", async () => {
    const first = await rotation();
    const { status, shown, plain } = await terminal(120, ["rotate", NAME], {
      steps: [["Rotate github-production?", "y"]],
    });
    assert.equal(status, 0, plain);
    assert.equal(await rotation(), first + 1);
    assert.match(shown, /1 of 1: github-production: \w+/);
    assert.match(plain, /grace, old one ends in/);
  });

  test("without a terminal, --yes is required", async () => {
    const told = await run(["forget", NAME], { cwd });
    assert.equal(told.status, 2);
    assert.match(told.stderr, /--yes/);
  });
});

describe("init", () => {
  test("asks what to rotate, and writes a valid file", async () => {
    const folder = scratch("init");
    const steps = [["Which credentials", " \u001b[B \r"]];
    const { status, plain } = await terminal(120, ["init"], { steps, folder });
    assert.equal(status, 0, plain);
    const config = JSON.parse(readFileSync(join(folder, "keyturn.json"), "utf8"));
    assert.equal(Object.keys(config.targets).length, 2, plain);
    assert.equal((await run(["status"], { cwd: folder })).status, 0);
    const rotated = await run(["rotate", Object.keys(config.targets)[0]], { cwd: folder, env: sandbox.env });
    assert.equal(rotated.status, 0, rotated.stderr);
    assert.ok(existsSync(join(folder, `${Object.keys(config.targets)[0]}.env`)));
    rmSync(folder, { recursive: true });
  });

  test("says that nothing was chosen, and writes nothing then", async () => {
    const folder = scratch("init");
    const own = '{"journal":"j","targets":{}}';
    writeFileSync(join(folder, "keyturn.json"), own);
    const { status, plain } = await terminal(120, ["init"], { steps: [["Which credentials", "\r"]], folder });
    assert.equal(status, 0, plain);
    assert.match(plain, /nothing was chosen, so keyturn\.json is unchanged/);
    assert.equal(readFileSync(join(folder, "keyturn.json"), "utf8"), own);
    rmSync(folder, { recursive: true });
  });

  test("accepts flags, and adds to a file without changing the rest", async () => {
    const folder = scratch("init");
    const own = '{\n   "journal":   "j",\n   "targets": {}\n}\n';
    writeFileSync(join(folder, "keyturn.json"), own);
    const { status, stderr, stdout } = await run(["init", "--connector", "A/B", "--credential", "C", "-o", "json"], {
      cwd: folder,
    });
    assert.equal(status, 0, stderr);
    assert.deepEqual(
      JSON.parse(stdout).map(({ target }) => target),
      ["b", "c"],
    );
    const text = readFileSync(join(folder, "keyturn.json"), "utf8");
    assert.ok(text.startsWith('{\n   "journal":   "j",\n'), text);
    // There is no terminal, and no flag chooses.
    const none = await run(["init"], { cwd: folder, env: sandbox.env });
    assert.equal(none.status, 2);
    assert.match(none.stderr, /there is no terminal to ask on\nPass --all, or choose some/);
    // An invalid duration is refused before the file is touched.
    for (const flag of ["--rotate-every", "--grace"]) {
      const wrong = await run(["init", "--credential", "D", flag, "soon"], { cwd: folder });
      assert.equal(wrong.status, 2);
      assert.match(wrong.stderr, new RegExp(`${flag}: soon is not a duration`));
    }
    assert.equal(readFileSync(join(folder, "keyturn.json"), "utf8"), text);
    // Again: nothing new is found.
    await run(["init", "--connector", "A/B"], { cwd: folder });
    assert.equal(readFileSync(join(folder, "keyturn.json"), "utf8"), text);
    const all = await run(["init", "--all", "-o", "json"], { cwd: folder, env: sandbox.env });
    assert.equal(all.status, 0, all.stderr);
    assert.ok(JSON.parse(all.stdout).length > 5);
    assert.equal((await run(["status"], { cwd: folder })).status, 0);
    rmSync(folder, { recursive: true });
  });
});
