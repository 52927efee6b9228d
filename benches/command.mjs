/** The command line as whole processes, in turn with an empty process: how long people and shell completion wait. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openLifecycle } from "keyturn/lifecycle";
import { directoryJournal } from "keyturn/lifecycle/node";

const PROGRAM = fileURLToPath(new URL("../pkg/dist/esm/cli.js", import.meta.url));
const TARGETS = 500;

/** The measured commands, with their arguments and their limits as a multiple of an empty process. */
const COMMANDS = [
  { what: "keyturn --help, over an empty process", limit: 1.6, args: ["--help"] },
  { what: `keyturn status of ${TARGETS} targets, over an empty process`, limit: 3, args: ["status", "-o", "json"] },
  {
    what: "keyturn sandbox until it serves, over an empty process",
    limit: 4,
    args: ["sandbox", "--exec", "exit 0"],
  },
];

/** Returns rows for the table: medians over processes that are started alternately. */
export async function commandRows(samples = 15) {
  const folder = mkdtempSync(join(tmpdir(), "keyturn-bench-"));
  try {
    await fill(folder);
    const sides = [{ args: ["-e", "0"] }, ...COMMANDS.map(({ args }) => ({ args: [PROGRAM, ...args] }))];
    const times = sides.map(() => []);
    // The first round only warms the file system's cache.
    for (let round = -1; round < samples; round++)
      for (const [side, { args }] of sides.entries()) {
        const begun = performance.now();
        const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, maxBuffer: 1 << 26 });
        const took = performance.now() - begun;
        if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}`);
        if (args.includes("status") && JSON.parse(stdout).length !== TARGETS)
          throw new Error("some targets are missing");
        if (round >= 0) times[side].push(took);
      }
    const [floor, ...ours] = times;
    return COMMANDS.map(({ what, limit }, at) => row(what, limit, floor, ours[at]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function row(what, limit, floor, ours) {
  const ratio = median(ours) / median(floor);
  const low = Math.min(...ours) / Math.min(...floor);
  return {
    what,
    floor: `${median(floor).toFixed(0)} ms`,
    ours: `${median(ours).toFixed(0)} ms`,
    ratio: `${ratio.toFixed(2)} (of minima ${low.toFixed(2)})`,
    limit,
    ok: Math.min(ratio, low) <= limit,
  };
}

/** Writes a configuration with many targets, and a journal in which each has been rotated. */
async function fill(folder) {
  const names = Array.from({ length: TARGETS }, (_, at) => `target-${at}`);
  const sinks = [{ kind: "env-file", path: "./github.env" }];
  const targets = names.map((name) => [name, { kind: "c1-connector", appId: "a", connectorId: name, sinks }]);
  writeFileSync(
    join(folder, "keyturn.json"),
    JSON.stringify({ journal: "./journal", targets: Object.fromEntries(targets) }),
  );
  const journal = directoryJournal(join(folder, "journal"));
  const lifecycle = openLifecycle({
    journal,
    targets: Object.fromEntries(
      names.map((name) => [name, { provider: provider(), sinks: [sink()], policy: { grace: 0 } }]),
    ),
  });
  for (const name of names) {
    const { state } = await lifecycle.rotate(name);
    if (state !== "idle") throw new Error(`the rotation of ${name} is ${state}`);
  }
  await lifecycle.close();
}

/** Returns a control plane in memory. */
function provider() {
  const issued = new Map();
  return {
    kind: "c1-connector",
    evidence: true,
    recalls: false,
    issue: async ({ marker }) => {
      const id = `c${issued.size}`;
      issued.set(id, { id, clientId: `${id}@example`, marker });
      return { credential: issued.get(id), secret: `not-a-secret-${id}` };
    },
    search: async ({ marker }) => [...issued.values()].filter((one) => one.marker === marker),
    look: async (id) => issued.get(id),
    parses: () => true,
    login: async () => true,
    end: async (id) => void issued.delete(id),
  };
}

/** Returns a sink in memory. */
function sink() {
  let held;
  let version = 0;
  return {
    name: "file:./github.env",
    readback: "pair",
    compares: true,
    read: async () => ({ clientId: held?.clientId, version: String(version) }),
    holds: async ({ clientId, clientSecret }) => held?.clientId === clientId && held?.clientSecret === clientSecret,
    write: async (pair, expected) => {
      if (expected !== String(version)) return false;
      held = pair;
      version++;
      return true;
    },
  };
}

function median(list) {
  return [...list].sort((a, b) => a - b)[list.length >> 1];
}
