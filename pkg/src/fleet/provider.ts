/** Providers as the workers of a fleet call them: counted and paced. */

import type { Clock } from "../base/options.js";
import type { Provider } from "../lifecycle/ports.js";
import { timely, wrapProvider } from "../lifecycle/providers/wrap.js";
import type { Metrics } from "./metrics.js";
import { codeOf } from "./queue.js";

/** The rate at which all workers of a fleet together may call a provider. */
export interface FleetRate {
  /** Calls per second, on average. */
  readonly perSecond: number;
  /** How many calls may start at once after a pause. Default: 1. */
  readonly burst?: number | undefined;
}

/** The dependencies of a call. @internal */
export interface Surroundings {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Waits for the turn of a call to a provider of this kind. */
  readonly turn: (kind: string, signal: AbortSignal | undefined) => Promise<void>;
  /** Keeps providers of this kind from being called for `ms` milliseconds. */
  readonly pause: (kind: string, ms: number) => Promise<void>;
}

/** Wraps a provider so that its calls are counted and paced. @internal */
export function supervised(provider: Provider, around: Surroundings): Provider {
  const { kind } = provider;
  // `timely` issues nothing if the attempt's deadline has passed while the call waited for its turn.
  return wrapProvider(timely(provider, around.clock), async (method, signal, work) => {
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
  });
}
