/** Plans the rotation of some targets: what it would change, or why it would not begin. */

import type { CredentialFacts, LifecyclePlan, LifecycleProgress } from "../../lifecycle.js";
import type { Opened } from "../config.js";
import type { Context } from "../context.js";
import { undeliverable } from "../doctor/files.js";
import { CommandError, EXIT } from "../exit.js";
import type { Column } from "../output.js";
import { pool } from "../pool.js";
import { quoted } from "../shell.js";
import { timeText } from "../times.js";
import { messageOf } from "./report.js";

/** A target's plan. */
export interface Prospect {
  readonly target: string;
  readonly plan: LifecyclePlan | undefined;
  /**
   * The credential that `keyturn.json` names as the start of a line, or the only one left of that line. The target's
   * first rotation replaces it.
   */
  readonly named: CredentialFacts | undefined;
  /** Why the rotation would not begin. */
  readonly refusal: unknown;
}

/** Conditions, besides the control plane and the sinks, that decide whether a rotation may begin. */
export interface ProspectOptions {
  readonly leaveUnknown: boolean;
  /** The result of {@link quarrelsOf}. */
  readonly quarrels: ReadonlyMap<string, unknown>;
}

/** Reads the control planes and the sinks of some targets. A failure becomes the refusal of its target. */
export async function prospectsOf(
  context: Context,
  opened: Opened,
  names: readonly string[],
  { parallel, ...options }: ProspectOptions & { readonly parallel: number },
): Promise<readonly Prospect[]> {
  let read = 0;
  const all = await pool(names, parallel, async (target) => {
    const prospect = await prospectOf(context, opened, target, options);
    context.progress.update(`reading ${++read} of ${names.length}: ${target}`);
    return prospect;
  });
  context.progress.clear();
  return all.filter((one) => one !== undefined);
}

/** Reads the control plane and the sinks of a target. A failure becomes its refusal. */
export async function prospectOf(
  context: Context,
  opened: Opened,
  target: string,
  { leaveUnknown, quarrels }: ProspectOptions,
): Promise<Prospect> {
  const { signal } = context;
  const refused = (refusal: unknown): Prospect => ({ target, plan: undefined, named: undefined, refusal });
  if (opened.unreachable.has(target)) return refused(opened.unreachable.get(target));
  if (quarrels.has(target)) return refused(quarrels.get(target));
  try {
    const [plan] = await opened.lifecycle.plan([target], { signal });
    const named = plan && !leaveUnknown ? await namedBy(opened, plan, signal) : undefined;
    return { target, plan, named, refusal: plan && refusalOf(plan, undeliverable(context, opened.file, target)) };
  } catch (error) {
    if (signal.aborted) throw error;
    return refused(error);
  }
}

/** Begins the planned rotation, or continues the current one, as far as it can go now. */
export async function begin(
  { lifecycle }: Pick<Opened, "lifecycle">,
  { target, plan, named }: Prospect,
  { leaveUnknown, ...options }: { readonly signal?: AbortSignal; readonly leaveUnknown: boolean },
): Promise<LifecycleProgress> {
  if (plan?.blocked === "rotation_active") return lifecycle.advance(target, options);
  try {
    if (named !== undefined) await lifecycle.adopt(target, named.id, options);
    return await lifecycle.rotate(target, { ...options, leaveUnknown });
  } catch (error) {
    // Another process has begun the rotation in the meantime: continue that one.
    if ((error as { reason?: unknown }).reason !== "rotation_active") throw error;
    return lifecycle.advance(target, options);
  }
}

/** Returns the credential that the first rotation of a line replaces, if no sink names it. */
async function namedBy(
  { config, targets }: Opened,
  { target, old, blocked, sinks }: LifecyclePlan,
  signal: AbortSignal,
): Promise<CredentialFacts | undefined> {
  const fresh = old === undefined && blocked === undefined && sinks.every(({ holds }) => holds === undefined);
  if (!fresh || config.targets[target]?.kind !== "commercelayer-api-credential") return undefined;
  const line = (await targets[target]?.provider.list?.(signal)) ?? [];
  if (line.length > 1)
    throw new CommandError(
      EXIT.person,
      `several of its successive credentials are valid: ${line.map(({ id }) => id).join(", ")}.`,
      {
        hint: `Say which one is in use with \`keyturn adopt ${quoted(target)} ID\`; --leave-unknown keeps all of them valid.`,
      },
    );
  return line[0];
}

function refusalOf({ target, blocked, sinks }: LifecyclePlan, obstacle: string | undefined): CommandError | undefined {
  if (blocked === "forgotten")
    return new CommandError(EXIT.person, "it is no longer managed.", {
      hint: `Run \`keyturn adopt ${quoted(target)} ID\` to manage it again.`,
    });
  // A secret that cannot be delivered must not be issued.
  const broken = blocked === "rotation_active" ? undefined : sinks.find(({ error }) => error !== undefined);
  if (broken !== undefined)
    return new CommandError(
      EXIT.failed,
      `the sink ${broken.name} cannot be read (${broken.error}), so nothing was issued.`,
    );
  if (obstacle !== undefined && blocked !== "rotation_active")
    return new CommandError(EXIT.failed, `${obstacle}, so nothing was issued.`);
  return undefined;
}

/** Returns the columns of the plan, as a diff of the current and the new state. */
export function changesOf(context: Context): readonly Column<Prospect>[] {
  const now = context.clock.now();
  return [
    { head: "TARGET", text: ({ target }) => target },
    { head: "REPLACES", text: ({ plan, named }) => (plan?.old ?? named)?.clientId ?? "nothing (first credential)" },
    { head: "EXPIRES", text: ({ plan, named }) => timeText((plan?.old ?? named)?.expiresAt, now) },
    {
      head: "SINKS",
      text: ({ plan }) =>
        (plan?.sinks ?? []).map(({ name, holds, known }) => `${name}${holdsText(holds, known)}`).join("; "),
    },
    {
      head: "NOTE",
      text: ({ plan, refusal }) => (refusal === undefined ? noteOf(plan) : messageOf(refusal)),
      style: ({ plan, refusal }) => (refusal === undefined ? (plan?.cuts ? "yellow" : undefined) : "red"),
      told: () => true,
    },
  ];
}

function holdsText(holds: string | undefined, known: boolean | undefined): string {
  if (holds === undefined) return "";
  return known === false ? ` (contains ${holds}, which is unknown)` : ` (contains ${holds})`;
}

function noteOf(plan: LifecyclePlan | undefined): string {
  if (plan?.blocked === "rotation_active") return "in progress: continues";
  if (plan?.blocked === "adopt_first")
    return "an unknown credential is in use: `keyturn adopt` first, or --leave-unknown";
  return plan?.cuts ? "the old credential ends at once" : "";
}
