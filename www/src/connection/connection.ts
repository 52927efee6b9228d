/** A log-in to a tenant, held in memory for as long as the page is. */

import { type ClientOptions, ConductorOne, type shared } from "keyturn/slim";
import { Inventory } from "../inventory.js";

/** A client that has shown that it can log in. */
export interface Connection {
  readonly client: ConductorOne;
  readonly identity: shared.IntrospectResponse;
  readonly inventory: Inventory;
  /** Nothing here is real. */
  readonly sandbox: boolean;
}

/** What the sandbox tells everybody who can reach it. */
interface ReadyTenant {
  clientId: string;
  clientSecret: string;
}

/** Logs in. The client is closed again if that fails, or is given up by `signal`. */
export async function connect(options: ClientOptions, sandbox: boolean, signal?: AbortSignal): Promise<Connection> {
  const client = new ConductorOne(options);
  try {
    // By itself, since a call has a time limit and somebody may have to approve the log-in first.
    await client.authenticate({ signal });
    const { introspectResponse: identity } = await client.auth.introspect({ signal });
    return { client, identity: identity ?? {}, inventory: new Inventory(client, identity?.tenantId ?? ""), sandbox };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** The ready-made credential of a sandbox behind this page's origin; nothing if there is no sandbox. */
export async function findSandbox(): Promise<ClientOptions | undefined> {
  const response = await fetch("/_sandbox/tenant", { cache: "no-store" });
  if (!response.ok || !response.headers.get("content-type")?.includes("json")) return undefined;
  const { clientId, clientSecret } = (await response.json()) as ReadyTenant;
  return { clientID: clientId, clientSecret, serverURL: location.origin };
}
