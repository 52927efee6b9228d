/** Targets of a lifecycle as rows of the elements. */

import type { CredentialRow, RowRotation } from "keyturn/elements";
import type { LifecycleReconciliation, LifecycleStatus } from "keyturn/lifecycle";

/** The control plane of each kind of provider. */
const PLANES: Readonly<Record<string, string>> = {
  "c1-connector": "C1",
  "c1-service-principal": "C1",
  "c1-personal-client": "C1",
  "c1-bridge": "C1",
  "c1-sso-client": "C1",
  "commercelayer-api-credential": "Commerce Layer",
};

/** Returns the control plane of a target, by the kind of its provider. */
export function planeOf(provider: string): string {
  return PLANES[provider] ?? provider;
}

/** Returns the row of a target, from the journal and, if it was asked, from the control plane. */
export function rowOf(status: LifecycleStatus, compared?: LifecycleReconciliation): CredentialRow {
  const { target, provider, current, progress, owner, consumers, group } = status;
  const seen = compared?.credentials.find(({ id }) => id === current?.id);
  const isSeen = seen?.controlPlane === "alive" || seen?.controlPlane === "ended";
  return {
    target,
    name: target,
    plane: planeOf(provider),
    group: group ?? provider,
    credential: current?.id,
    clientId: current?.clientId,
    createdAt: current?.createdAt ?? current?.since,
    expiresAt: seen?.expiresAt ?? current?.expiresAt,
    lastUsedAt: seen?.lastUsedAt,
    // The journal does not say when a credential was used, and neither does Commerce Layer.
    tellsUse: isSeen && planeOf(provider) === "C1",
    rotation: rotationOf(status),
    attention:
      progress.state === "stopped" ? progress.reason : progress.state === "awaits-approval" ? "approval" : undefined,
    owner,
    consumers,
  };
}

function rotationOf({ phase, progress, rollingBack }: LifecycleStatus): RowRotation | undefined {
  if (phase === undefined) return undefined;
  const until = progress.state === "waiting" ? progress.until : undefined;
  if (rollingBack) return { phase: "back", until };
  if (progress.state === "stopped") return { phase: phase === "unknown" ? "unknown" : "stopped" };
  if (progress.state === "awaits-approval") return { phase: "approval" };
  return { phase, until };
}
