/** The credentials of a bridge, which C1's API calls a tunnel. */

import type { TunnelCredential } from "../../generated/models.js";
import type { CredentialFacts, Intent, Provider } from "../ports.js";
import { type C1ProviderOptions, clockBehind, factsOf, issued, pairs, unlessGone } from "./c1.js";
import { madeByAttempt } from "./evidence.js";

/** Options of {@link bridgeProvider}. */
export interface BridgeProviderOptions extends C1ProviderOptions {
  readonly bridgeId: string;
}

const KIND = "c1-bridge";

/**
 * Creates a provider for the credentials of a C1 bridge. They have no name, so an attempt is identified by the time at
 * which a credential was created; if several were created in that time, the tenant's system log says which is this
 * client's. C1's documentation contradicts itself on whether a new credential ends those before it: look at the old one
 * after each rotation.
 */
export function bridgeProvider({ client, bridgeId, clock, debugLogger }: BridgeProviderOptions): Provider {
  const now = (): number => clock?.now() ?? Date.now();
  const note = (why: string): void => debugLogger?.log(`${KIND} ${bridgeId}: ${why}`);
  /** Returns all credentials, including revoked ones, and how far this clock is behind the server's. */
  const rows = async (signal: AbortSignal): Promise<{ rows: readonly TunnelCredential[]; behind: number }> => {
    const all: TunnelCredential[] = [];
    let behind: number | undefined;
    const sent = now();
    for await (const page of client.tunnelCredentials.listBridgeCredentials({ bridgeId }, { signal }).pages()) {
      behind ??= clockBehind(page.rawResponse.headers, sent, now());
      all.push(...(page.tunnelCredentialsServiceListBridgeCredentialsResponse?.list ?? []));
    }
    return { rows: all, behind: behind ?? 0 };
  };
  const facts = (list: readonly TunnelCredential[]): readonly CredentialFacts[] =>
    list.flatMap((row) => factsOf(row, now()) ?? []);
  return {
    kind: KIND,
    evidence: true,
    recalls: false,
    reportsUse: true,
    ...pairs(client),
    async issue({ signal }) {
      const answer = await client.tunnelCredentials.createBridgeCredential({ bridgeId }, { signal });
      const credential = answer.tunnelCredentialsServiceCreateBridgeCredentialResponse?.credential;
      return issued(KIND, credential, credential?.clientSecret, now());
    },
    async search(intent: Intent) {
      const { rows: all, behind } = await rows(intent.signal);
      const [from, until] = [intent.from + behind, intent.until + behind];
      const made = facts(all).filter(({ createdAt = from }) => createdAt >= from && createdAt <= until);
      if (made.length < 2) return made;
      note(
        `${made.length} credentials were created in the attempt's time window: only the system log can tell which one`,
      );
      const attempt = { method: "CreateBridgeCredential", ids: [bridgeId], known: false };
      const own = await madeByAttempt({ client, now, note }, attempt, intent);
      return own && made.filter(({ id }) => own.some((one) => one.id === id));
    },
    async look(id, signal) {
      return facts((await unlessGone(rows(signal)))?.rows ?? []).find((one) => one.id === id);
    },
    list: async (signal) => facts((await rows(signal)).rows),
    async end(id, signal) {
      // The answer to a repeated revocation is not documented, and a bridge's credentials are gone with the bridge.
      const listed = await unlessGone(rows(signal));
      if (facts(listed?.rows ?? []).find((one) => one.id === id)?.ended !== false) return;
      await unlessGone(client.tunnelCredentials.revokeBridgeCredential({ id }, { signal }));
    },
  };
}
