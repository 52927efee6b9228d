/**
 * A cache of the last result of `keyturn status`, beside the journal. It is valid until the configuration or the
 * journal changes, or until the time at which a target's state changes. Reading the events of hundreds of targets takes
 * ten times as long. Only `status` uses it: a command that changes anything reads the journal itself.
 */

import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { LifecycleStatus } from "../lifecycle.js";
import type { Context } from "./context.js";
import { exposure } from "./profiles/file.js";

/** The version of the cache's format. */
const FORM = 1;
/**
 * How long a state must be unchanged before it is cached, in milliseconds: a file system may give two consecutive
 * changes the same time.
 */
const SETTLED_MS = 2000;

/** What the cache depends on: the configuration, the streams of the journal, and the program that read them. */
export interface Footprint {
  readonly path: string;
  readonly journal: string;
  readonly text: string;
  /** The time of the last change to any of these, in milliseconds since 1970. */
  readonly changed: number;
}

/** Inspects the files without reading the events. Returns `undefined` if the state cannot be determined. */
export function footprint(path: string): Footprint | undefined {
  try {
    const text = readFileSync(path, "utf8");
    const { journal } = JSON.parse(text) as { journal?: unknown };
    if (typeof journal !== "string") return undefined;
    const folder = resolve(dirname(path), journal);
    const streams = join(folder, "streams");
    const names = readdirSync(streams).sort();
    const program = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
    const hash = createHash("sha256").update(JSON.stringify([FORM, program, path, text]));
    let changed = statSync(path).mtimeMs;
    // A stream is a folder, whose modification time changes with every new event.
    for (const name of names) {
      const stats = statSync(join(streams, name));
      changed = Math.max(changed, stats.mtimeMs, stats.ctimeMs);
      hash.update(`${name}/${stats.ino}/${stats.mtimeMs}/${stats.ctimeMs}\n`);
    }
    return { path, journal: folder, text: hash.digest("hex"), changed };
  } catch {
    // Problems of the files are reported when they are read.
    return undefined;
  }
}

interface Kept {
  readonly footprint: string;
  readonly from: number;
  readonly until: number | null;
  readonly statuses: readonly LifecycleStatus[];
}

/** Returns the cached statuses of all targets, if they are still valid. */
export function cachedStatuses(context: Context, print: Footprint): readonly LifecycleStatus[] | undefined {
  try {
    const path = fileOf(print);
    const stats: Stats = statSync(path);
    if (exposure(path, stats, "file") !== undefined) return undefined;
    const { footprint, from, until, statuses } = JSON.parse(readFileSync(path, "utf8")) as Kept;
    const now = context.clock.now();
    return footprint === print.text && now >= from && (until === null || now < until) ? statuses : undefined;
  } catch {
    return undefined;
  }
}

/** Caches the statuses of all targets, if it is known how long they stay valid. A failure to write is ignored. */
export function keepStatuses(now: number, print: Footprint, statuses: readonly LifecycleStatus[]): void {
  const until = untilOf(statuses, now);
  if (until === undefined || print.changed > Date.now() - SETTLED_MS) return;
  const path = fileOf(print);
  const temporary = `${path}.${randomUUID()}`;
  const kept: Kept = { footprint: print.text, from: now, until: Number.isFinite(until) ? until : null, statuses };
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, JSON.stringify(kept), { flag: "wx", mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    try {
      rmSync(temporary, { force: true });
    } catch {}
  }
}

function fileOf({ path, journal }: Footprint): string {
  return join(journal, "cache", `status-${createHash("sha256").update(path).digest("hex").slice(0, 16)}.json`);
}

/** Returns the first time at which one of the statuses changes; `undefined` if it is not known. */
function untilOf(statuses: readonly LifecycleStatus[], now: number): number | undefined {
  let until = Number.POSITIVE_INFINITY;
  for (const { progress, phase, due, doubt } of statuses) {
    if (doubt !== undefined) return undefined;
    // A due rotation may begin at any time, in a window that may close.
    if (due !== undefined && due.at <= now) return undefined;
    if (due !== undefined) until = Math.min(until, due.at, ...(due.since > now ? [due.since] : []));
    if (progress.state === "waiting" && phase === "grace") until = Math.min(until, progress.until);
    else if (progress.state !== "idle" && progress.state !== "stopped") return undefined;
  }
  return until;
}
