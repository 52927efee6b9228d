/** A person's decisions about a rotation: one function for each command. */

import { unlessClocksDiffer } from "../clocks.js";
import { namesOf, type Opened, openConfig } from "../config.js";
import type { Context } from "../context.js";
import { type Exit, UsageError } from "../exit.js";
import type { Given } from "../given.js";
import { outcomesOf, showOutcomes } from "./report.js";

/** Opens the named target, acts on it, and shows its progress. */
async function told(
  context: Context,
  given: Given,
  work: (opened: Opened, name: string) => Promise<unknown>,
  { online = true }: { online?: boolean } = {},
): Promise<Exit> {
  const name = given.args[0] ?? "";
  await using opened = await openConfig(context, { online: online ? [name] : "none" });
  namesOf(opened, [name]);
  if (opened.unreachable.has(name)) throw opened.unreachable.get(name);
  await work(opened, name);
  return showOutcomes(context, await outcomesOf(opened, [name]), "");
}

/** `keyturn rollback`: returns the old credential to every sink, and revokes the new one. */
export function rollback(context: Context, given: Given): Promise<Exit> {
  return told(context, given, async ({ lifecycle }, name) => {
    const [status] = await lifecycle.status([name]);
    if (status?.cannotRollBack === undefined)
      await context.confirm(`Give the old credential of ${name} back to its sinks, and end the new one?`);
    await lifecycle.rollback(name, { signal: context.signal });
  });
}

/** `keyturn retire`: approves the end of the old credential, and ends it. */
export function retire(context: Context, given: Given): Promise<Exit> {
  return told(context, given, async ({ lifecycle }, name) => {
    await context.confirm(`End the old credential of ${name} once all proofs are there? It cannot be had back then.`);
    await lifecycle.retire(name, { signal: context.signal });
  });
}

/** `keyturn approve`: approves the end of the old credential; `advance` ends it. */
export function approve(context: Context, given: Given): Promise<Exit> {
  return told(
    context,
    given,
    async ({ lifecycle }, name) => {
      await context.confirm(`Let \`keyturn advance\` end the old credential of ${name}? It cannot be had back then.`);
      await lifecycle.approve(name);
    },
    { online: false },
  );
}

/** `keyturn settle`: records what an attempt with an unknown outcome created. */
export function settle(context: Context, given: Given): Promise<Exit> {
  const ids = given.list("found");
  if (given.flag("none") === ids.length > 0)
    throw new UsageError("give the ids with --found, or --none if nothing was made");
  return told(context, given, async ({ lifecycle }, name) => {
    const [status] = await lifecycle.status([name]);
    if (status?.doubt !== undefined)
      await context.confirm(
        ids.length > 0
          ? `End ${ids.join(", ")}, which the attempt has made, and issue another for ${name}?`
          : `Has the attempt ${status.doubt.marker} made nothing? If it has, that credential stays alive unseen.`,
      );
    await lifecycle.settle(name, { found: ids.length > 0 ? ids : "none", signal: context.signal });
  });
}

/** `keyturn resume`: continues a rotation whose problem has been fixed. */
export function resume(context: Context, given: Given): Promise<Exit> {
  const [reissue, restored] = [given.flag("reissue"), given.flag("restored")];
  if (reissue && restored) throw new UsageError("give one of --reissue and --restored");
  return told(context, given, async (opened, name) => {
    const { lifecycle } = opened;
    await unlessClocksDiffer(context, opened, await lifecycle.status([name]));
    await lifecycle.resume(name, { reissue, restored });
    await lifecycle.advance(name, { signal: context.signal });
  });
}

/** `keyturn adopt`: records which credential the consumers use. */
export function adopt(context: Context, given: Given): Promise<Exit> {
  const [, id = ""] = given.args;
  return told(context, given, ({ lifecycle }, name) => lifecycle.adopt(name, id, { signal: context.signal }));
}

/** `keyturn forget`: stops managing a target. */
export function forget(context: Context, given: Given): Promise<Exit> {
  return told(
    context,
    given,
    async ({ lifecycle }, name) => {
      await context.confirm(`Look after ${name} no longer? Nothing is ended.`);
      await lifecycle.forget(name);
    },
    { online: false },
  );
}
