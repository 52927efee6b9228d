/** The credential that a target's consumers use. */

import type { LifecycleCredential, LifecycleStatus } from "../lifecycle.js";

/**
 * Returns the credential in use according to the journal: the new one from the moment at which every sink holds it. As
 * in `in_use` of `lifecycle/src/schedule.rs`, which findings go by.
 */
export function inUse({ current, credentials, phase, rollingBack }: LifecycleStatus): LifecycleCredential | undefined {
  const delivered = phase === "grace" && !rollingBack ? credentials.find(({ role }) => role === "new") : undefined;
  return delivered ?? current;
}
