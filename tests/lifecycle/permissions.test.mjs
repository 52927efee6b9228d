// Sinks in a runtime that grants a program few permissions: Deno with permission to read, and to write to one folder.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { installed } from "../lib/installed.mjs";
import { program } from "../lib/runtimes.mjs";

const folder = installed();

const PROGRAM = `
import { envFile } from "keyturn/lifecycle/node";
const [path, clientId, ends] = Deno.args;
const sink = envFile({ path });
const { signal } = new AbortController();
const pair = { clientId, clientSecret: "not-a-secret" };
if (ends) {
  // It dies with the lock in its hand: the pair is read while the file is changed.
  const die = () => { Deno.stdout.writeSync(new TextEncoder().encode("dying")); Deno.exit(9); };
  Object.defineProperty(pair, "clientSecret", { get: die });
}
const { version } = await sink.read(signal);
if (!(await sink.write(pair, version, signal))) throw new Error("moved");
if (!(await sink.holds(pair, signal))) throw new Error("not held");
console.log("held");
`;

test("Deno writes an env file without being told the machine's name, also after a process that died over it", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "keyturn-deno-"));
  const script = join(folder, `permissions-${process.pid}.mjs`);
  await writeFile(script, PROGRAM);
  try {
    const run = async (...args) => {
      const rights = ["--no-prompt", "--allow-read", `--allow-write=${scratch}`];
      const child = spawn(program("deno"), ["run", ...rights, script, join(scratch, ".env"), ...args], {
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const [said, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
      return { said: said.trim(), code, errors };
    };
    const first = await run("one@host");
    assert.deepEqual([first.code, first.said], [0, "held"], first.errors);
    const dead = await run("two@host", "dies");
    assert.deepEqual([dead.code, dead.said], [9, "dying"], dead.errors);
    const next = await run("three@host");
    assert.deepEqual([next.code, next.said], [0, "held"], next.errors);
    assert.match(await readFile(join(scratch, ".env"), "utf8"), /three@host/);
  } finally {
    await rm(script, { force: true });
    await rm(scratch, { recursive: true });
  }
});
