/** `keyturn login`: creates a profile with a new credential, confirmed in a browser, or with an existing one. */

import { isIP } from "node:net";
import { hostname } from "node:os";
import type { Context } from "../context.js";
import { CommandError, EXIT, UsageError } from "../exit.js";
import { fileLabel, textOf } from "../files.js";
import type { Given } from "../given.js";
import { type Api, checkKeeping, DEFAULT_PROFILE, loadProfile, type NewProfile, saveProfile } from "../profiles.js";

/**
 * The OAuth client with which people log in. The only one that C1 has for command lines is that of its SDK for Go,
 * which the official tools use as well. `--program` names another.
 */
const PROGRAM = "2RCzHlak5q7CY14SdBc8HoZEJRf";
const DAY_MS = 86_400_000;

/** The limits of a new credential. */
interface Limits {
  readonly expiresInDays: number | "never";
  readonly scopedRoles: readonly string[] | "all";
  readonly allowSourceCidr: readonly string[] | "anywhere";
}

/** Logs in, and stores the profile. */
export async function run(context: Context, given: Given): Promise<void> {
  const api = (given.args[0] ?? "c1") as Api;
  const name = given.text("profile") ?? DEFAULT_PROFILE;
  const existing = given.text("client-id") !== undefined || given.text("secret-from") !== undefined;
  const limits = api === "commercelayer" || existing ? undefined : limitsGiven(given);
  await checkKeeping(context, name);
  const before = await find(context, api, name);
  if (before !== undefined)
    await context.confirm(
      `The profile ${name} already has the credential ${before.clientId}, which stays valid. Replace it in the profile?`,
    );
  const kept =
    limits === undefined ? await keepPair(context, given, api, name) : await deviceLogin(context, given, name, limits);
  await context.say(`logged in: the profile ${name} has the credential ${kept.clientId}`);
  await context.say(kept.where);
}

/** Returns the profile of a name and API, if there is one. */
async function find(context: Context, api: Api, name: string): Promise<{ readonly clientId: string } | undefined> {
  try {
    return await loadProfile(context, { name, api });
  } catch (error) {
    if (error instanceof UsageError && error.code === "no_profile") return undefined;
    throw error;
  }
}

interface Kept {
  readonly clientId: string;
  readonly where: string;
}

