/** A lock between processes of one machine, whose holder may die. */

import { randomUUID } from "node:crypto";
import { link, readdir, readFile, readlink, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf } from "./errno.js";
import { RequestAbortedError } from "./errors.js";

/** How long to wait between checks of a lock that is held. */
const POLL_MS = 25;

/** How a lock is waited for. */
export interface LockOptions {
  /** How long to wait for another holder, in milliseconds. */
  readonly waitMs: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** The error for a wait that was too long, with the file of the lock. */
  busy(file: string): Error;
}

/**
 * Runs a function while no other process does the same for this path.
 *
 * The lock is a file `.NAME.lock.N` beside the path, with a number that only grows: whoever links the next number has the lock, and the
 * file stays, marked as free, when it is released. Since no number comes twice, somebody who saw a dead holder and
 * then slept cannot take the lock away from a later one. A holder that died is known by its process id and start time;
 * if it ran on another machine that shares the disk, nobody can tell, and the wait ends with an error that names the
 * file.
 */
export async function locked<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const prefix = join(dirname(path), `.${basename(path)}.lock.`);
  const own = await acquire(prefix, options);
  try {
    return await work();
  } finally {
    await release(own).catch(() => undefined);
  }
}

async function acquire(prefix: string, { waitMs, signal, busy }: LockOptions): Promise<string> {
  const me = JSON.stringify(await identity(process.pid));
  const temporary = `${prefix}${randomUUID()}.new`;
  let waited = 0;
  try {
    for (;;) {
      if (signal?.aborted) throw new RequestAbortedError({ cause: signal.reason });
      const highest = Math.max(0, ...(await numbers(prefix)));
      if (highest === 0 || (await free(`${prefix}${highest}`))) {
        await writeFile(temporary, me, { mode: 0o600 });
        const own = `${prefix}${highest + 1}`;
        if (await linked(temporary, own)) {
          // Older numbers are removed by those who have the lock, so one that was removed in the meantime may have come again.
          const all = await numbers(prefix);
          if (Math.max(...all) === highest + 1) {
            for (const number of all) if (number <= highest) await rm(`${prefix}${number}`, { force: true });
            await clean(prefix, temporary);
            return own;
          }
          await rm(own, { force: true });
        }
        continue;
      }
      if (waited >= waitMs) throw busy(`${prefix}${highest}`);
      await sleep(POLL_MS);
      waited += POLL_MS;
    }
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Removes what processes left that died while they took a lock, or released one. A living process that misses its file begins again. */
async function clean(prefix: string, own: string): Promise<void> {
  const begin = basename(prefix);
  for (const name of await readdir(dirname(prefix)))
    if (name.startsWith(begin) && /\.(?:new|free)$/.test(name) && name !== basename(own))
      await rm(join(dirname(prefix), name), { force: true });
}

async function release(own: string): Promise<void> {
  const temporary = `${own}.free`;
  await writeFile(temporary, "", { mode: 0o600 });
  await rename(temporary, own);
}

async function numbers(prefix: string): Promise<number[]> {
  const begin = basename(prefix);
  const names = await readdir(dirname(prefix));
  return names.flatMap((name) => {
    const number = name.startsWith(begin) ? /^[1-9]\d*$/.exec(name.slice(begin.length)) : null;
    return number === null ? [] : [Number(number[0])];
  });
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (["EEXIST", "ENOENT"].includes(codeOf(error) ?? "")) return false;
    throw error;
  }
}

/** Whether a lock's file says that it was released, or names a process that is certainly dead. */
async function free(path: string): Promise<boolean> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    // Removed by a newer holder: look again.
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
  if (text === "") return true;
  let holder: Identity;
  try {
    holder = JSON.parse(text) as Identity;
  } catch {
    return false;
  }
  const here = await identity(process.pid);
  const named = holder.host !== "" && here.host !== "";
  if (named && holder.host !== here.host) return false;
  // The same machine, started again. Machines that were made from one image may share the first of these, and then not the name.
  if (named && holder.machine === here.machine && here.machine !== "" && holder.boot !== here.boot) return true;
  if (holder.boot !== here.boot || holder.space !== here.space) return false;
  // Process ids say something only on the machine that gave them.
  if (!named && here.boot === "") return false;
  const code = signalled(holder.pid);
  if (code === "ESRCH") return true;
  // The number may have been given to another process since, or the runtime does not let anybody ask for it. A system may hide the processes
  // of other users, so that one that is not seen says nothing then.
  const { started } = await identity(holder.pid);
  if (holder.started === "" || started === holder.started) return false;
  return started !== "" || code === undefined || (code !== "EPERM" && (await identity(1)).started !== "");
}

/** Why a process cannot be sent a signal; `undefined` if it can. */
function signalled(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
    return undefined;
  } catch (error) {
    return codeOf(error) ?? "unknown";
  }
}

interface Identity {
  readonly pid: number;
  readonly host: string;
  /** Parts that are not available on a system are empty. */
  readonly machine: string;
  readonly boot: string;
  readonly space: string;
  readonly started: string;
}

/** The machine's name; empty where the runtime does not tell it, as Deno without the permission `--allow-sys=hostname`. */
function hostName(): string {
  try {
    return hostname();
  } catch {
    return "";
  }
}

async function identity(pid: number): Promise<Identity> {
  const text = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
  // The name of a program may have spaces and brackets, and the start time is the 20th field after it.
  const fields = (await text(`/proc/${pid}/stat`)).split(")").at(-1)?.trim().split(" ") ?? [];
  return {
    pid,
    host: hostName(),
    machine: (await text("/etc/machine-id")).trim(),
    boot: (await text("/proc/sys/kernel/random/boot_id")).trim(),
    space: await readlink("/proc/self/ns/pid").catch(() => ""),
    // A zombie has ended: only its parent has not waited for it yet.
    started: fields[0] === "Z" ? "ended" : (fields[19] ?? ""),
  };
}
