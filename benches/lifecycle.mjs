/** The lifecycle: the time of its findings, of an append to its journal, and of opening a long journal. */

import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { link, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryJournal, openLifecycle } from "keyturn/lifecycle";
import { directoryJournal } from "keyturn/lifecycle/node";

const NOW = 1_700_000_000_000;
const DAY = 86_400_000;

const sink = {
  name: "sink",
  compares: true,
  readback: "none",
  read: async () => ({ clientId: undefined, version: "1" }),
  holds: async () => true,
  write: async () => true,
};

/** A control plane that only has credentials. Those whose id ends in 1 expire soon. */
const provider = {
  kind: "bench",
  evidence: false,
  recalls: false,
  issue: async () => ({ credential: { id: "new", clientId: "new@bench" }, secret: "not-a-secret" }),
  look: async (id) => ({
    id,
    clientId: `${id}@bench`,
    createdAt: NOW - 50 * DAY,
    expiresAt: NOW + (id.endsWith("1") ? 5 : 50) * DAY,
  }),
  parses: () => true,
  login: async () => true,
  end: async () => undefined,
};

const lifecycleOf = (journal, names) =>
  openLifecycle({
    journal,
    clock: { now: () => NOW },
    targets: Object.fromEntries(
      names.map((name) => [name, { provider, sinks: [sink], policy: { rotateEvery: "60d" } }]),
    ),
  });

/** Returns the lines of a stream, each of which adopts a different credential than the previous one. */
async function linesOf(count) {
  const journal = memoryJournal();
  const lifecycle = lifecycleOf(journal, ["t"]);
  for (let number = 0; number < count; number++) await lifecycle.adopt("t", `c${number % 2}`);
  await lifecycle.close();
  return journal.read("t", 1);
}

/** Returns a function for the findings of the given number of targets, whose streams have already been read. */
export async function findings(count) {
  const names = Array.from({ length: count }, (_, number) => `t${number}`);
  const lines = await linesOf(2);
  const journal = memoryJournal();
  for (const name of names) for (const [index, line] of lines.entries()) await journal.append(name, index + 1, line);
  const lifecycle = lifecycleOf(journal, names);
  const look = () => lifecycle.findings(undefined, { observe: false });
  if ((await look()).length < count) throw new Error("there are findings missing");
  return look;
}

/**
 * Returns both sides of an append to a journal in a folder. The floor is the calls that make an event durable: write,
 * sync, link, and sync of the folder.
 */
export async function appending() {
  const folder = await mkdtemp(join(tmpdir(), "keyturn-bench-"));
  const journal = directoryJournal(join(folder, "journal"));
  const [line] = await linesOf(1);
  let [ours, floor] = [0, 0];
  return {
    async floor() {
      const temporary = join(folder, randomUUID());
      const file = await open(temporary, "wx", 0o600);
      await file.writeFile(`${line}\n`);
      await file.datasync();
      await file.close();
      await link(temporary, join(folder, `${++floor}.json`));
      const directory = await open(folder, "r");
      await directory.sync();
      await directory.close();
      await rm(temporary);
    },
    ours: () => journal.append("t", ++ours, line),
    close: () => rm(folder, { recursive: true }),
  };
}

/** Writes a journal of the given number of events in streams of 1,000, whose `open` reads the status of all targets. */
export async function opening(count) {
  const folder = await mkdtemp(join(tmpdir(), "keyturn-bench-"));
  const lines = await linesOf(1000);
  const names = Array.from({ length: count / lines.length }, (_, number) => `t${number}`);
  for (const name of names) {
    const stream = join(folder, "streams", name);
    mkdirSync(stream, { recursive: true });
    for (const [index, line] of lines.entries())
      writeFileSync(join(stream, `${String(index + 1).padStart(10, "0")}.json`), `${line}\n`);
  }
  return {
    async open() {
      const lifecycle = lifecycleOf(directoryJournal(folder), names);
      const all = await lifecycle.status();
      if (all.some(({ sequence }) => sequence !== lines.length)) throw new Error("a stream was not read whole");
      await lifecycle.close();
    },
    close: () => rm(folder, { recursive: true }),
  };
}
