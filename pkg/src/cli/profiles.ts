/** Profiles: named credentials for the two APIs, stored outside the project. */

import type { Context } from "./context.js";
import { CommandError, EXIT, UsageError } from "./exit.js";
import { changeProfiles, type Entry, type ProfileFile, profilesPath, readProfiles } from "./profiles/file.js";

/** One of the two APIs. */
export type Api = "c1" | "commercelayer";

/** The client id and secret of an application. */
export interface ClientCredential {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Named credentials. Reading a profile does not read its secret. */
export interface Profile {
  readonly name: string;
  readonly api: Api;
  /** The server's base URL, if it is not the tenant's own. */
  readonly serverURL: string | undefined;
  /** The tenant, if the client id does not name it. */
  readonly tenantDomain: string | undefined;
  readonly clientId: string;
  /** Whether `keyturn login` created the credential. */
  readonly made: boolean;
  /** The time at which it expires, in milliseconds since 1970, if known. */
  readonly expiresAt: number | undefined;
  /** The place of its secret. */
  readonly kept: "keyring" | "file";
  /** Reads the secret from where it is stored. Called only when a client is created. */
  credential(): Promise<ClientCredential>;
}

/** The name of the default profile. */
export const DEFAULT_PROFILE = "default";

/**
 * Loads a profile by name, or the default one for an API if no name is given; `undefined` if there is none.
 *
 * @throws {@link UsageError} for an unknown name, and for a file that others may read.
 */
export async function loadProfile(
  context: Context,
  which: { readonly name?: string | undefined; readonly api: Api },
): Promise<Profile | undefined> {
  const path = profilesPath(context.env);
  const { profiles } = await readProfiles(path);
  const entry = entryOf({ profiles }, which.api, which.name ?? DEFAULT_PROFILE);
  if (entry !== undefined) return profile(which.api, which.name ?? DEFAULT_PROFILE, entry, path);
  // A name may have a credential for one API or for both.
  const { name } = which;
  if (name !== undefined && !Object.values(profiles).some((list) => Object.hasOwn(list, name))) {
    const names = [...new Set(Object.values(profiles).flatMap((list) => Object.keys(list)))];
    throw new UsageError(`there is no profile ${name}`, {
      code: "no_profile",
      hint: names.length > 0 ? `The profiles are ${names.join(", ")}.` : `Create it: keyturn login --profile ${name}`,
    });
  }
  return undefined;
}

/** Loads all profiles, by API and name. */
export async function allProfiles(context: Context): Promise<Profile[]> {
  const path = profilesPath(context.env);
  const { profiles } = await readProfiles(path);
  return (["c1", "commercelayer"] as const).flatMap((api) =>
    Object.entries(profiles[api] ?? {}).map(([name, entry]) => profile(api, name, entry, path)),
  );
}

/** The contents of a new profile. */
export interface NewProfile extends ClientCredential {
  readonly api: Api;
  readonly name: string;
  readonly serverURL?: string | undefined;
  readonly tenantDomain?: string | undefined;
  readonly made?: boolean | undefined;
  readonly expiresAt?: number | undefined;
}

/**
 * Stores a profile: its secret in the system's keyring if that works, otherwise in the file. Throws if it cannot be
 * stored, and then nothing has changed. Returns where the secret is, and why it is not in the keyring if that is
 * installed.
 */
export async function saveProfile(
  context: Context,
  { api, name, clientId, clientSecret, ...others }: NewProfile,
): Promise<{ kept: "keyring" | "file"; path: string; why: string | undefined }> {
  checkName(name);
  const path = profilesPath(context.env);
  const { keyring } = await import("./profiles/keyring.js");
  const account = accountOf(api, name, clientId);
  let kept: "keyring" | "file" = "file";
  let why: string | undefined;
  try {
    const ring = await keyring();
    if (ring !== undefined) {
      await ring.put(account, clientSecret);
      kept = "keyring";
    }
  } catch (error) {
    why = (error as Error).message;
  }
  const entry: Entry = { clientId, ...others, ...(kept === "file" && { clientSecret }) };
  let before: ProfileFile;
  try {
    before = await changeProfiles(path, (file) => withEntry(file, api, name, entry));
  } catch (error) {
    if (kept === "keyring") await (await keyring())?.remove(account).catch(() => undefined);
    throw error;
  }
  // Remove the secret of the replaced profile.
  const old = entryOf(before, api, name);
  if (old !== undefined && old.clientSecret === undefined && old.clientId !== clientId)
    await (await keyring())?.remove(accountOf(api, name, old.clientId)).catch(() => undefined);
  return { kept, path, why };
}

/** Removes a profile and its secret. Does nothing if there is none. */
export async function removeProfile(context: Context, { api, name, clientId, kept }: Profile): Promise<void> {
  if (kept === "keyring") {
    const { keyring } = await import("./profiles/keyring.js");
    await (await keyring())?.remove(accountOf(api, name, clientId));
  }
  await changeProfiles(profilesPath(context.env), (file) => withEntry(file, api, name, undefined));
}

/** Rejects names that are awkward on a command line. */
export function checkName(name: string): void {
  if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(name))
    throw new UsageError(`${name} is not a valid profile name`, {
      hint: "Use at most 64 letters, digits, `.`, `-` and `_`.",
    });
}

