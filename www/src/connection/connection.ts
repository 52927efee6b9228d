/** Log-ins, held in memory for as long as the page is. */

import { type ClientOptions, ConductorOne, type shared } from "keyturn/slim";
import { setClock } from "../clock.js";
import { Store } from "../estate/store.js";
import { Inventory } from "../inventory.js";
import type { Provisioning } from "./commercelayer.js";

/** A client that has shown that it can log in. */
export interface Connection {
  readonly client: ConductorOne;
  readonly identity: shared.IntrospectResponse;
  readonly inventory: Inventory;
  /** Sets what this tenant's credentials are remembered as apart from another's. */
  readonly space: string;
  readonly store: Store;
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
  /** Sets this sandbox apart from one that was here before it. */
  readonly mark: string;
  readonly c1: ClientOptions;
}

/** What the sandbox tells everybody who can reach it. */
export interface ReadyTenant {
  clientId: string;
  clientSecret: string;
  commercelayer: { clientId: string; clientSecret: string };
}

/** Logs in. The client is closed again if that fails, or is given up by `signal`. */
export async function connect(
  options: ClientOptions,
  mark: string | undefined,
  signal?: AbortSignal,
): Promise<Connection> {
  const client = new ConductorOne(options);
  try {
    // By itself, since a call has a time limit and somebody may have to approve the log-in first.
    await client.authenticate({ signal });
    const { introspectResponse: identity } = await client.auth.introspect({ signal });
    const space = ["c1", new URL(client.serverURL).host, identity?.tenantId ?? "", mark ?? ""].join(" ").trim();
    const store = await Store.open(space);
    const inventory = await Inventory.open(client, store);
    return { client, identity: identity ?? {}, inventory, space, store, sandbox: mark !== undefined };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** Logs in to both sides of the sandbox. Whether Commerce Layer's answers is seen where its credentials are listed. */
export async function connectSandbox(sandbox: Sandbox, signal?: AbortSignal): Promise<Connections> {
  const [c1, tenant, { openSandbox }] = await Promise.all([
    connect(sandbox.c1, sandbox.mark, signal),
    readyTenant(),
    import("./commercelayer.js"),
  ]);
  if (!tenant) return { c1 };
  // The pair goes straight into the client: nothing else here keeps it.
  const pair = { ...tenant.commercelayer, serverURL: location.origin };
  return { c1, commercelayer: await openSandbox(pair, sandbox.mark) };
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
  const { clientId, clientSecret } = tenant;
  const serverURL = location.origin;
  const shown = await fetch("/_sandbox/clock", { cache: "no-store" });
  setClock(((await shown.json()) as { now: number }).now);
  return {
    mark: await fingerprint(clientSecret),
    c1: { clientID: clientId, clientSecret, serverURL },
  };
}

/** Names a sandbox by its ready-made credential, which every one makes anew. */
async function fingerprint(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest).subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
