// A process that rotates and advances targets until it is killed: `node soak-worker.mjs FOLDER`, with its task as JSON
// on standard input.
import { text } from "node:stream/consumers";
import { entries, openAt } from "./rotation.mjs";
import { dice } from "./soak.mjs";

const { offset, seed, ...task } = JSON.parse(await text(process.stdin));
const roll = dice(seed);
const clock = { now: () => Date.now() + offset };
const lifecycle = openAt(entries(process.argv[2]), { ...task, worker: "soak" }, { clock });
const names = Object.keys(task.targets);
for (;;) {
  const name = names[Math.floor(roll() * names.length)];
  // Another process may have started a rotation at the same moment.
  await lifecycle.rotate(name).catch((error) => {
    if (error.reason !== "rotation_active" && error.reason !== "busy") throw error;
  });
  for (const { error } of await lifecycle.advance(undefined, { begin: false }))
    if (error && error.reason !== "busy") throw error;
}
