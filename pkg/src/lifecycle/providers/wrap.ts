/** A provider whose calls pass through a function: to count them, to delay them, or to look at something first. */

import type { Clock } from "../../base/options.js";
import type { Provider } from "../ports.js";
import { ProviderError } from "./error.js";

/** The calls that reach a control plane. */
const CALLS = ["search", "look", "list", "listIssued", "find", "recall", "login", "healthy", "end", "issue"] as const;

/** The name of such a call. */
export type ProviderCall = (typeof CALLS)[number];

/**
 * Returns the same provider, except that each call to the control plane is made by `around`, which calls `work` for it.
 *
 * @param around receives the name of the call, and the signal that ends it.
 */
export function wrapProvider(
  provider: Provider,
  around: <T>(method: ProviderCall, signal: AbortSignal | undefined, work: () => Promise<T>) => Promise<T>,
): Provider {
  const calls = CALLS.flatMap((method) => {
    const own = provider[method] as ((...args: unknown[]) => Promise<unknown>) | undefined;
    if (own === undefined) return [];
    const call = (...args: unknown[]): Promise<unknown> =>
      around(
        method,
        args.map(signalIn).find((one) => one !== undefined),
        () => own.apply(provider, args),
      );
    return [[method, call] as const];
  });
  return {
    kind: provider.kind,
    reportsUse: provider.reportsUse,
    evidence: provider.evidence,
    recalls: provider.recalls,
    parses: (pair) => provider.parses(pair),
    ...(Object.fromEntries(calls) as Pick<Provider, "issue" | "look" | "login" | "end">),
  };
}

/**
 * Returns the same provider, except that it issues nothing once the deadline of an attempt has passed: the steps before
 * the call may have taken long, and others may have given up on the attempt.
 */
export function timely(provider: Provider, clock: Clock): Provider {
  return {
    ...wrapProvider(provider, (_method, _signal, work) => work()),
    issue: async (intent) => {
      if (intent.signal.aborted || clock.now() >= intent.until)
        throw new ProviderError(
          provider.kind,
          "not_read",
          "the deadline of this attempt has passed; nothing was issued",
        );
      return provider.issue(intent);
    },
  };
}

function signalIn(argument: unknown): AbortSignal | undefined {
  if (argument instanceof AbortSignal) return argument;
  const { signal } = Object(argument) as { signal?: unknown };
  return signal instanceof AbortSignal ? signal : undefined;
}
