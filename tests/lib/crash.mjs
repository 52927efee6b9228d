// Tests of a provider. A process that rotates over the package's own providers is killed before and after each of its
// steps, and each of its requests and responses is lost once; another one continues. Since a process takes most of a
// second to start, each rotates several targets, each in a separate world.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { installed } from "./installed.mjs";
import { entries, startWorld } from "./rotation.mjs";

const folder = installed();
const keyturn = entries(folder);
const { serveSandbox } = createRequire(join(folder, "load.cjs"))("keyturn/sandbox");
const worker = fileURLToPath(new URL("./rotation-worker.mjs", import.meta.url));

let scratch;
before(async () => {
  scratch = await mkdtemp(join(tmpdir(), "keyturn-crash-"));
});
after(() => rm(scratch, { recursive: true }));

async function place(name, kind, seals = false) {
  const sealed = seals ? join(scratch, name, "sealed") : undefined;
  const world = await startWorld(keyturn, serveSandbox, join(scratch, name), { sealed });
  await world.add("app", kind);
  return world;
}

/** Calls a function with a world, and ends the world's servers, which would keep the process of a failed test alive. */
async function within(world, work) {
  try {
    return await work(world);
  } finally {
    await world.close();
  }
}

/**
 * Runs a process over some worlds, each with its point, and returns what it reports at its end; `undefined` if it was
 * killed.
 */
async function run(command, ...places) {
  const tasks = places.map(([{ journal, targets, sealed, offset }, point]) => ({
    ...{ journal, targets, sealed, command, point },
    worker: "killed",
    offset: offset(),
  }));
  const child = spawn(process.execPath, [worker, folder, JSON.stringify(tasks)], { stdio: ["ignore", "pipe", "pipe"] });
  const [said, errors, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  if (signal === "SIGKILL") return undefined;
  assert.equal(code, 0, errors);
  return JSON.parse(said);
}

/** The number of rotations that run in one process until it is killed. */
const TOGETHER = 8;

/**
 * Kills a process at each point of a rotation, with a separate world for each, and calls `goesOn` with the world, what
 * was alive before, and the point.
 */
async function killAt(name, kind, passed, seals, goesOn) {
  const points = Array.from({ length: passed }, (_, point) => point);
  const next = async () => {
    for (let some = points.splice(0, TOGETHER); some.length > 0; some = points.splice(0, TOGETHER)) {
      const worlds = await Promise.all(some.map((point) => place(`${name}-${point}`, kind, seals)));
      try {
        const before = worlds.map((world) => new Set(world.alive("app")));
        assert.equal(
          await run("rotate", ...worlds.map((world, index) => [world, some[index]])),
          undefined,
          "it is killed",
        );
        await Promise.all(
          worlds.map((world, index) =>
            goesOn(world, before[index]).catch((cause) => {
              throw new Error(`killed at ${some[index]}`, { cause });
            }),
          ),
        );
      } finally {
        await Promise.all(worlds.map((world) => world.close()));
      }
    }
  };
  await Promise.all([next(), next()]);
}

/** Asserts what has to hold once another process has continued, whatever happened before. */
async function recovers(world) {
  world.accounted("app");
  await world.works("app");
  const lifecycle = world.open("next");
  const seen = [];
  const listening = (async () => {
    for await (const event of lifecycle.events()) seen.push(event);
  })();
  const shown = [await lifecycle.status(), await lifecycle.plan()];
  const progress = await world.finish("app", lifecycle);
  if (progress.rotation > 0) assert.equal(progress.last, "done");
  await world.settled("app", lifecycle);
  const requests = world.issuedOnce("app");
  shown.push(progress, await lifecycle.status(), await lifecycle.plan(), await lifecycle.history("app"), lifecycle);
  for await (const record of lifecycle.audit()) shown.push(record);
  shown.push(await lifecycle.findings(), await lifecycle.reconcile(), await lifecycle.verify(), await lifecycle.due());
  await lifecycle.close();
  await listening;
  world.secretless("app", shown, seen);
  return requests;
}

/** Registers the kill matrix of a kind of target whose responses are sealed for a restart. */
export function sealedCrashes(kind) {
  test(`${kind}, sealed: killed anywhere, another process with the key delivers the same secret`, async (t) => {
    const passed = await within(await place(`${kind}-sealed-whole`, kind, true), async (whole) => {
      const [{ progress, passed }] = await run("rotate", [whole]);
      assert.equal(progress.last, "done");
      await recovers(whole);
      assert.deepEqual(whole.copies(), []);
      return passed;
    });

    let saved = 0;
    await killAt(`${kind}-sealed`, kind, passed, true, async (world, before) => {
      const copies = world.copies().filter((file) => !file.endsWith(".new"));
      const made = world.alive("app").filter((id) => !before.has(id));
      const requests = await recovers(world);
      assert.deepEqual(world.copies(), [], "no copy is left");
      if (copies.length === 0) return;
      saved++;
      // The sealed pair is the one that was delivered, and nothing else was issued.
      assert.equal(requests, 1);
      assert.deepEqual(world.alive("app"), made);
    });
    t.diagnostic(`${passed} points, at ${saved} of which a copy brought the secret back`);
    assert.ok(saved >= 10);
  });
}

/** Registers the tests of a kind of target. */
export function crashes(kind) {
  test(`${kind}: killed before and after each thing that a rotation does, and finished by another process`, async (t) => {
    const passed = await within(await place(`${kind}-whole`, kind), async (whole) => {
      const [{ progress, passed }] = await run("rotate", [whole]);
      assert.equal(progress.last, "done");
      await recovers(whole);
      return passed;
    });
    assert.ok(passed >= 20);
    t.diagnostic(`${passed} points`);

    let issued = 0;
    await killAt(kind, kind, passed, false, async (world) => {
      const requests = await recovers(world);
      issued += requests;
    });
    assert.ok(issued >= passed / 2);
    t.diagnostic(`${issued} requests that issue`);
  });

  test(`${kind}: each request of a rotation is lost, and each answer`, async (t) => {
    const all = await within(await place(`${kind}-calm`, kind), async (whole) => {
      const begun = whole.proxy.passed.length;
      assert.equal((await whole.open("test").rotate("app")).last, "done");
      return whole.proxy.passed.length - begun;
    });
    t.diagnostic(`${all} requests, each lost in two ways`);
    assert.ok(all >= 5);
    for (const lost of ["request", "answer"]) {
      for (let nth = 0; nth < all; nth++) {
        await within(await place(`${kind}-${lost}-${nth}`, kind), async (world) => {
          const begun = world.proxy.passed.length;
          world.proxy.lose = (_, index) => (index === begun + nth ? lost : undefined);
          const lifecycle = world.open("unlucky");
          // Reads before a rotation begins are not part of it, so their errors reach the caller.
          const error = await lifecycle.rotate("app").then(
            () => undefined,
            (thrown) => thrown,
          );
          if (error) assert.ok(keyturn.KeyturnError.is(error), error);
          world.secretless("app", error, error?.message, error?.stack);
          assert.equal(world.proxy.passed[begun + nth].answered, false);
          await recovers(world);
          await lifecycle.close();
        }).catch((cause) => {
          throw new Error(`the ${lost} of request ${nth}`, { cause });
        });
      }
    }
  });
}
