/** A lock between processes on one machine that survives the death of its holder. */

import { randomUUID } from "node:crypto";
import { link, readdir, readFile, readlink, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf } from "./errno.js";
import { RequestAbortedError } from "./errors.js";

/** How long to wait between checks of a lock that is held. */
const POLL_MS = 25;

/** How to wait for a lock. */
export interface LockOptions {
  /** How long to wait for another holder, in milliseconds. */
  readonly waitMs: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** Returns the error for a wait that took too long, given the lock's file. */
  busy(file: string): Error;
}

/**
 * Runs a function while no other process runs one for the same path.
 *
 * The lock is a file `.NAME.lock.N` beside the path, with a number N that only grows. The process that links the next
 * number holds the lock; on release the file stays, marked as free. Since no number is held twice, a process that saw a
 * dead holder and was then suspended cannot take the lock away from a later holder. A dead holder is recognized by its
 * process id and start time. If it ran on another machine that shares the disk, nobody can tell, and the wait ends with
 * an error that names the file.
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
          // Lock holders remove older numbers, so this one may have been used and removed in the meantime: it counts
          // only if it is the highest.
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

/**
 * Removes the files of processes that died while they acquired or released a lock. A living process that misses its
 * file starts over.
 */
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

/** Returns whether a lock's file says that it was released, or names a process that is certainly dead. */
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
  // The same machine, rebooted. Machines cloned from one image may share the machine id, but then not the host name.
  if (named && holder.machine === here.machine && here.machine !== "" && holder.boot !== here.boot) return true;
  if (holder.boot !== here.boot || holder.space !== here.space) return false;
  // Process ids are meaningful only on the machine that assigned them.
  if (!named && here.boot === "") return false;
  const code = signalled(holder.pid);
  if (code === "ESRCH") return true;
  // The id may have been reused by another process since, or the runtime may not allow asking about it. A system may
  // also hide other users' processes; a process that cannot be seen then proves nothing.
  const { started } = await identity(holder.pid);
  if (holder.started === "" || started === holder.started) return false;
  return started !== "" || code === undefined || (code !== "EPERM" && (await identity(1)).started !== "");
}

/** Returns why a process cannot be sent a signal; `undefined` if it can. */
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

/** Returns the machine's name; empty where the runtime withholds it, as Deno does without `--allow-sys=hostname`. */
function hostName(): string {
  try {
    return hostname();
  } catch {
    return "";
  }
}

async function identity(pid: number): Promise<Identity> {
  const text = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
  // A program's name may contain spaces and parentheses; the start time is the 20th field after it.
  const fields = (await text(`/proc/${pid}/stat`)).split(")").at(-1)?.trim().split(" ") ?? [];
  return {
    pid,
    host: hostName(),
    machine: (await text("/etc/machine-id")).trim(),
    boot: (await text("/proc/sys/kernel/random/boot_id")).trim(),
    space: await readlink("/proc/self/ns/pid").catch(() => ""),
    // A zombie has ended, but its parent has not waited for it yet.
    started: fields[0] === "Z" ? "ended" : (fields[19] ?? ""),
  };
}
