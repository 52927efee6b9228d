// How the test command schedules its parts: `xtask/schedule.mjs`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inTurns } from "../xtask/schedule.mjs";

/** Runs tasks that end on command, and records which are running. */
function driven(tasks, jobs) {
  const running = new Map();
  const begun = [];
  const done = inTurns(tasks, jobs, (task) => {
    begun.push(task.name);
    return new Promise((resolve, reject) =>
      running.set(task.name, (error) => (running.delete(task.name), error ? reject(error) : resolve())),
    );
  });
  const end = async (name, error) => {
    running.get(name)(error);
    await new Promise(setImmediate);
  };
  return { done, end, begun, names: () => [...running.keys()].sort() };
}

test("runs each task once, in order, within the limit", async () => {
  const { done, end, begun, names } = driven(
    ["a", "b", "c", "d"].map((name) => ({ name })),
    2,
  );
  assert.deepEqual(names(), ["a", "b"]);
  await end("b");
  assert.deepEqual(names(), ["a", "c"]);
  for (const name of ["a", "c", "d"]) await end(name);
  await done;
  assert.deepEqual(begun, ["a", "b", "c", "d"]);
});

test("tasks that share a resource run one after another, and others overtake them", async () => {
  const tasks = [
    { name: "a", needs: "cargo" },
    { name: "b", needs: "cargo" },
    { name: "c", needs: "redis" },
    { name: "d" },
  ];
  const { done, end, begun, names } = driven(tasks, 3);
  assert.deepEqual(names(), ["a", "c", "d"]);
  await end("d");
  assert.deepEqual(names(), ["a", "c"]);
  await end("a");
  assert.deepEqual(names(), ["b", "c"]);
  for (const name of ["b", "c"]) await end(name);
  await done;
  assert.deepEqual(begun, ["a", "c", "d", "b"]);
});

test("ends without tasks, and passes on a failure", async () => {
  await inTurns([], 2, () => assert.fail());
  const { done, end } = driven([{ name: "a" }], 1);
  const refused = assert.rejects(done, /broken/);
  await end("a", new Error("broken"));
  await refused;
});
