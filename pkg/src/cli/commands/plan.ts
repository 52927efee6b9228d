/** `keyturn plan`: shows what a rotation would change. */

import { namesOf, openConfig } from "../config.js";
import type { Context } from "../context.js";
import { type Exit, exitOf, gravest } from "../exit.js";
import type { Given } from "../given.js";
import { quarrelsOf } from "../rivals.js";
import { changesOf, prospectsOf } from "./prospect.js";
import { readStatuses } from "./report.js";

/** Reads control planes and sinks, and changes nothing. */
export async function run(context: Context, given: Given): Promise<Exit> {
  await using opened = await openConfig(context, given.args.length === 0 ? {} : { online: given.args });
  const names = namesOf(opened, given.args);
  const { statuses } = await readStatuses(opened.lifecycle, names);
  const prospects = await prospectsOf(context, opened, names, {
    parallel: given.count("parallel") ?? 4,
    leaveUnknown: false,
    quarrels: await quarrelsOf(opened, statuses.values()),
  });
  await context.show(prospects, {
    columns: changesOf(context),
    empty: "keyturn.json has no targets",
    row: ({ target, plan, named, refusal }) => ({
      target,
      ...plan,
      ...(named === undefined ? {} : { old: named }),
      ...(refusal === undefined ? {} : { refusal: (refusal as Error).message }),
    }),
  });
  return gravest(prospects.flatMap(({ refusal }) => (refusal === undefined ? [] : [exitOf(refusal)])));
}
