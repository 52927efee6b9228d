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

/** What the events of a target say about what may be missing from them. */
interface Memory {
  /** Whether the journal was restored, and nobody has checked the control plane since. */
  readonly open: boolean;
  /** The time of the last event before those that may be missing; `undefined` if there is none. */
  readonly remembered: number | undefined;
  /** The time at which a person last resumed, and so answered for all that existed; without one, before all times. */
  readonly resumed: number;
  readonly known: readonly CredentialFacts[];
}

/** Rejects if the control plane or a sink has a credential that was issued after what the journal knows. */
async function check(
  recollection: Recollection,
  target: string,
  provider: Provider,
  sinks: readonly Sink[],
  intent: Intent,
  now: number,
): Promise<void> {
  const { kind } = provider;
  const { always } = recollection;
  const restoredAt = await unlessFailed(kind, recollection.restoredAt(target));
  if (restoredAt === undefined && !always) return;
  const memory = memoryOf(await unlessFailed(kind, recollection.read(target)), restoredAt);
  // A target that the journal has never managed cannot have lost events, unless it lost all of them.
  if (!memory.open && (!always || memory.remembered === undefined)) return;
  const issued = await issuedSince(memory, provider, intent, now - recollection.lookBackMs);
  const held = await unknownInSinks(memory, kind, sinks, intent.signal);
  const forgotten = [...(issued ?? []), ...held];
  if (forgotten.length > 0) throw newer(kind, target, forgotten);
  if (memory.open && issued === undefined) throw unchecked(kind, target, recollection);
}

function memoryOf(lines: readonly string[], restoredAt: number | undefined): Memory {
  const events = lines.map((line) => JSON.parse(line) as Event);
  const last = (event: string): number => events.map((one) => one.event).lastIndexOf(event);
  const planned = last("planned");
  // Whoever acts after a restore has checked, and what was issued since was issued after such a check.
  const open = restoredAt !== undefined && !events.slice(restoredAt).some(vouches);
  return {
    open,
    remembered: events[Math.min(planned, open ? restoredAt : planned) - 1]?.at,
    resumed: events[last("resumed")]?.at ?? Number.NEGATIVE_INFINITY,
    known: credentialsOf(events),
  };
}

/**
 * Returns the ids of the credentials that the control plane has and the journal should know; `undefined` if the control
 * plane has neither a list nor records.
 */
async function issuedSince(
  { open, remembered, resumed, known }: Memory,
  provider: Provider,
  intent: Intent,
  earliest: number,
): Promise<ReadonlySet<string> | undefined> {
  const { kind } = provider;
  const since = Math.max(remembered ?? Number.NEGATIVE_INFINITY, resumed);
  const ids = new Set(known.map(({ id }) => id));
  const isForgotten = ({ id, createdAt }: CredentialFacts): boolean =>
    !ids.has(id) && (createdAt === undefined ? open : createdAt > since);
  // Markers of a target share a prefix that ends before the number of the rotation.
  const prefix = intent.marker.slice(0, intent.marker.lastIndexOf(":") + 1);
  const list = provider.list?.(intent.signal) ?? provider.listIssued?.(prefix, intent.signal);
  const listed = await unlessFailed(kind, list);
  // A forgotten attempt had the same number as this one, and therefore the same marker.
  const from = Math.max(since, earliest);
  const recorded = await unlessFailed(kind, provider.search?.({ ...intent, from, until: intent.from }));
  if (listed === undefined && recorded === undefined) return undefined;
  return new Set([
    ...(listed ?? []).filter(isForgotten).map(({ id }) => id),
    ...(recorded ?? []).filter(({ id }) => !ids.has(id)).map(({ id }) => id),
  ]);
}

/**
 * Returns the unknown client ids in the sinks, with the sinks' names. A person who resumes after the last event that
 * the journal remembers has answered for these.
 */
async function unknownInSinks(
  { remembered, resumed, known }: Memory,
  kind: string,
  sinks: readonly Sink[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (resumed >= (remembered ?? Number.POSITIVE_INFINITY)) return [];
  const clientIds = new Set(known.map(({ clientId }) => clientId));
  const unknown: string[] = [];
  for (const sink of sinks) {
    if (sink.readback === "none") continue;
    const { clientId } = await unlessFailed(kind, sink.read(signal));
    if (clientId !== undefined && !clientIds.has(clientId)) unknown.push(`${clientId} in the sink ${sink.name}`);
  }
  return unknown;
}

function newer(kind: string, target: string, forgotten: readonly string[]): ProviderError {
  return new ProviderError(
    kind,
    "newer_credential",
    `the journal of ${target} lacks ${forgotten.join(", ")}, created after the last credential that it has; nothing was issued`,
    {
      hint:
        "If the journal was restored, roll back this rotation and adopt the credential in the sinks. Otherwise end " +
        "the unused credential, and resume.",
    },
  );
}

function unchecked(kind: string, target: string, { what }: Recollection): ProviderError {
  return new ProviderError(
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

/** Awaits a read that precedes the issue, if there is one: if it fails, nothing has been issued. */
async function unlessFailed<T>(kind: string, look: Promise<T> | T): Promise<T> {
  try {
    return await look;
  } catch (cause) {
    if (cause instanceof ProviderError) throw cause;
    const message = "the existing credentials could not be checked, so nothing was issued";
    throw new ProviderError(kind, "not_read", message, { cause });
  }
}
