/**
 * The check before each issue. A journal that was restored from a backup lacks the events that came after it, and a
 * worker would issue again what the journal no longer knows of. So the provider first looks for credentials that the
 * journal does not know, and if the journal was restored, that search must be possible.
 */

import type { Clock } from "../../base/options.js";
import type { CredentialFacts, Intent, Provider, Sink } from "../ports.js";
import { ProviderError } from "../providers/error.js";
import { timely } from "../providers/wrap.js";

/** How far back a control plane's records are searched by default, in milliseconds. @internal */
export const LOOK_BACK_MS = 7 * 86_400_000;

/** What a journal knows about itself. @internal */
export interface Recollection {
  /** The container of the journal, which is restored as a whole. */
  readonly what: "database" | "folder";
  /** Whether to check before each issue, or only after a restore that was noticed or declared. */
  readonly always: boolean;
  readonly lookBackMs: number;
  /** Returns all events of a target. */
  read(target: string): Promise<readonly string[]>;
  /** Returns how many events the target had when the journal was last restored; `undefined` if it never was. */
  restoredAt(target: string): Promise<number | undefined>;
}

/** Returns the provider of a target, with a check before each issue. @internal */
export function guarded(
  recollection: Recollection,
  target: string,
  provider: Provider,
  sinks: readonly Sink[],
  clock: Clock,
): Provider {
  const { search } = provider;
  return {
    ...timely(provider, clock),
    mayIssue: (intent) => check(recollection, target, provider, sinks, intent, clock.now()),
    ...(search && {
      search: async (intent: Intent) => {
        if (sinks.some(({ readback }) => readback === "none"))
          await checkAttempt(recollection, target, provider, intent);
        return search.call(provider, intent);
      },
    }),
  };
}

/**
 * Rejects if an attempt was made before a restore that nobody has checked. What it created may have been delivered
 * since to a sink that cannot be read back, and would be ended as a credential whose secret is lost.
 */
async function checkAttempt(
  { restoredAt: whenRestored, read, what }: Recollection,
  target: string,
  { kind }: Provider,
  { marker }: Intent,
): Promise<void> {
  const restoredAt = await whenRestored(target);
  if (restoredAt === undefined) return;
  const events = (await read(target)).map((line) => JSON.parse(line) as Event);
  if (events.slice(restoredAt).some((event) => vouches(event) || event.marker === marker)) return;
  throw new ProviderError(
    kind,
    "restored",
    `the ${what} with the journal of ${target} was restored or replaced, and the credential of the attempt ${marker} may be in use`,
    {
      hint:
        "If a consumer uses what the attempt has created, settle it with none, roll back this rotation, and adopt that " +
        "credential. Otherwise resume: what the attempt has created ends.",
    },
  );
}

/** The part of an event that is used here. */
interface Event {
  readonly at: number;
  readonly event: string;
  readonly source?: string;
  readonly evidence?: string;
  readonly marker?: string;
  readonly credential?: CredentialFacts | string;
  readonly found?: readonly CredentialFacts[];
}

async function check(
  { restoredAt: whenRestored, read, lookBackMs, what, always }: Recollection,
  target: string,
  provider: Provider,
  sinks: readonly Sink[],
  intent: Intent,
  now: number,
): Promise<void> {
  const { kind } = provider;
  const { signal } = intent;
  const restoredAt = await unlessFailed(kind, whenRestored(target));
  if (restoredAt === undefined && !always) return;
  const lines = await unlessFailed(kind, read(target));
  const events = lines.map((line) => JSON.parse(line) as Event);
  const last = (event: string): number => events.map((one) => one.event).lastIndexOf(event);
  const planned = last("planned");
  // Whoever acts after a restore has checked, and what was issued since was issued after such a check.
  const open = restoredAt !== undefined && !events.slice(restoredAt).some(vouches);
  const remembered = events[Math.min(planned, open ? restoredAt : planned) - 1]?.at;
  // A target that the journal has never managed cannot have lost events, unless it lost all of them.
  if (!open && (!always || remembered === undefined)) return;
  const resumed = events[last("resumed")]?.at ?? Number.NEGATIVE_INFINITY;
  const since = Math.max(remembered ?? Number.NEGATIVE_INFINITY, resumed);
  const known = credentialsOf(events);
  const ids = new Set(known.map(({ id }) => id));
  const clientIds = new Set(known.map(({ clientId }) => clientId));
  const isForgotten = ({ id, createdAt }: CredentialFacts): boolean =>
    !ids.has(id) && (createdAt === undefined ? open : createdAt > since);

  const found = new Set<string>();
  // Markers of a target share a prefix that ends before the number of the rotation.
  const prefix = intent.marker.slice(0, intent.marker.lastIndexOf(":") + 1);
  const list = provider.list?.(signal) ?? provider.listIssued?.(prefix, signal);
  const listed = await unlessFailed(kind, list ?? Promise.resolve(undefined));
  for (const one of listed ?? []) if (isForgotten(one)) found.add(one.id);
  // A forgotten attempt had the same number as this one, and therefore the same marker.
  const from = Math.max(since, now - lookBackMs);
  const made = await unlessFailed(
    kind,
    provider.search?.({ ...intent, from, until: intent.from }) ?? Promise.resolve(undefined),
  );
  for (const { id } of made ?? []) if (!ids.has(id)) found.add(id);
  const where: string[] = [];
  if (resumed < (remembered ?? Number.POSITIVE_INFINITY))
    for (const sink of sinks) {
      if (sink.readback === "none") continue;
      const { clientId } = await unlessFailed(kind, sink.read(signal));
      if (clientId !== undefined && !clientIds.has(clientId)) where.push(`${clientId} in the sink ${sink.name}`);
    }
  const all = [...found, ...where];
  if (all.length > 0)
    throw new ProviderError(
      kind,
      "newer_credential",
      `the journal of ${target} lacks ${all.join(", ")}, created after the last credential that it has; nothing was issued`,
      {
        hint:
          "If the journal was restored, roll back this rotation and adopt the credential in the sinks. Otherwise end " +
          "the unused credential, and resume.",
      },
    );
  if (!open || listed !== undefined || made !== undefined) return;
  throw new ProviderError(
    kind,
    "restored",
    `the ${what} with the journal of ${target} was restored or replaced, and neither a list nor records show what was issued since; nothing was issued`,
    {
      hint:
        "Look at the control plane for credentials that are missing from the journal. If there are none, resume; " +
        "otherwise roll back this rotation, and adopt the one in the sinks.",
    },
  );
}

/** Returns whether an event shows that somebody has checked the control plane, or that a check was possible. */
function vouches({ event, source, evidence }: Event): boolean {
  if (event === "adopted") return source === "person";
  if (event === "settled") return evidence === "person";
  return event === "resumed" || event === "issued";
}

/** Returns all credentials that the events name along with what is known of them. */
function credentialsOf(events: readonly Event[]): CredentialFacts[] {
  return events.flatMap(({ credential, found = [] }) =>
    typeof credential === "object" ? [credential, ...found] : found,
  );
}

/** Awaits a read that precedes the issue: if it fails, nothing has been issued. */
async function unlessFailed<T>(kind: string, look: Promise<T>): Promise<T> {
  try {
    return await look;
  } catch (cause) {
    if (cause instanceof ProviderError) throw cause;
    const message = "the existing credentials could not be checked, so nothing was issued";
    throw new ProviderError(kind, "not_read", message, { cause });
  }
}
