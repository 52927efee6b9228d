/** Log-ins, held in memory until the page is closed. */

import { type ClientOptions, ConductorOne, type shared } from "keyturn/slim";
import { setClock } from "../clock.js";
import { Store } from "../estate/store.js";
import { Inventory } from "../inventory.js";
import type { Provisioning } from "./commercelayer.js";

/** A client whose log-in has succeeded. */
export interface Connection {
  readonly client: ConductorOne;
  readonly identity: shared.IntrospectResponse;
  readonly inventory: Inventory;
  /** A key that separates the stored data of this tenant from that of others. */
  readonly space: string;
  readonly store: Store;
  /** Whether this is a sandbox, in which nothing is real. */
  readonly sandbox: boolean;
}

/** What a page is connected to: C1, Commerce Layer, or both. */
export interface Connections {
  readonly c1?: Connection | undefined;
  readonly commercelayer?: Provisioning | undefined;
}

/** How to log in to a sandbox. */
export interface Sandbox {
  /** Tells this sandbox from earlier ones at the same address. */
  readonly mark: string;
  readonly c1: ClientOptions;
}

/** The credentials that the sandbox gives to anybody who can reach it. */
export interface ReadyTenant {
  clientId: string;
  clientSecret: string;
  commercelayer: { clientId: string; clientSecret: string };
}

/** Logs in. Closes the client again if that fails or `signal` aborts it. */
export async function connect(
  options: ClientOptions,
  mark: string | undefined,
  signal?: AbortSignal,
): Promise<Connection> {
  const client = new ConductorOne(options);
  try {
    // A step of its own, since calls have a deadline and a person may have to approve the log-in first.
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

/** Connects to both APIs of the sandbox. A failing log-in to Commerce Layer's shows when credentials are listed. */
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

/** Fetches the credentials of the sandbox behind this page's origin; returns `undefined` if there is none. */
export async function readyTenant(): Promise<ReadyTenant | undefined> {
  const response = await fetch("/_sandbox/tenant", { cache: "no-store" });
  if (!response.ok || !response.headers.get("content-type")?.includes("json")) return undefined;
  return (await response.json()) as ReadyTenant;
}

/**
 * Returns how to log in to the sandbox behind this page's origin, and sets the clock to its time. Returns `undefined`
 * if there is no sandbox.
 */
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

/** Derives a name for a sandbox from its ready-made credential, which each sandbox generates anew. */
async function fingerprint(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest).subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
