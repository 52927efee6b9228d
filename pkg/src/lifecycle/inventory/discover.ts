/** Candidates for targets, from the control planes' own lists. */

import type { ConductorOne } from "../../c1/client.js";
import type { CommerceLayerProvisioningClient } from "../../commercelayer/client.js";
import { isOwn } from "../../commercelayer/succession.js";

/** A connector that may have credentials. */
export interface DiscoveredConnector {
  readonly kind: "c1-connector";
  readonly appId: string;
  readonly appName: string;
  readonly connectorId: string;
  readonly connectorName: string;
}

/** An API credential that is not the client's own. */
export interface DiscoveredApiCredential {
  readonly kind: "commercelayer-api-credential";
  readonly id: string;
  readonly clientId: string;
  readonly name: string;
  /** The API's own term: `integration`, `sales_channel`. */
  readonly credentialKind: string;
  readonly createdAt: number | undefined;
}

/** Options of the functions that discover. */
export interface DiscoverOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields the connectors of all apps of a tenant, page by page. C1 cannot list a connector's credentials, so each
 * connector is known only by its ids.
 *
 * ```ts
 * for await (const { appName, connectorName, appId, connectorId } of discoverConnectors(c1)) { ... }
 * ```
 */
export async function* discoverConnectors(
  client: ConductorOne,
  { signal }: DiscoverOptions = {},
): AsyncGenerator<DiscoveredConnector> {
  const options = signal ? { signal } : {};
  for await (const app of client.apps.list({}, options)) {
    const { id: appId, displayName: appName } = app;
    if (!appId) continue;
    for await (const { connector } of client.connector.list({ appId }, options)) {
      if (!connector?.id || connector.deletedAt) continue;
      const { id: connectorId, displayName } = connector;
      yield {
        kind: "c1-connector",
        appId,
        appName: appName ?? appId,
        connectorId,
        connectorName: displayName ?? connectorId,
      };
    }
  }
}

/** Yields the API credentials of an organization, except the one that the client uses. */
export async function* discoverApiCredentials(
  client: CommerceLayerProvisioningClient,
  { signal }: DiscoverOptions = {},
): AsyncGenerator<DiscoveredApiCredential> {
  const api = client.api_credentials.provisioning(signal);
  const own = await api.own();
  for (const found of await api.credentialsWhere({})) {
    if (isOwn(found, own)) continue;
    const createdAt = Date.parse(found.created_at);
    yield {
      kind: "commercelayer-api-credential",
      id: found.id,
      clientId: found.client_id,
      name: found.name,
      credentialKind: found.kind,
      createdAt: Number.isNaN(createdAt) ? undefined : createdAt,
    };
  }
}
