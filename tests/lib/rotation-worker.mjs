// A process that rotates or advances the target `app` over the package's own providers: `node rotation-worker.mjs FOLDER TASK`, with a task as JSON:
// `{ offset, command, point, ... }`. With a `point` it kills itself there. Points are before and after each call of a port, each request,
// and each call that changes or syncs a file.
import { writeSync } from "node:fs";
import fs from "node:fs/promises";
import { entries, openAt } from "./rotation.mjs";

const [folder, text] = process.argv.slice(2);
const { offset, command, point = -1, ...task } = JSON.parse(text);

let passed = 0;
const here = () => {
  if (passed++ === point) process.kill(process.pid, "SIGKILL");
};
const around =
  (work) =>
  async (...args) => {
    here();
    const result = await work(...args);
    here();
    return result;
  };
/** The same port, with a point before and after each of its calls. */
const watched = (port) =>
  new Proxy(port, {
    get(target, name) {
      const value = target[name];
      return typeof value !== "function" || name === "parses" ? value : around(value.bind(target));
    },
  });
const { link, rename } = fs;
Object.assign(fs, { link: around(link), rename: around(rename) });

const clock = { now: () => Date.now() + offset };
const lifecycle = openAt(entries(folder), task, { clock, fetch: around(globalThis.fetch), watched });
const progress = await lifecycle[command]("app");
writeSync(1, `${JSON.stringify({ progress, passed })}\n`);
process.exit(0);
