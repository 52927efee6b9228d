/** `keyturn status`: shows the state of the targets, from the journal alone. */

import type { LifecycleFinding, LifecycleStatus } from "../../lifecycle.js";
import { findConfig } from "../config/find.js";
import type { Opened } from "../config.js";
import type { Context } from "../context.js";
import { EXIT, type Exit, gravest, UsageError } from "../exit.js";
import type { Given } from "../given.js";
import { inUse } from "../in-use.js";
import { cachedStatuses, footprint, keepStatuses } from "../status-cache.js";
import { spanOf, timeText } from "../times.js";
import { failureOf, needsPerson, nextOf, stateOf } from "./report.js";

/** Shows all targets, or those that are named. */
export async function run(context: Context, given: Given): Promise<Exit> {
  const conditions = given.list("fail-on").map(conditionOf);
  const { format } = context.manner;
  const wanted = format === "sarif" || format === "junit" || conditions.some(({ findings }) => findings);
  // The cache beside the folder's journal does not cover a database.
  const inFolder = !(context.manner.database ?? context.env.KEYTURN_DATABASE);
  const path = wanted || !inFolder ? undefined : findConfig(context);
  const print = path === undefined ? undefined : footprint(path);
  const known = print === undefined ? undefined : someOf(cachedStatuses(context, print), given.args);
  if (known !== undefined) return report(context, conditions, { statuses: known, findings: [] });
  const { namesOf, openConfig, sayStrays } = await import("../config.js");
  await using opened = await openConfig(context, { online: "none" });
  const names = namesOf(opened, given.args);
  const before = context.clock.now();
  const { readStatuses, messageOf } = await import("./report.js");
  const { statuses: read, damaged } = await readStatuses(opened.lifecycle, names);
  const statuses = [...read.values()];
  const findings = wanted ? await opened.lifecycle.findings([...read.keys()], { observe: false }) : [];
  const failures = new Map<LifecycleStatus, string>();
  for (const status of statuses) {
    const failure = await failureOf(opened.lifecycle, status);
    if (failure !== undefined) failures.set(status, failure);
  }
  const exit = await report(context, conditions, { statuses, findings, failures, opened, names });
  for (const [name, error] of damaged) await context.say(`keyturn: ${name}: ${messageOf(error)}`);
  if (damaged.size > 0) return gravest([exit, EXIT.journal]);
  const { sayAhead } = await import("../clocks.js");
  const isAhead = await sayAhead(context, opened, statuses);
  const { quarrelsOf } = await import("../rivals.js");
  const quarrels = await quarrelsOf(opened, statuses);
  for (const quarrel of quarrels.values()) await context.say(`keyturn: ${messageOf(quarrel)}`);
  const strays = given.args.length === 0 && (await sayStrays(context, opened));
  // Messages beside the table are not cached, so a status with messages is not either.
  if (
    !strays &&
    !isAhead &&
    quarrels.size === 0 &&
    failures.size === 0 &&
    print !== undefined &&
    given.args.length === 0
  )
    keepStatuses(before, print, statuses);
  return exit;
}

/** Returns the named targets, or all if none is named; `undefined` if one of them is missing. */
function someOf(
  all: readonly LifecycleStatus[] | undefined,
  names: readonly string[],
): readonly LifecycleStatus[] | undefined {
  if (all === undefined || names.length === 0) return all;
  const found = [...new Set(names)].map((name) => all.find(({ target }) => target === name));
  return found.includes(undefined) ? undefined : (found as LifecycleStatus[]);
}

/** The data to show. */
interface Shown {
  readonly statuses: readonly LifecycleStatus[];
  readonly findings: readonly LifecycleFinding[];
  /** The code of the last failure of each target that waits because of it. A cached status is never a failure. */
  readonly failures?: ReadonlyMap<LifecycleStatus, string>;
  /** The configuration, if the statuses are not from the cache. */
  readonly opened?: Opened;
  readonly names?: readonly string[];
}

/** Writes the statuses, and reports the conditions that are met. */
async function report(context: Context, conditions: readonly Condition[], shown: Shown): Promise<Exit> {
  const { statuses, findings, failures = new Map(), opened, names = [] } = shown;
  const now = context.clock.now();
  switch (context.manner.format) {
    case "ical":
      await context.out.write((await import("./formats/ical.js")).ical(statuses, now));
      break;
    case "prometheus":
      await context.out.write((await import("./formats/prometheus.js")).prometheus(statuses, now));
      break;
    case "sarif":
      if (opened !== undefined)
        await context.out.write((await import("./formats/findings.js")).sarif(findings, opened.file));
      break;
    case "junit":
      await context.out.write((await import("./formats/findings.js")).junit(names, findings));
      break;
    default:
      await table(context, failures, statuses, now);
  }
  const met = conditions.filter(({ holds }) => holds(statuses, findings, now));
  for (const { text } of met) await context.say(`keyturn: condition met: ${text}`);
  return gravest(met.map(({ exit }) => exit));
}

async function table(
  context: Context,
  failures: ReadonlyMap<LifecycleStatus, string>,
  statuses: readonly LifecycleStatus[],
  now: number,
): Promise<void> {
  return context.show(statuses, {
    columns: [
      { head: "TARGET", text: ({ target }) => target },
      {
        head: "STATE",
        text: (status) => stateOf(status, now, failures.get(status))[0],
        style: (status) => stateOf(status, now, failures.get(status))[1],
        shrinks: false,
      },
      { head: "CREDENTIAL", text: (status) => inUse(status)?.clientId ?? "-" },
      { head: "EXPIRES", text: (status) => timeText(inUse(status)?.expiresAt, now) },
      { head: "NEXT", text: (status) => nextOf(status, now), told: needsPerson },
      { head: "OWNER", text: ({ owner }) => owner ?? "-" },
    ],
    empty: "keyturn.json has no targets",
  });
}

/** A condition of `--fail-on`. */
interface Condition {
  readonly text: string;
  readonly exit: Exit;
  /** Whether it needs the findings. */
  readonly findings: boolean;
  readonly holds: (statuses: readonly LifecycleStatus[], findings: readonly LifecycleFinding[], now: number) => boolean;
}

const SEVERITIES = ["low", "medium", "high", "critical"] as const;

function conditionOf(text: string): Condition {
  const [word = "", detail] = text.split(/:(.*)/s, 2);
  const common = { text, exit: EXIT.found, findings: false };
  switch (word) {
    case "expiring": {
      const ahead = detail === undefined ? undefined : spanOf(detail);
      if (ahead === undefined) break;
      return {
        ...common,
        holds: (statuses, _, now) =>
          statuses.some((status) => !status.forgotten && (inUse(status)?.expiresAt ?? Infinity) <= now + ahead),
      };
    }
    case "due":
      if (detail !== undefined) break;
      return {
        ...common,
        holds: (statuses, _, now) => statuses.some(({ due }) => due !== undefined && due.since <= now),
      };
    case "stopped":
      if (detail !== undefined) break;
      return {
        ...common,
        exit: EXIT.person,
        holds: (statuses) => statuses.some(needsPerson),
      };
    case "finding": {
      const least = SEVERITIES.indexOf((detail ?? "low") as (typeof SEVERITIES)[number]);
      if (least < 0) break;
      return {
        ...common,
        findings: true,
        holds: (_, findings) => findings.some(({ severity }) => SEVERITIES.indexOf(severity) >= least),
      };
    }
  }
  throw new UsageError(`--fail-on: ${text} is not a condition`, {
    hint: "The conditions are expiring:14d, due, stopped, finding and finding:high.",
  });
}
