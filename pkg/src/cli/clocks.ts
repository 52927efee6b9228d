/**
 * Clocks that disagree. Grace periods, windows of doubt and due dates are moments, and every process that rotates a target goes by its own
 * machine's clock: the engine assumes that these are apart by less than `policy.margin`. What can be seen of that is checked here: the
 * time of the tenants' servers, and the times that others have written into the journal.
 */

import { isLoopback } from "../base/loopback.js";
import type { LifecycleStatus } from "../lifecycle.js";
import { type Opened, workerText } from "./config.js";
import type { Context } from "./context.js";
import { CommandError, EXIT } from "./exit.js";
import { pool } from "./pool.js";
import { lengthText, spanOf, timeText } from "./times.js";

/** How far clocks may be apart if no policy says otherwise, in milliseconds: what the engine assumes. */
const MARGIN_MS = 120_000;

/** How long a server has to tell its time. One that does not is no reason to stop. */
const PATIENCE_MS = 5000;

/** Streams that are read at a time. */
const AT_ONCE = 8;

/** The most targets that a message names. */
const FEW = 3;

/**
 * How far this machine's clock is ahead of a server's, in milliseconds; `undefined` if the server does not say. The request has no
 * credential, and its answer does not matter.
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
    // The answer was written at some moment in between, and its time is in whole seconds.
    if (sent > date + 1000) return sent - date - 1000;
    return answered < date ? answered - date : 0;
  } catch {
    // Whoever calls the server next reports why it cannot be reached.
    return undefined;
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener("abort", stop);
  }
}

/**
 * Compares the clock with those of the tenants of some targets, before anything is begun that goes by it. A server on this machine has this
 * machine's clock, or is a sandbox whose clock was moved, so it is only said there, and not even that where the time was given.
 *
 * @throws {@link CommandError} if they are further apart than the targets' policies allow.
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

/** The last event of a target, if it is from a time that has not come yet. */
export interface EventAhead {
  readonly target: string;
  readonly at: number;
  readonly by: string;
}

/** The targets whose last event is later than the time that it is now, by more than clocks may be apart. */
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

/** What is so with events from the future, in a sentence, and what to do about it. */
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

/** Says that the journal has events from the future. */
export async function sayAhead(
  context: Context,
  opened: Pick<Opened, "journal">,
  statuses: Iterable<LifecycleStatus>,
): Promise<boolean> {
  // What is wrong with the journal is reported where it is read for its targets.
  const found = await eventsAhead(context, opened, statuses).catch(() => []);
  if (found.length === 0) return false;
  const [message, fix] = aheadText(found, context.clock.now());
  await context.say(`keyturn: ${message}. ${fix}`);
  return true;
}
