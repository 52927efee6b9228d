/** `keyturn whoami`: shows the credentials that the other commands use, and whose they are. */

import { c1Client, commerceLayerClient, sourceOf } from "../clients.js";
import type { Context } from "../context.js";
import { UsageError } from "../exit.js";
import type { Given } from "../given.js";
import type { Api, Profile } from "../profiles.js";

/** The identity of a credential. */
interface Identity {
  readonly api: Api;
  /** The source of the credential: `environment`, or `profile NAME`. */
  readonly from: string;
  readonly server: string;
  readonly clientId: string | undefined;
  /** The user's id, or the address with which they log in. */
  readonly user: string;
  readonly roles: readonly string[];
  /** The time at which the profile's credential expires, as an ISO date. */
  readonly expiresAt: string | undefined;
}

/** Calls each API for which there is a credential. */
export async function run(context: Context, given: Given): Promise<void> {
  const asked = given.args[0] as Api | undefined;
  const rows: Identity[] = [];
  let failure: unknown;
  for (const api of asked === undefined ? (["c1", "commercelayer"] as const) : [asked]) {
    const source = await sourceOf(context, api);
    if (source === undefined) continue;
    context.progress.update(`checking ${api}`);
    try {
      rows.push(api === "c1" ? await ofC1(context, source) : await ofCommerceLayer(context, source));
    } catch (error) {
      // The other API's answer is still worth showing.
      if (failure !== undefined || context.signal.aborted) throw error;
      failure = error;
    }
  }
  if (rows.length === 0 && failure !== undefined) throw failure;
  if (rows.length === 0)
    throw new UsageError("there are no credentials to log in with", {
      hint: "Run `keyturn login`, or set CONDUCTORONE_CLIENT_ID and CONDUCTORONE_CLIENT_SECRET.",
    });
  await context.show(rows, {
    columns: [
      { head: "API", text: ({ api }) => api },
      { head: "FROM", text: ({ from }) => from },
      { head: "SERVER", text: ({ server }) => server },
      { head: "CLIENT ID", text: ({ clientId = "" }) => clientId },
      { head: "USER", text: ({ user }) => user },
      { head: "ROLES", text: ({ roles }) => roles.join(", ") },
      { head: "EXPIRES", text: ({ expiresAt = "" }) => expiresAt },
    ],
    blocks: true,
  });
  if (failure !== undefined) throw failure;
}

type Source = "environment" | Profile;

function about(api: Api, source: Source): Pick<Identity, "api" | "from" | "expiresAt"> {
  if (source === "environment") return { api, from: source, expiresAt: undefined };
  const { name, expiresAt } = source;
  return {
    api,
    from: `profile ${name}`,
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
  };
}

async function ofC1(context: Context, source: Source): Promise<Identity> {
  const c1 = await c1Client(context);
  try {
    const { introspectResponse: who } = await c1.auth.introspect({ signal: context.signal });
    const { clientID } = c1.authentication;
    return {
      ...about("c1", source),
      server: c1.serverURL,
      clientId: clientID,
      user: who?.userId ?? "",
      roles: who?.roles ?? [],
    };
  } finally {
    c1.close();
  }
}

async function ofCommerceLayer(context: Context, source: Source): Promise<Identity> {
  const cl = await commerceLayerClient(context);
  try {
    const user = await cl.user.retrieve();
    const clientId = source === "environment" ? context.env.COMMERCELAYER_CLIENT_ID : source.clientId;
    const named = source === "environment" ? context.env.COMMERCELAYER_SERVER_URL : source.serverURL;
    return {
      ...about("commercelayer", source),
      server: named ?? "https://provisioning.commercelayer.io",
      clientId,
      user: user.email ?? user.id,
      roles: [],
    };
  } finally {
    cl.close();
  }
}
