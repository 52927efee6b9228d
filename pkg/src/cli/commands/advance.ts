/** `keyturn advance`: continues and begins rotations, run by a timer. */

import type { LifecycleStatus } from "../../lifecycle.js";
import { sayAhead, unlessClocksDiffer } from "../clocks.js";
import { namesOf, openConfig, sayStrays } from "../config.js";
import type { Context } from "../context.js";
import type { Exit } from "../exit.js";
import type { Given } from "../given.js";
import { announce, quarrelsOf } from "../rivals.js";
import { outcomesOf, readStatuses, showOutcomes } from "./report.js";

/** Continues current rotations, and begins those that are due. */
export async function run(context: Context, given: Given): Promise<Exit> {
  await using opened = await openConfig(context, given.args.length === 0 ? {} : { online: given.args });
  const { lifecycle } = opened;
  const names = namesOf(opened, given.args);
  const { statuses, damaged } = await readStatuses(lifecycle, names);
  const now = context.clock.now();
  const watch = async (): Promise<void> => {
    for await (const { target, event } of lifecycle.events()) context.progress.update(`${target}: ${event}`);
  };
  void watch();
  const wanted = [...statuses.values()].filter((status) => hasWork(status, now));
  const quarrels = await quarrelsOf(opened, wanted);
  const reachable = names.filter((name) => !opened.unreachable.has(name) && !damaged.has(name) && !quarrels.has(name));
  await sayAhead(context, opened, statuses.values());
  // Servers of targets without work are not called.
  await unlessClocksDiffer(
    context,
    opened,
    [...statuses.values()].filter((status) => hasWork(status, now)),
  );
  const results = await lifecycle.advance(reachable, {
    begin: !given.flag("no-begin"),
    signal: context.signal,
  });
  const errors = new Map<string, unknown>(
    results.flatMap(({ target, error }) => (error === undefined ? [] : [[target, error]])),
  );
  // Missing credentials do not matter to targets without work.
  for (const { target } of wanted)
    if (opened.unreachable.has(target)) errors.set(target, opened.unreachable.get(target));
  for (const [target, quarrel] of quarrels) errors.set(target, quarrel);
  announce(opened);
  const outcomes = await outcomesOf(opened, names, errors);
  // Idle targets are shown by `status`.
  const touched = outcomes.filter(
    ({ target, status, error }) =>
      error !== undefined || status?.progress.state !== "idle" || status.sequence !== statuses.get(target)?.sequence,
  );
  const exit = await showOutcomes(context, touched, "nothing to do");
  if (given.args.length === 0) await sayStrays(context, opened);
  return exit;
}

function hasWork({ progress, due }: LifecycleStatus, now: number): boolean {
  if (progress.state === "idle") return due !== undefined && due.at <= now;
  return progress.state === "ready" || (progress.state === "waiting" && progress.until <= now);
}
