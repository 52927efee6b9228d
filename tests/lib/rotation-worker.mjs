// A process that rotates or advances the target `app` in each of several worlds over the package's own providers:
// `node rotation-worker.mjs FOLDER TASKS`, with tasks as JSON: `[{ offset, command, point, ... }]`. A rotation with a
// `point` stops there for good, and once all have stopped the process kills itself: each is then as if it had been
// killed at its point. Points are before and after each call of a port, each request, and each call that changes or
// syncs a file.
import { AsyncLocalStorage } from "node:async_hooks";
import { writeSync } from "node:fs";
import fs from "node:fs/promises";
import { entries, openAt } from "./rotation.mjs";

const [folder, text] = process.argv.slice(2);
const tasks = JSON.parse(text);

/** The rotation in whose context the code runs, with the number of points that it has passed. */
const runs = new AsyncLocalStorage();
const never = new Promise(() => undefined);
let stopped = 0;
let ended = 0;
/**
 * Called when a rotation has stopped at its point, or has ended without reaching it. Kills the process once all have
 * stopped; if some have ended instead, prints their results and exits.
 */
const over = () => {
  if (stopped === tasks.length) process.kill(process.pid, "SIGKILL");
  if (stopped + ended < tasks.length) return;
  writeSync(1, `${JSON.stringify(ends)}\n`);
  process.exit(0);
};
/** Passes a point of the current rotation: resolves at once, or never. */
const here = async () => {
  const run = runs.getStore();
  if (run.over) return never;
  if (run.passed++ !== run.point) return undefined;
  run.over = true;
  stopped++;
  over();
  return never;
};
const around =
  (work) =>
  async (...args) => {
    await here();
    const result = await work(...args);
    await here();
    return result;
  };
/** Returns the same port, with a point before and after each of its calls. */
const watched = (port) =>
  new Proxy(port, {
    get(target, name) {
      const value = target[name];
      if (typeof value !== "function") return value;
      // These make no calls.
      return name === "parses" || name === "guard" ? value.bind(target) : around(value.bind(target));
    },
  });
const { link, rename } = fs;
Object.assign(fs, { link: around(link), rename: around(rename) });

const keyturn = entries(folder);
/** The result of each rotation that has ended. */
const ends = tasks.map(() => null);
tasks.forEach(({ offset, command, point = -1, ...task }, index) => {
  const run = { point, passed: 0, over: false };
  runs.run(run, async () => {
    const clock = { now: () => Date.now() + offset };
    const lifecycle = openAt(keyturn, task, { clock, fetch: around(globalThis.fetch), watched });
    const progress = await lifecycle[command]("app");
    ends[index] = { progress, passed: run.passed };
    ended++;
    over();
  });
});
