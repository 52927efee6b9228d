/** A person's decisions about a rotation: one function for each command. */

import type { Lifecycle } from "../../lifecycle.js";
import { unlessClocksDiffer } from "../clocks.js";
import { namesOf, type Opened, openConfig } from "../config.js";
import type { Context } from "../context.js";
import { type Exit, UsageError } from "../exit.js";
import type { Given } from "../given.js";
import { outcomesOf, showOutcomes } from "./report.js";

/** Opens the named target, acts on it, and shows its progress. */
async function withTarget(
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
  return withTarget(context, given, async ({ lifecycle }, name) => {
    const [status] = await lifecycle.status([name]);
    if (status?.cannotRollBack === undefined)
      await context.confirm(`Put the old credential of ${name} back into its sinks, and end the new one?`);
    await lifecycle.rollback(name, { signal: context.signal });
  });
}

/** Asks before the old credential ends. Without a rotation it does not ask, since the engine refuses. */
async function confirmEnd(context: Context, lifecycle: Lifecycle, name: string, question: string): Promise<void> {
  const [status] = await lifecycle.status([name]);
  if (status?.phase !== undefined) await context.confirm(question);
}

/** `keyturn retire`: approves the end of the old credential, and ends it. */
export function retire(context: Context, given: Given): Promise<Exit> {
  return withTarget(context, given, async ({ lifecycle }, name) => {
    await confirmEnd(
      context,
      lifecycle,
      name,
      `End the old credential of ${name} once everything is proven? This cannot be undone.`,
    );
    await lifecycle.retire(name, { signal: context.signal });
  });
}

/** `keyturn approve`: approves the end of the old credential; `advance` ends it. */
export function approve(context: Context, given: Given): Promise<Exit> {
  return withTarget(
    context,
    given,
    async ({ lifecycle }, name) => {
      await confirmEnd(
        context,
        lifecycle,
        name,
        `Let \`keyturn advance\` end the old credential of ${name}? This cannot be undone.`,
      );
      await lifecycle.approve(name);
    },
    { online: false },
  );
}

/** `keyturn settle`: records what an attempt with an unknown outcome created. */
export function settle(context: Context, given: Given): Promise<Exit> {
  const ids = given.list("found");
  if (given.flag("none") === ids.length > 0)
    throw new UsageError("pass the ids with --found, or --none if nothing was created");
  return withTarget(context, given, async ({ lifecycle }, name) => {
    const [status] = await lifecycle.status([name]);
    if (status?.doubt !== undefined)
      await context.confirm(
        ids.length > 0
          ? `End ${ids.join(", ")}, which the request created, and issue another credential for ${name}?`
          : `Did the request ${status.doubt.marker} create nothing? Otherwise its credential stays valid unnoticed.`,
      );
    await lifecycle.settle(name, { found: ids.length > 0 ? ids : "none", signal: context.signal });
  });
}

/** `keyturn resume`: continues a rotation whose problem has been fixed. */
export function resume(context: Context, given: Given): Promise<Exit> {
  const [reissue, restored, provisioned] = [given.flag("reissue"), given.flag("restored"), given.flag("provisioned")];
  if ([reissue, restored, provisioned].filter(Boolean).length > 1)
    throw new UsageError("pass only one of --reissue, --restored and --provisioned");
  return withTarget(context, given, async (opened, name) => {
    const { lifecycle } = opened;
    await unlessClocksDiffer(context, opened, await lifecycle.status([name]));
    await lifecycle.resume(name, { reissue, restored, provisioned });
    await lifecycle.advance(name, { signal: context.signal });
  });
}

/** `keyturn adopt`: records which credential the consumers use. */
export function adopt(context: Context, given: Given): Promise<Exit> {
  const [, id = ""] = given.args;
  return withTarget(context, given, ({ lifecycle }, name) => lifecycle.adopt(name, id, { signal: context.signal }));
}

/** `keyturn forget`: stops managing a target. */
export function forget(context: Context, given: Given): Promise<Exit> {
  return withTarget(
    context,
    given,
    async ({ lifecycle }, name) => {
      await context.confirm(`Stop managing ${name}? Its credentials stay valid.`);
      await lifecycle.forget(name);
    },
    { online: false },
  );
}
