/** A provider as the workers of a fleet call it: counted, paced, and checked before it issues. */

import type { Clock } from "../base/options.js";
import type { Lifecycle } from "../lifecycle/lifecycle.js";
import type { CredentialFacts, Intent, Provider, Sink } from "../lifecycle/ports.js";
import { ProviderError } from "../lifecycle/providers/error.js";
import type { Metrics } from "./metrics.js";
import { codeOf } from "./queue.js";

/** How often a provider may be called, by all workers of a fleet together. */
export interface FleetRate {
  /** Calls in a second, on average. */
  readonly perSecond: number;
  /** How many may start at once after a pause. Default: 1. */
  readonly burst?: number | undefined;
}

/** The dependencies of a call. @internal */
export interface Surroundings {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Waits for the turn of a call to a provider of this kind. */
  readonly turn: (kind: string, signal: AbortSignal | undefined) => Promise<void>;
  /** Called with how long a provider of this kind must not be called. */
  readonly pause: (kind: string, ms: number) => Promise<void>;
  /** The fleet's own view of the journal. */
  readonly journal: Lifecycle;
  /** How far back the control plane's records are searched. */
  readonly lookBackMs: number;
}

/** The calls that reach a control plane. */
const CALLS = ["search", "look", "list", "recall", "login", "healthy", "end"] as const;

/** The same provider for one target. @internal */
export function supervised(target: string, provider: Provider, sinks: readonly Sink[], around: Surroundings): Provider {
  const { kind } = provider;
  const call = async <T>(method: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
    await around.turn(kind, signal);
    const began = performance.now();
    let outcome = "ok";
    try {
      return await work();
    } catch (error) {
      outcome = codeOf(error);
      const { retryAfterMs } = Object(error) as { retryAfterMs?: unknown };
      if (typeof retryAfterMs === "number" && retryAfterMs > 0) await around.pause(kind, retryAfterMs);
      throw error;
    } finally {
      around.metrics.call(kind, method, outcome, performance.now() - began);
    }
  };
  const bare = Object.fromEntries(
    CALLS.flatMap((method) => {
      const own = provider[method] as ((...args: unknown[]) => Promise<unknown>) | undefined;
      if (own === undefined) return [];
      const paced = (...args: unknown[]): Promise<unknown> => {
        const signal = args.map(signalIn).find((one) => one !== undefined);
        return call(method, signal, () => own.apply(provider, args));
      };
      return [[method, paced]];
    }),
  ) as Pick<Provider, (typeof CALLS)[number]>;
  const paced: Provider = {
    kind,
    evidence: provider.evidence,
    recalls: provider.recalls,
    parses: (pair) => provider.parses(pair),
    ...bare,
    issue: (intent) =>
      call("issue", intent.signal, () => {
        // What came before may have taken long, and others may have given up on this attempt: then nothing may be issued any more.
        if (intent.signal.aborted || around.clock.now() >= intent.until)
          throw new ProviderError(kind, "not_read", "the time for this attempt is over; nothing was issued");
        return provider.issue(intent);
      }),
  };
  return {
    ...paced,
    async issue(intent) {
      await checkMemory(target, paced, sinks, intent, around);
      return paced.issue(intent);
    },
  };
}

function signalIn(argument: unknown): AbortSignal | undefined {
  if (argument instanceof AbortSignal) return argument;
  const { signal } = Object(argument) as { signal?: unknown };
  return signal instanceof AbortSignal ? signal : undefined;
}

/**
 * Looks for a rotation that the journal has forgotten, as one does that was restored from a backup: for a credential of the target that it
 * does not know, and that is younger than the last thing that it knew before this rotation. Then nothing is issued, and a person is needed.
 * If the person investigates and resumes the rotation, that decision is trusted.
 */
async function checkMemory(
  target: string,
  provider: Provider,
  sinks: readonly Sink[],
  intent: Intent,
  { journal, clock, lookBackMs }: Surroundings,
): Promise<void> {
  const { kind } = provider;
  const { signal } = intent;
  const history = await unlessFailed(kind, journal.history(target));
  const last = (event: string): number => history.map((one) => one.event).lastIndexOf(event);
  const remembered = history[last("planned") - 1]?.at;
  // A target that the journal has never managed cannot have been forgotten.
  if (remembered === undefined) return;
  const resumed = history[last("resumed")]?.at ?? Number.NEGATIVE_INFINITY;
  const since = Math.max(remembered, resumed);
  const [known] = await unlessFailed(kind, journal.status([target]));
  const ids = new Set(known?.credentials.map(({ id }) => id));
  const clientIds = new Set(known?.credentials.map(({ clientId }) => clientId));
  const isForgotten = ({ id, createdAt }: CredentialFacts): boolean =>
    !ids.has(id) && createdAt !== undefined && createdAt > since;

  const found = new Set<string>();
  const listed = await unlessFailed(kind, provider.list?.(signal) ?? Promise.resolve([]));
  for (const one of listed) if (isForgotten(one)) found.add(one.id);
  if (provider.search !== undefined) {
    // A forgotten attempt had the number that this one has now, and so its marker.
    const from = Math.max(since, clock.now() - lookBackMs);
    const made = await unlessFailed(kind, provider.search({ ...intent, from, until: intent.from }));
    for (const { id } of made ?? []) if (!ids.has(id)) found.add(id);
  }
  const where: string[] = [];
  if (resumed < remembered)
    for (const sink of sinks) {
      if (sink.readback === "none") continue;
      const { clientId } = await unlessFailed(kind, sink.read(signal));
      if (clientId !== undefined && !clientIds.has(clientId)) where.push(`${clientId} in the sink ${sink.name}`);
    }
  const all = [...found, ...where];
  if (all.length === 0) return;
  throw new ProviderError(
    kind,
    "newer_credential",
    `the journal of ${target} does not know ${all.join(", ")}, which came after the last that it knows; nothing was issued`,
    {
      hint: "If the journal was restored, roll back this rotation and adopt the credential that the sinks hold. Else end what nobody uses, and resume.",
    },
  );
}

/** Nothing has been issued yet, whatever the result of a read. */
async function unlessFailed<T>(kind: string, look: Promise<T>): Promise<T> {
  try {
    return await look;
  } catch (cause) {
    if (cause instanceof ProviderError) throw cause;
    const message = "what there is could not be looked at before another is issued; nothing was issued";
    throw new ProviderError(kind, "not_read", message, { cause });
  }
}
