/** Reports the progress of targets in words, for the commands that rotate. */

import type { Lifecycle, LifecycleProgress, LifecycleStatus, LifecycleStop } from "../../lifecycle.js";
import type { Opened } from "../config.js";
import type { Context } from "../context.js";
import { EXIT, type Exit, exitOf, gravest } from "../exit.js";
import { inUse } from "../in-use.js";
import type { Column, Style } from "../output.js";
import { quoted } from "../shell.js";
import { relativeText, timeText } from "../times.js";

/** The result for a target. */
export interface Outcome {
  readonly target: string;
  readonly status: LifecycleStatus | undefined;
  /** The code of the failure that will be retried. */
  readonly failure: string | undefined;
  /** What made it fail or stop, in words, if that happened while this command ran. */
  readonly why: string | undefined;
  readonly error: unknown;
}

/** What a person can do about each reason to stop. `ABOUT` is the name of the sink, or the code of the error. */
const REMEDIES: Readonly<Record<LifecycleStop, string>> = {
  "outcome-unknown":
    "look for credentials created at the control plane in the window of doubt, without revoking any, then " +
    "`keyturn settle NAME --found ID` or `--none`",
  "too-many-intents": "find out why new credentials are not delivered, then `keyturn resume NAME`",
  refused: "ABOUT: fix the credentials, the permission or the location, then `keyturn resume NAME`",
  "new-credential-refused":
    "the new credential does not log in: `keyturn resume NAME --reissue`, or `keyturn rollback NAME`",
  "sink-differs": "ABOUT contains a credential of something else: find out whose it is, then `keyturn resume NAME`",
  "restore-by-hand": "put the old credential back into ABOUT, then `keyturn resume NAME --restored`",
  "sink-changed":
    "ABOUT no longer contains the delivered credential: `keyturn resume NAME`, with `--reissue` for another " +
    "credential",
  "sink-added":
    "ABOUT was added after the delivery, and the secret for it is gone: `keyturn resume NAME --reissue`, or put the " +
    "new pair there and `keyturn resume NAME --provisioned`",
  "too-many-failures": "see `keyturn journal show NAME`, fix the cause, then `keyturn resume NAME`",
};

/** Returns what to do about a stopped rotation. `why` says more than the code that the journal has. */
export function remedy(
  {
    target,
    reason,
    about,
  }: {
    readonly target: string;
    readonly reason: LifecycleStop;
    readonly about: string;
  },
  why?: string | undefined,
): string {
  return REMEDIES[reason].replaceAll("NAME", () => quoted(target)).replaceAll("ABOUT", () => why ?? about);
}

/** Returns the state of a target in a few words, and its severity. */
export function stateOf(
  { progress, phase, rollingBack, current, forgotten }: LifecycleStatus,
  now: number,
  failure?: string | undefined,
): readonly [string, Style | undefined] {
  if (forgotten) return ["forgotten", "dim"];
  switch (progress.state) {
    case "idle":
      return current === undefined
        ? ["no credential yet", "yellow"]
        : progress.last === "rolled-back"
          ? ["rolled back", undefined]
          : ["idle", "green"];
    case "awaits-approval":
      return ["awaits approval", "yellow"];
    case "stopped":
      return [`stopped: ${progress.reason}`, "red"];
    case "ready":
    case "waiting": {
      const until = progress.state === "waiting" ? relativeText(progress.until, now) : undefined;
      const again = until === undefined ? "" : `, again ${until}`;
      if (failure !== undefined) return [`failed (${failure})${again}`, "yellow"];
      if (phase === "grace" && until !== undefined) return [`grace, old one ends ${until}`, "cyan"];
      if (rollingBack) return [`rolling back${again}`, "yellow"];
      if (phase === "unknown") return [`outcome unknown${again}`, "yellow"];
      return [until === undefined ? "continuing" : `in progress${again}`, "yellow"];
    }
  }
}

/** Returns whether a target needs a person. */
export function needsPerson({ progress }: LifecycleStatus): boolean {
  return progress.state === "stopped" || progress.state === "awaits-approval";
}

/** Returns the next step of a target, and its time. */
export function nextOf(status: LifecycleStatus, now: number, why?: string | undefined): string {
  const { progress, target } = status;
  switch (progress.state) {
    case "stopped":
      return remedy(progress, why);
    case "awaits-approval":
      return `\`keyturn approve ${quoted(target)}\` once nothing uses the old one`;
    case "ready":
    case "waiting": {
      const when = progress.state === "waiting" ? ` ${timeText(progress.until, now)}` : "";
      return `${why === undefined ? "" : `${why}; `}\`keyturn advance\`${when}`;
    }
    case "idle":
      return dueText(status, now);
  }
}

function dueText({ due, current, forgotten, target }: LifecycleStatus, now: number): string {
  if (forgotten) return `\`keyturn adopt ${quoted(target)} ID\` to manage it again`;
  if (due !== undefined)
    return due.at <= now ? `rotate now: due since ${timeText(due.since, now)}` : `rotate ${timeText(due.at, now)}`;
  return current === undefined ? `\`keyturn rotate ${quoted(target)}\` for the first credential` : "-";
}