/** Checks that a profile can be stored, before a credential is issued that would otherwise be lost. */
export async function checkKeeping(context: Context, name: string): Promise<void> {
  checkName(name);
  await changeProfiles(profilesPath(context.env), (file) => file);
}

function entryOf({ profiles }: Pick<ProfileFile, "profiles">, api: Api, name: string): Entry | undefined {
  const list = profiles[api] ?? {};
  return Object.hasOwn(list, name) ? list[name] : undefined;
}

function withEntry(file: ProfileFile, api: Api, name: string, entry: Entry | undefined): ProfileFile {
  const { [name]: _, ...others } = file.profiles[api] ?? {};
  return {
    ...file,
    profiles: { ...file.profiles, [api]: entry === undefined ? others : { ...others, [name]: entry } },
  };
}

function accountOf(api: Api, name: string, clientId: string): string {
  return `${api}/${name}/${clientId}`;
}

function profile(api: Api, name: string, entry: Entry, path: string): Profile {
  const { clientId, clientSecret, serverURL, tenantDomain, made = false, expiresAt } = entry;
  const kept = clientSecret === undefined ? "keyring" : "file";
  return {
    name,
    api,
    clientId,
    serverURL,
    tenantDomain,
    made,
    expiresAt,
    kept,
    credential: async () => ({
      clientId,
      clientSecret: clientSecret ?? (await fromKeyring(api, name, clientId, path)),
    }),
  };
}

async function fromKeyring(api: Api, name: string, clientId: string, path: string): Promise<string> {
  const { keyring } = await import("./profiles/keyring.js");
  const ring = await keyring();
  if (ring === undefined)
    throw new CommandError(
      EXIT.refused,
      `the secret of the profile ${name} is in the system's keyring, which needs @napi-rs/keyring`,
      {
        hint: "Install it next to keyturn: npm install @napi-rs/keyring",
      },
    );
  let secret: string | undefined;
  try {
    secret = await ring.get(accountOf(api, name, clientId));
  } catch (cause) {
    throw new CommandError(
      EXIT.refused,
      `the system's keyring does not return the secret of the profile ${name}: ${(cause as Error).message}`,
      {
        cause,
        hint: "Unlock it, or log in again.",
      },
    );
  }
  if (secret === undefined)
    throw new CommandError(
      EXIT.refused,
      `the system's keyring has no secret for the profile ${name}, although ${path} refers to one`,
      {
        hint: `Log in again: keyturn login --profile ${name}`,
      },
    );
  return secret;
}