async function keep(context: Context, profile: NewProfile): Promise<Kept> {
  const { kept, path, why } = await saveProfile(context, profile);
  const where =
    kept === "keyring"
      ? "its secret is in the system's keyring"
      : `its secret is in ${path}, which only you can read${why === undefined ? "" : ` (the system's keyring: ${why})`}`;
  return { clientId: profile.clientId, where };
}

/** Stores an existing client id and secret, if they can log in. */
async function keepPair(context: Context, given: Given, api: Api, name: string): Promise<Kept> {
  const clientId = given.text("client-id") ?? (await (await context.ask("--client-id")).text(context, "Client id"));
  const from = given.text("secret-from");
  const clientSecret =
    from === undefined
      ? await (await context.ask("--secret-from")).secret(context, "Client secret")
      : await secretIn(context, from);
  const { serverURL, tenantDomain } = tenantOf(context, given, api);
  const pair = { api, name, clientId: clientId.trim(), clientSecret: clientSecret.trim(), serverURL, tenantDomain };
  await tryLogin(context, pair);
  return keep(context, pair);
}

/** Logs in once with a pair, so that no profile is created with one that does not work. */
async function tryLogin(
  context: Context,
  { api, clientId, clientSecret, serverURL, tenantDomain }: NewProfile,
): Promise<void> {
  const { clock, signal } = context;
  if (api === "c1") {
    const { ConductorOne } = await import("../../index.js");
    const c1 = new ConductorOne({ clientID: clientId, clientSecret, serverURL, tenantDomain, clock });
    try {
      await c1.authenticate({ signal, timeoutMs: 60_000 });
    } finally {
      c1.close();
    }
    return;
  }
  const { CommerceLayerProvisioning, clientCredentials } = await import("../../commercelayer/index.js");
  const credentials = clientCredentials({ clientId, clientSecret });
  const cl = CommerceLayerProvisioning({ credentials, serverURL, clock });
  try {
    await cl.user.retrieve();
  } finally {
    cl.close();
  }
}

/** Returns the tenant that the flags or the environment name. For C1, the client id may name it as well. */
function tenantOf(
  context: Context,
  given: Given,
  api: Api,
): { serverURL: string | undefined; tenantDomain: string | undefined } {
  const variable = (name: string): string | undefined => context.env[name] || undefined;
  const serverURL = given.text("server-url");
  const tenantDomain = given.text("tenant");
  if (serverURL !== undefined || tenantDomain !== undefined) return { serverURL, tenantDomain };
  if (api === "commercelayer") return { serverURL: variable("COMMERCELAYER_SERVER_URL"), tenantDomain: undefined };
  return { serverURL: variable("CONDUCTORONE_SERVER_URL"), tenantDomain: variable("CONDUCTORONE_TENANT_DOMAIN") };
}

async function secretIn(context: Context, file: string): Promise<string> {
  const text = await textOf(context, file);
  if (text.trim() === "") throw new UsageError(`${fileLabel(file)} is empty`);
  return text;
}

/** Lets a person confirm a code in a browser, and exchanges their login for a credential for this machine. */
async function deviceLogin(
  context: Context,
  given: Given,
  name: string,
  stated: ReturnType<typeof limitsGiven>,
): Promise<Kept> {
  const { ConductorOne, createPersonalClient, deviceLogin: byDevice } = await import("../../index.js");
  let { serverURL, tenantDomain } = tenantOf(context, given, "c1");
  if (serverURL === undefined && tenantDomain === undefined) {
    const ask = await context.ask("--tenant");
    const check = (text: string): string | undefined => (text.trim() === "" ? "Which tenant?" : undefined);
    tenantDomain = await ask.text(context, "Tenant", { placeholder: "acme, or acme.conductor.one", check });
  }
  const limits = await limitsOf(context, stated);
  const onCode = (code: { userCode: string; verificationUri: string; verificationUriComplete: string | undefined }) =>
    context.say(`Open ${code.verificationUriComplete ?? code.verificationUri}\nand compare the code: ${code.userCode}`);
  const credentials = byDevice({ clientID: given.text("program") ?? PROGRAM, onCode, signal: context.signal });
  const c1 = new ConductorOne({ credentials, serverURL, tenantDomain, clock: context.clock });
  try {
    await c1.authenticate({ signal: context.signal });
    context.unlessInterrupted();
    const displayName = given.text("name") ?? `keyturn on ${hostname()}`;
    // Not interruptible from here on: a new credential must be stored.
    const made = await createPersonalClient(c1, { displayName, ...limits });
    const { expiresInDays: days } = limits;
    const expiresAt = days === "never" ? undefined : context.clock.now() + days * DAY_MS;
    const clientSecret = made.clientSecret.reveal();
    try {
      return await keep(context, {
        api: "c1",
        name,
        clientId: made.clientID,
        clientSecret,
        serverURL,
        tenantDomain,
        made: true,
        expiresAt,
      });
    } catch (cause) {
      await takenBack(c1, made.clientID, cause);
      throw cause;
    }
  } finally {
    c1.close();
  }
}

type C1 = InstanceType<typeof import("../../index.js")["ConductorOne"]>;

/** Revokes a credential whose secret could not be stored. */
async function takenBack(c1: C1, clientId: string, cause: unknown): Promise<void> {
  try {
    await c1.personalClient.delete({ id: clientId.split("@")[0] ?? "" });
  } catch {
    throw new CommandError(
      EXIT.person,
      `the credential ${clientId} was created, but could be neither stored nor revoked`,
      {
        cause,
        hint: "Revoke it in C1, among your API keys.",
      },
    );
  }
}

/** Returns the limits that flags state, which are checked before anything is asked. */
function limitsGiven(given: Given): { readonly [Name in keyof Limits]: Limits[Name] | undefined } {
  const expires = given.text("expires");
  const allowSourceCidr = listOf(given.list("cidr"), "anywhere");
  const wrong = wrongRange(allowSourceCidr);
  if (wrong !== undefined) throw new UsageError(`--cidr: ${wrong}`);
  return {
    expiresInDays: expires === undefined ? undefined : daysOf(expires),
    scopedRoles: listOf(given.list("scope"), "all"),
    allowSourceCidr,
  };
}

/** Returns the limits, from flags or questions. Without a default, a key is unlimited only if somebody asked for it. */
async function limitsOf(context: Context, stated: ReturnType<typeof limitsGiven>): Promise<Limits> {
  return {
    expiresInDays: stated.expiresInDays ?? daysOf(await askExpiry(context)),
    scopedRoles: stated.scopedRoles ?? (await askList(context, "--scope", "all", ROLES)),
    allowSourceCidr: stated.allowSourceCidr ?? (await askList(context, "--cidr", "anywhere", RANGES, wrongRange)),
  };
}

/** Returns the problem of a list of address ranges, which a server would report only after the login is confirmed. */
function wrongRange(list: readonly string[] | "anywhere" | undefined): string | undefined {
  if (list === undefined || list === "anywhere") return undefined;
  const wrong = list.find((range) => {
    const [, address = "", bits] = /^([^/]+)\/(\d{1,3})$/.exec(range) ?? [];
    const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    return bits === undefined || Number(bits) > most;
  });
  return wrong === undefined ? undefined : `${wrong} is not an address range such as 192.0.2.0/24`;
}

const ROLES = {
  what: "What may the credential do?",
  every: "everything that you may do",
  some: "only what some roles may do",
  which: "Ids of the roles, separated by commas",
};
const RANGES = {
  what: "From where may the credential be used?",
  every: "from anywhere",
  some: "only from some address ranges",
  which: "Address ranges, separated by commas, such as 192.0.2.0/24",
};

function daysOf(text: string): number | "never" {
  if (text === "never") return "never";
  const days = Number(/^(\d{1,4})d?$/.exec(text)?.[1] ?? Number.NaN);
  if (!(days >= 1 && days <= 3650))
    throw new UsageError(`--expires must be a number of days such as 30d, at most 3650d, or never, but is ${text}`);
  return days;
}

async function askExpiry(context: Context): Promise<string> {
  const ask = await context.ask("--expires");
  return ask.select(context, "When should the credential expire?", [
    { value: "30d", label: "30 days" },
    { value: "90d", label: "90 days" },
    { value: "never", label: "never", hint: "there will be no reminder" },
  ]);
}

/** Returns the values of a repeated flag. The word for no limit must be the only value. */
function listOf<Every extends string>(given: readonly string[], every: Every): readonly string[] | Every | undefined {
  const list = given
    .flatMap((one) => one.split(","))
    .map((one) => one.trim())
    .filter((one) => one !== "");
  if (list.length === 0) return undefined;
  if (!list.includes(every)) return list;
  if (list.length > 1) throw new UsageError(`${every} and ${list.find((one) => one !== every)} exclude each other`);
  return every;
}

async function askList<Every extends string>(
  context: Context,
  flag: string,
  every: Every,
  words: { what: string; every: string; some: string; which: string },
  wrong: (list: readonly string[] | Every) => string | undefined = () => undefined,
): Promise<readonly string[] | Every> {
  const ask = await context.ask(flag);
  const choice = await ask.select(context, words.what, [
    { value: "some", label: words.some },
    { value: "every", label: words.every },
  ]);
  if (choice === "every") return every;
  const check = (text: string): string | undefined => {
    const list = listOf([text], every);
    return list === undefined ? "Enter at least one." : wrong(list);
  };
  return listOf([await ask.text(context, words.which, { check })], every) ?? every;
}
