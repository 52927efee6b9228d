/**
 * Data of the sandbox to begin with, so that there is something to see and try. A real tenant cannot be asked for it.
 */

import type { Known, Place } from "../inventory.js";

/** The maximum number of examples: as many as fit on a screen. */
const SOME = 14;

interface Snapshot {
  apps: { id: string; displayName: string }[];
  connectors: { id: string; appId: string; displayName: string }[];
  connectorCredentials: { id: string; appId: string; connectorId: string }[];
}

/** Returns the ids and connectors of some credentials. Anything else has to be asked of C1, one by one. */
export async function sandboxExamples(): Promise<(Place & Pick<Known, "id">)[]> {
  const response = await fetch("/_sandbox/state", { cache: "no-store" });
  const { apps, connectors, connectorCredentials } = (await response.json()) as Snapshot;
  const name = (list: { id: string; displayName: string }[], id: string): string =>
    list.find((one) => one.id === id)?.displayName ?? id;
  return connectorCredentials.slice(0, SOME).map(({ id, appId, connectorId }) => {
    return { id, appId, connectorId, app: name(apps, appId), connector: name(connectors, connectorId) };
  });
}

/**
 * Returns what a workload's platform would provide: an identity token of the sandbox's own issuer, and the id of the
 * trust that accepts it.
 */
export async function sandboxIdentity(): Promise<{ clientID: string; subjectToken: string }> {
  const ask = async <T>(path: string, init: RequestInit): Promise<T> => {
    const response = await fetch(`/_sandbox/${path}`, { cache: "no-store", ...init });
    if (!response.ok) throw new Error(`the sandbox answered ${response.status}`);
    return (await response.json()) as T;
  };
  const headers = { "content-type": "application/json" };
  const [{ trustId }, { token }] = await Promise.all([
    ask<{ trustId: string }>("tenant", {}),
    ask<{ token: string }>("identity-token", { method: "POST", headers, body: "{}" }),
  ]);
  return { clientID: trustId, subjectToken: token };
}
