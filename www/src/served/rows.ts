/** Targets of a lifecycle as rows of the elements. */

import type { CredentialRow, RowRotation } from "keyturn/elements";
import type { LifecycleStatus } from "keyturn/lifecycle";

/** What the kinds of providers belong to. */
const PLANES: Readonly<Record<string, string>> = {
  "c1-connector": "C1",
  "c1-service-principal": "C1",
  "c1-personal-client": "C1",
  "c1-bridge": "C1",
  "c1-sso-client": "C1",
  "commercelayer-api-credential": "Commerce Layer",
};

/** The row of a target. */
export function rowOf(status: LifecycleStatus): CredentialRow {
  const { target, provider, current, progress, owner, consumers, group } = status;
  return {
    target,
    name: target,
    plane: PLANES[provider] ?? provider,
    group: group ?? provider,
    credential: current?.id,
    clientId: current?.clientId,
    createdAt: current?.createdAt ?? current?.since,
    expiresAt: current?.expiresAt,
    // The journal does not say when a credential was used.
    tellsUse: false,
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
