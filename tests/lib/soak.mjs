// Several processes advance many targets at the same time, and are killed at random: `npm test` runs `soak` for a short
// time, `npm run soak` for a long one. `KEYTURN_SEED` determines which process is killed when.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { entries, startWorld } from "./rotation.mjs";

const WORKER = fileURLToPath(new URL("./soak-worker.mjs", import.meta.url));
const PROCESSES = 4;
/** These are real times: a process on a busy machine must not be taken for a dead one. */
const POLICY = { callDeadline: 4_000, margin: 4_000, hold: 6_000, backoff: 200, maxBackoff: 2_000 };

/** Returns a generator of pseudorandom numbers from 0 to below 1: Mulberry32. */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * @param {string} folder Where the package is installed.
 * @param {{ seconds: number, targets?: number, seed?: number, say: (line: string) => void }} options
 */
export async function soak(
  folder,
  { seconds, targets = 50, seed = Number(process.env.KEYTURN_SEED ?? Date.now() % 1e9), say },
) {
  say(`KEYTURN_SEED=${seed}`);
  const roll = dice(seed);
  const scratch = await mkdtemp(join(tmpdir(), "keyturn-soak-"));
  const { serveSandbox } = createRequire(join(folder, "load.cjs"))("keyturn/sandbox");
  const world = await startWorld(entries(folder), serveSandbox, scratch, { seed: "large" });
  const names = Array.from({ length: targets }, (_, number) => `t${number}`);
  for (const [number, name] of names.entries())
    await world.add(name, number % 2 === 0 ? "connector" : "api-credential", number >> 1);

  const living = new Set();
  let [over, kills] = [false, 0];
  const errors = [];
  const start = () => {
    const { journal, targets } = world;
    const task = JSON.stringify({
      journal,
      targets,
      policy: POLICY,
      offset: world.offset(),
      seed: Math.floor(roll() * 2 ** 32),
    });
    const child = spawn(process.execPath, [WORKER, folder], { stdio: ["pipe", "ignore", "pipe"] });
    child.stdin.on("error", () => undefined).end(task);
    child.stderr.setEncoding("utf8").on("data", (text) => errors.push(text));
    living.add(child);
    child.once("exit", (code, signal) => {
      living.delete(child);
      if (signal !== "SIGKILL" && !over) errors.push(`a process ended with ${code ?? signal}`);
      if (!over) start();
    });
  };
  const kill = (child) => {
    child.kill("SIGKILL");
    return once(child, "exit");
  };
  try {
    for (let number = 0; number < PROCESSES; number++) start();
    for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
      await pause(100 + roll() * 900);
      const [...all] = living;
      const victim = all[Math.floor(roll() * all.length)];
      if (victim) {
        kills++;
        await kill(victim);
      }
      for (let looks = 0; looks < 5; looks++) await world.works(names[Math.floor(roll() * names.length)]);
    }
    over = true;
    await Promise.all([...living].map(kill));
    assert.deepEqual(errors, []);

    const lifecycle = world.open("last", { policy: POLICY });
    for (const name of names) {
      await world.finish(name, lifecycle);
      await world.settled(name, lifecycle);
    }
    let [requests, rotations] = [0, 0];
    for (const name of names) {
      requests += world.issuedOnce(name);
      rotations += world.events(name).filter(({ event }) => event === "done").length;
    }
    const records = [];
    for await (const record of lifecycle.audit()) records.push(record);
    const found = await lifecycle.findings(undefined, { observe: false });
    world.secretless(names[0], await lifecycle.status(), found, records);
    for (const name of names) world.secretless(name);
    await lifecycle.close();
    say(`${kills} processes killed, ${rotations} rotations done, ${requests} requests that issue`);
    return { kills, rotations, requests };
  } finally {
    over = true;
    await Promise.all([...living].map(kill));
    await world.close();
    await rm(scratch, { recursive: true, force: true });
  }
}
