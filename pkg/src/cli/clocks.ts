/**
 * Detects clocks that disagree. Grace periods, windows of doubt and due dates end at absolute times, and every process
 * that rotates a target uses its own machine's clock. The engine assumes that these differ by less than
 * `policy.margin`. The evidence that is available is checked here: the time of the tenants' servers, and the times that
 * others have written to the journal.
 */

import { isLoopback } from "../base/loopback.js";
import type { LifecycleStatus } from "../lifecycle.js";
import { type Opened, workerText } from "./config.js";
import type { Context } from "./context.js";
import { CommandError, EXIT } from "./exit.js";
import { pool } from "./pool.js";
import { lengthText, spanOf, timeText } from "./times.js";

/** How far clocks may differ by default, in milliseconds: what the engine assumes. */
const MARGIN_MS = 120_000;

/** How long to wait for a server's time, in milliseconds. A server that does not answer is no reason to stop. */
const PATIENCE_MS = 5000;

/** How many servers or streams are read at a time. */
const AT_ONCE = 8;

/** The most targets that a message names. */
const FEW = 3;

/**
 * Returns how far this machine's clock is ahead of a server's, in milliseconds; `undefined` if the server does not tell
 * its time. The request has no credential, and only the `Date` of its answer matters.
 */
export async function aheadOf(context: Context, server: string): Promise<number | undefined> {
  const end = new AbortController();
  const stop = (): void => end.abort();
  const timer = setTimeout(stop, PATIENCE_MS);
  context.signal.addEventListener("abort", stop, { once: true });
  const sent = context.clock.now();
  try {
    const response = await fetch(server, { method: "HEAD", redirect: "manual", signal: end.signal });
    const date = Date.parse(response.headers.get("date") ?? "");
    if (Number.isNaN(date)) return undefined;
    const answered = context.clock.now();
    // The answer was written at some time in between, and its date is in whole seconds.
    if (sent > date + 1000) return sent - date - 1000;
    return answered < date ? answered - date : 0;
  } catch {
    // The next call to the server reports why it cannot be reached.
    return undefined;
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener("abort", stop);
  }
}

/**
 * Compares the clock with those of the tenants of some targets, before anything that depends on it is begun. A server
 * on this machine has the same clock, or is a sandbox whose clock was moved: for such a server, a difference is only
 * reported, and is ignored if `--clock` or `KEYTURN_NOW` gives the time.
 *
 * @throws {@link CommandError} if they differ by more than the targets' policies allow.
 */
export async function unlessClocksDiffer(
  context: Context,
  { servers }: Pick<Opened, "servers">,
  statuses: Iterable<LifecycleStatus>,
): Promise<void> {
  const isGiven = context.manner.now !== undefined;
  const margins = new Map<string, number>();
  for (const { target, policy } of statuses) {
    const server = servers.get(target);
    if (server === undefined || (isGiven && isLoopback(new URL(server)))) continue;
    const margin = typeof policy.margin === "number" ? policy.margin : spanOf(policy.margin ?? "");
    margins.set(server, Math.min(margins.get(server) ?? Number.POSITIVE_INFINITY, margin ?? MARGIN_MS));
  }
  await pool([...margins], AT_ONCE, async ([server, margin]) => {
    const ahead = await aheadOf(context, server);
    if (ahead === undefined || Math.abs(ahead) < margin) return;
    const { host } = new URL(server);
    const which = isGiven ? "the time that --clock or KEYTURN_NOW gives" : "this machine's clock";
    const apart = `${which} is ${lengthText(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} the one of ${host}`;
    if (isLoopback(new URL(server)))
      return context.say(`keyturn: ${apart}: give the time with --clock if that is a sandbox whose clock was moved`);
    throw new CommandError(
      EXIT.failed,
      `${apart}: an old credential could end before its grace period is over, so nothing was begun`,
      { hint: isGiven ? "Leave it out, or give the right one." : "Set the clock, for example with NTP." },
    );
  });
}

/** A target's last event, if its time is in the future. */
export interface EventAhead {
  readonly target: string;
  readonly at: number;
  readonly by: string;
}

/** Returns the last events that are further in the future than clocks may differ. */
export async function eventsAhead(
  context: Context,
  { journal }: Pick<Opened, "journal">,
  statuses: Iterable<LifecycleStatus>,
): Promise<readonly EventAhead[]> {
  const latest = context.clock.now() + MARGIN_MS;
  const found = await pool([...statuses], AT_ONCE, async ({ target, sequence }) => {
    if (sequence === 0) return [];
    const [line = "{}"] = await journal.read(target, sequence);
    const { at = 0, by = "" } = JSON.parse(line) as { at?: number; by?: string };
    return at > latest ? [{ target, at, by }] : [];
  });
  return found.flatMap((one) => one ?? []);
}

/** Describes events from the future, and what to do about them. */
export function aheadText(found: readonly EventAhead[], now: number): readonly [message: string, fix: string] {
  const latest = found.reduce((one, other) => (one.at >= other.at ? one : other));
  const more = found.length - FEW;
  const names = found.slice(0, FEW).map(({ target }) => target);
  const targets = `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return [
    `the last event of ${targets} was written ${timeText(latest.at, now)} by ${workerText(latest.by)}: this machine's clock is behind, or that one's was ahead`,
    "Until then, nothing that waits for a time goes on. `keyturn doctor --online` tells which clock is wrong.",
  ];
}

/** Reports events of the journal that are from the future. Returns whether there are any. */
export async function sayAhead(
  context: Context,
  opened: Pick<Opened, "journal">,
  statuses: Iterable<LifecycleStatus>,
): Promise<boolean> {
  // Problems of the journal are reported when its targets are read.
  const found = await eventsAhead(context, opened, statuses).catch(() => []);
  if (found.length === 0) return false;
  const [message, fix] = aheadText(found, context.clock.now());
  await context.say(`keyturn: ${message}. ${fix}`);
  return true;
}