/** Returns the exit code for a target's progress. */
function exitOfStatus({ progress, phase }: LifecycleStatus, failure: string | undefined): Exit {
  switch (progress.state) {
    case "idle":
      return EXIT.done;
    case "awaits-approval":
    case "stopped":
      return EXIT.person;
    // A failure stays one when the time of its retry has come, as it may while a command handles other targets.
    case "ready":
    case "waiting":
      // Without a failure, it waits until it is due, or for another process that works on it.
      return phase === "unknown" ? EXIT.unknown : failure === undefined ? EXIT.done : EXIT.unavailable;
  }
}

/** Returns the exit code for a target's result. */
export function exitOfOutcome({ status, failure, error }: Outcome): Exit {
  if (error !== undefined) return exitOf(error);
  return status === undefined ? EXIT.done : exitOfStatus(status, failure);
}

/** Returns the result of a target for programs. */
function outcomeJson({ target, status, failure, why, error }: Outcome): object {
  const { code, reason, message, hint } = (error ?? {}) as Record<"code" | "reason" | "message" | "hint", unknown>;
  const rest: Partial<LifecycleProgress> = status?.progress ?? { target };
  const used = status && inUse(status);
  return {
    ...rest,
    ...(status?.phase === undefined ? {} : { phase: status.phase }),
    ...(used === undefined ? {} : { clientId: used.clientId, credential: used.id }),
    ...(failure === undefined ? {} : { failure }),
    ...(why === undefined ? {} : { message: why }),
    ...(error === undefined ? {} : { error: { code: code ?? "failed", reason, message, hint } }),
  };
}

/** Shows the results of some targets, and returns the exit code. */
export async function showOutcomes(context: Context, outcomes: readonly Outcome[], empty: string): Promise<Exit> {
  const now = context.clock.now();
  const columns: readonly Column<Outcome>[] = [
    { head: "TARGET", text: ({ target }) => target },
    {
      head: "STATE",
      text: ({ status, error, failure }) =>
        error !== undefined ? "failed" : status === undefined ? "-" : stateOf(status, now, failure)[0],
      style: ({ status, error, failure }) =>
        error !== undefined ? "red" : status === undefined ? undefined : stateOf(status, now, failure)[1],
      shrinks: false,
    },
    { head: "CREDENTIAL", text: ({ status }) => (status && inUse(status)?.clientId) ?? "-" },
    {
      head: "NEXT",
      text: ({ status, why, error }) =>
        error !== undefined ? messageOf(error) : status === undefined ? "-" : nextOf(status, now, why),
      told: (outcome) => exitOfOutcome(outcome) !== EXIT.done,
    },
  ];
  await context.show(outcomes, {
    columns,
    empty,
    row: outcomeJson,
  });
  return gravest(outcomes.map(exitOfOutcome));
}

/** Returns an error's message, and what to do about it. */
export function messageOf(error: unknown): string {
  const { message, hint } = error as { message?: unknown; hint?: unknown };
  const text = String(message ?? error);
  return typeof hint === "string" ? `${text}${/[.!?]$/.test(text) ? "" : "."} ${hint}` : text;
}

/** Returns the current states of targets, with their errors. */
export async function outcomesOf(
  { lifecycle, failures }: Pick<Opened, "lifecycle" | "failures">,
  names: readonly string[],
  errors: ReadonlyMap<string, unknown> = new Map(),
): Promise<readonly Outcome[]> {
  const { statuses, damaged } = await readStatuses(lifecycle, names);
  return Promise.all(
    names.map(async (target) => {
      const status = statuses.get(target);
      const failure = status === undefined ? undefined : await failureOf(lifecycle, status);
      const code = failure ?? (status?.progress.state === "stopped" ? status.progress.about : undefined);
      const cause = code === undefined ? undefined : failures.of(target, code);
      const why = cause === undefined ? undefined : String((cause as Error).message);
      return { target, status, failure, why, error: errors.get(target) ?? damaged.get(target) };
    }),
  );
}

/** The statuses of some targets, and why the journal cannot provide those of the others. */
export interface Statuses {
  readonly statuses: ReadonlyMap<string, LifecycleStatus>;
  readonly damaged: ReadonlyMap<string, unknown>;
}

/**
 * Reads the statuses of targets. Damage to the journal of one target does not affect the others.
 *
 * @throws the journal's error, if it cannot provide the status of any target.
 */
export async function readStatuses(lifecycle: Lifecycle, names: readonly string[]): Promise<Statuses> {
  try {
    const all = await lifecycle.status(names);
    return { statuses: new Map(all.map((status) => [status.target, status])), damaged: new Map() };
  } catch (error) {
    if (exitOf(error) !== EXIT.journal) throw error;
    const statuses = new Map<string, LifecycleStatus>();
    const damaged = new Map<string, unknown>();
    for (const name of names) {
      try {
        const [status] = await lifecycle.status([name]);
        if (status !== undefined) statuses.set(name, status);
      } catch (error) {
        damaged.set(name, error);
      }
    }
    if (statuses.size === 0) throw error;
    return { statuses, damaged };
  }
}

/** Returns the code of the last failure, if a rotation waits because of it, or may continue after it. */
export async function failureOf(lifecycle: Lifecycle, status: LifecycleStatus): Promise<string | undefined> {
  if (status.progress.state !== "waiting" && status.progress.state !== "ready") return undefined;
  const last = (await lifecycle.history(status.target)).at(-1);
  return ["failed", "not-issued"].includes(last?.event ?? "") && typeof last?.code === "string" ? last.code : undefined;
}
