/** Kills a program together with what it has started. */

import { type ChildProcess, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/**
 * Kills a program and everything that it has started. If only a shell were killed, the command that it waits for would
 * go on with the secret, and keep the output of this process open. These processes have no process group of their own,
 * because a program that prompts on the terminal needs that of this process.
 */
export function killAll(child: ChildProcess): void {
  const { pid } = child;
  // The descendants are listed first: once its parent is dead, a process can no longer be found as its child.
  const others = pid === undefined ? [] : descendants(pid);
  child.kill("SIGKILL");
  for (const other of others) {
    try {
      process.kill(other, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

function descendants(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const [pid, parent] of processes()) children.set(parent, [...(children.get(parent) ?? []), pid]);
  const found: number[] = [];
  for (let left = [root], at = left.pop(); at !== undefined; at = left.pop()) {
    const own = children.get(at) ?? [];
    found.push(...own);
    left = [...left, ...own];
  }
  return found;
}

/** Returns all processes with their parents; none if the system does not tell. */
function processes(): readonly (readonly [pid: number, parent: number])[] {
  try {
    if (process.platform === "linux") return readdirSync("/proc").flatMap(parentOf);
    const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8", timeout: 5000 });
    return stdout
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  } catch {
    return [];
  }
}

function parentOf(name: string): readonly (readonly [number, number])[] {
  if (!/^\d+$/.test(name)) return [];
  try {
    const stat = readFileSync(`/proc/${name}/stat`, "utf8");
    // The name of the program, in parentheses, may contain anything.
    const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [[Number(name), Number(parent)]];
  } catch {
    // It has ended in the meantime.
    return [];
  }
}
