/** Profiles: credentials for the two APIs by a name, kept outside of the project. */

import type { Context } from "./context.js";

/** Which API something is for. */
export type Api = "c1" | "commercelayer";

/** The client id and secret of an application. */
export interface ClientCredential {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Credentials by a name. Reading one does not read its secret. */
export interface Profile {
  readonly name: string;
  readonly api: Api;
  /** The server's base URL, where it is not the tenant's own. */
  readonly serverURL: string | undefined;
  /** The tenant, where the client id does not say it. */
  readonly tenantDomain: string | undefined;
  readonly clientId: string;
  /** Reads the secret from where it is kept. Called when a client is made, and not before. */
  credential(): Promise<ClientCredential>;
}

/**
 * The profile of a name, or the default one for an API if no name is given; `undefined` if there is none.
 *
 * @throws {@link UsageError} for a name that is not there, and for a file that others may read.
 */
export async function loadProfile(
  _context: Context,
  _which: { readonly name?: string | undefined; readonly api: Api },
): Promise<Profile | undefined> {
  return undefined;
}
