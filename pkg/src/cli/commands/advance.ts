/** `keyturn advance`: continues and begins rotations; run by a timer. */

import type { LifecycleProgress } from "../../lifecycle.js";
import { namesOf, openConfig, sayStrays } from "../config.js";
import type { Context } from "../context.js";
import type { Exit } from "../exit.js";
import type { Given } from "../given.js";
import { outcomesOf, readStatuses, showOutcomes } from "./report.js";

/** Continues the rotations that are under way, and begins those that are due. */
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
  const reachable = names.filter((name) => !opened.unreachable.has(name) && !damaged.has(name));
  const results = await lifecycle.advance(reachable, {
    begin: !given.flag("no-begin"),
    signal: context.signal,
  });
  const errors = new Map<string, unknown>(
    results.flatMap(({ target, error }) => (error === undefined ? [] : [[target, error]])),
  );
  // If there is nothing to do, missing credentials do not matter.
  for (const { target, progress, due } of statuses.values()) {
    const wanted = progress.state === "idle" ? due !== undefined && due.at <= now : hasWork(progress, now);
    if (wanted && opened.unreachable.has(target)) errors.set(target, opened.unreachable.get(target));
  }
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

function hasWork(progress: LifecycleProgress, now: number): boolean {
  return progress.state === "ready" || (progress.state === "waiting" && progress.until <= now);
}
