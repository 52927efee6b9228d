/** `keyturn advance`: what a timer runs. */

import { namesOf, openConfig } from "../config.js";
import type { Context } from "../context.js";
import type { Exit } from "../exit.js";
import type { Given } from "../given.js";
import { outcomesOf, showOutcomes } from "./report.js";

/** Goes on with what is under way, and begins what is due. */
export async function run(context: Context, given: Given): Promise<Exit> {
  await using opened = await openConfig(context, given.args.length === 0 ? {} : { online: given.args });
  const { lifecycle } = opened;
  const names = namesOf(opened, given.args);
  const before = new Map((await lifecycle.status(names)).map(({ target, sequence }) => [target, sequence]));
  const watch = async (): Promise<void> => {
    for await (const { target, event } of lifecycle.events()) context.progress.update(`${target}: ${event}`);
  };
  void watch();
  const results = await lifecycle.advance(names, {
    begin: !given.flag("no-begin"),
    signal: context.signal,
  });
  const errors = new Map(results.flatMap(({ target, error }) => (error === undefined ? [] : [[target, error]])));
  const outcomes = await outcomesOf(opened, names, errors);
  // What rests and was left alone is in `status`.
  const touched = outcomes.filter(
    ({ target, status, error }) =>
      error !== undefined || status?.progress.state !== "idle" || status.sequence !== before.get(target),
  );
  return showOutcomes(context, touched, "nothing to do");
}
