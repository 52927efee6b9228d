/** Log-ins, held in memory for as long as the page is. */

import { type CommerceLayerInitConfig, clientCredentials } from "keyturn/commercelayer/slim";
import { type ClientOptions, ConductorOne, type shared } from "keyturn/slim";
import { Inventory } from "../inventory.js";
import { Provisioning } from "./commercelayer.js";

/** A client that has shown that it can log in. */
export interface Connection {
  readonly client: ConductorOne;
  readonly identity: shared.IntrospectResponse;
  readonly inventory: Inventory;
  /** Nothing here is real. */
  readonly sandbox: boolean;
}

/** What a page is connected to: C1, Commerce Layer, or both. */
export interface Connections {
  readonly c1?: Connection | undefined;
  readonly commercelayer?: Provisioning | undefined;
}

/** How to log in to a sandbox. */
export interface Sandbox {
  readonly c1: ClientOptions;
  readonly commercelayer: CommerceLayerInitConfig;
}

/** What the sandbox tells everybody who can reach it. */
export interface ReadyTenant {
  clientId: string;
  clientSecret: string;
  commercelayer: { clientId: string; clientSecret: string };
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

/** Logs in to both sides of the sandbox. Whether Commerce Layer's answers is seen where its credentials are listed. */
export async function connectSandbox(sandbox: Sandbox, signal?: AbortSignal): Promise<Connections> {
  const c1 = await connect(sandbox.c1, true, signal);
  return { c1, commercelayer: new Provisioning(sandbox.commercelayer, true) };
}

/** What the sandbox behind this page's origin says of itself; nothing if there is none. */
export async function readyTenant(): Promise<ReadyTenant | undefined> {
  const response = await fetch("/_sandbox/tenant", { cache: "no-store" });
  if (!response.ok || !response.headers.get("content-type")?.includes("json")) return undefined;
  return (await response.json()) as ReadyTenant;
}

/** The ready-made credentials of a sandbox behind this page's origin; nothing if there is no sandbox. */
export async function findSandbox(): Promise<Sandbox | undefined> {
  const tenant = await readyTenant();
  if (!tenant) return undefined;
  const { clientId, clientSecret, commercelayer } = tenant;
  const serverURL = location.origin;
  return {
    c1: { clientID: clientId, clientSecret, serverURL },
    commercelayer: { credentials: clientCredentials(commercelayer), serverURL },
  };
}
