/** The state of a target outside of its journal: at its control plane, and in its sinks. */

import type { CredentialFacts, Provider, Sink } from "./ports.js";
import { within } from "./within.js";

/** An observation of a target. What could not be read is left out. */
export interface Observation {
  /** When it was made, in milliseconds since 1970. */
  readonly at: number;
  /**
   * The credentials at the control plane: all of the target's if the provider can list them, and otherwise those that
   * were requested by id.
   */
  readonly credentials: readonly CredentialFacts[] | undefined;
  /** The code of the error, if the control plane could not be read. */
  readonly error: string | undefined;
  /** What each sink that can be read holds, by the sink's name. */
  readonly sinks: Readonly<
    Record<string, { readonly clientId?: string | undefined; readonly error?: string | undefined }>
  >;
}

/**
 * Reads the control plane and the sinks. `ids` are the living credentials that the journal knows. Each may take `ms`
 * milliseconds; one that never answers counts as unreadable, with the code `timeout`.
 */
export async function observe(
  { provider, sinks }: { readonly provider: Provider; readonly sinks: readonly Sink[] },
  ids: readonly string[],
  now: () => number,
  signal: AbortSignal,
  ms: number,
): Promise<Observation> {
  const at = Math.trunc(now());
  const seen = (own: AbortSignal): Promise<readonly (CredentialFacts | undefined)[]> =>
    provider.list ? provider.list(own) : Promise.all(ids.map((id) => provider.look(id, own)));
  const [plane, ...held] = await Promise.allSettled([
    within(ms, [signal], seen),
    ...sinks.map((sink) => (sink.readback === "none" ? undefined : within(ms, [signal], (own) => sink.read(own)))),
  ]);
  if (signal.aborted) throw signal.reason;
  const readings = new Map<string, { clientId?: string | undefined; error?: string }>();
  sinks.forEach(({ name }, index) => {
    const result = held[index];
    if (result?.status === "rejected") readings.set(name, { error: codeOf(result.reason) });
    else if (result?.value) readings.set(name, { clientId: result.value.clientId });
  });
  return {
    at,
    credentials: plane.status === "fulfilled" ? plane.value.filter((facts) => facts !== undefined) : undefined,
    error: plane.status === "rejected" ? codeOf(plane.reason) : undefined,
    sinks: Object.fromEntries(readings),
  };
}

/** Returns the living credential that logs in with a client id; `undefined` if there is none, or no way to find it. */
export async function identify(
  provider: Provider,
  clientId: string,
  signal: AbortSignal,
): Promise<CredentialFacts | undefined> {
  const found = provider.list
    ? (await provider.list(signal)).find((one) => one.clientId === clientId)
    : await provider.find?.(clientId, signal);
  return found?.ended === true ? undefined : found;
}

/** Returns the stable code of an error, or `"failed"` if it has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "failed";
}
