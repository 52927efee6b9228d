/** The credentials of a C1 connector. */

import type { Connector } from "../../generated/models.js";
import type { CredentialFacts, Intent, Provider } from "../ports.js";
import { type C1ProviderOptions, factsOf, issued, pairs, unlessGone } from "./c1.js";
import { madeByAttempt } from "./evidence.js";

/** Options of {@link connectorProvider}. */
export interface ConnectorProviderOptions extends C1ProviderOptions {
  readonly appId: string;
  readonly connectorId: string;
  /**
   * Whether the tenant's system log is known to record rotations together with the credential that each created, so
   * that a log without a rotation is evidence that there was none. Default: this is assumed only of a log that has
   * shown such an event before.
   */
  readonly logsRotations?: boolean | undefined;
}

const KIND = "c1-connector";

/**
 * Creates a provider for the credentials of a C1 connector. C1 issues one by a rotation, which takes no name, and
 * cannot list them. The result of a rotation whose answer was lost is therefore looked up in the tenant's system log,
 * which the client's credential needs a role to read.
 *
 * ```ts
 * const provider = connectorProvider({ client: c1, appId, connectorId });
 * ```
 */
export function connectorProvider(options: ConnectorProviderOptions): Provider {
  const { client, appId, connectorId, clock, debugLogger, logsRotations = false } = options;
  const now = (): number => clock?.now() ?? Date.now();
  const note = (why: string): void => debugLogger?.log(`${KIND} ${connectorId}: ${why}`);
  const reader = { client, now, note };
  const look = async (id: string, signal: AbortSignal): Promise<CredentialFacts | undefined> => {
    const answer = await unlessGone(client.connector.getCredentials({ appId, connectorId, id }, { signal }));
    return factsOf(answer?.connectorServiceGetCredentialsResponse?.credential, now());
  };
  return {
    kind: KIND,
    evidence: true,
    recalls: false,
    reportsUse: true,
    ...pairs(client),
    look,
    async find(clientId, signal) {
      // A credential's id is the part of its client id before the `@`.
      const [id = ""] = clientId.split("@");
      const facts = id === "" ? undefined : await look(id, signal);
      return facts?.clientId === clientId ? facts : undefined;
    },
    async issue({ signal }) {
      const answer = await client.connector.rotateCredential({ appId, connectorId }, { signal });
      const credential = answer.connectorServiceRotateCredentialResponse?.credential;
      return issued(KIND, credential, credential?.clientSecret, now());
    },
    async search(intent: Intent) {
      const attempt = { method: "RotateCredential", ids: [connectorId], known: logsRotations };
      const made = await madeByAttempt(reader, attempt, intent);
      if (made === undefined) return undefined;
      const found: CredentialFacts[] = [];
      for (const { id, clientId = "" } of made) {
        // A credential that no longer exists was created nevertheless.
        found.push((await look(id, intent.signal)) ?? { id, clientId, ended: true });
      }
      return found;
    },
    async healthy(since, signal) {
      const answer = await client.connector.get({ appId, id: connectorId }, { signal });
      return workedSince(answer.connectorServiceGetResponse?.connectorView?.connector, since);
    },
    async end(id, signal) {
      await unlessGone(client.connector.revokeCredential({ appId, connectorId, id }, { signal }));
    },
  };
}

/**
 * Returns whether a connector's last sync began after a time and succeeded; `undefined` for a connector that does not
 * sync.
 */
function workedSince(connector: Connector | null | undefined, since: number): boolean | undefined {
  const status = connector?.status;
  if (!status || connector?.syncDisabledAt || status.status === "SYNC_STATUS_DISABLED") return undefined;
  // A sync that was under way when the credential changed may have used the previous one.
  const began = status.startedAt?.getTime() ?? Number.NEGATIVE_INFINITY;
  return status.status === "SYNC_STATUS_DONE" && began >= since;
}
