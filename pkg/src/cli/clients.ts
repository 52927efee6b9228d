/** Creates clients of the two APIs, with credentials from `keyturn.json`, the environment or a profile. */

import type { CommerceLayerProvisioningClient } from "../commercelayer/index.js";
import type { ConductorOne } from "../index.js";
import type { Context } from "./context.js";
import { UsageError } from "./exit.js";
import { type Api, loadProfile, type Profile } from "./profiles.js";

/** The tenant of a client. Fields that are left out come from the environment or the default profile. */
export interface Tenant {
  readonly api: Api;
  /** The name of a profile. */
  readonly profile?: string | undefined;
  readonly serverURL?: string | undefined;
  /** C1: the tenant's domain, if the client id does not name it. */
  readonly tenantDomain?: string | undefined;
  /** The client id itself, or the variable that holds it. It is not a secret. */
  readonly clientId?: string | { readonly env: string } | undefined;
  /** The source of the secret. */
  readonly clientSecret?: SecretSource | undefined;
}

/** Where a secret is read from when it is needed; never the secret itself. */
export type SecretSource = { readonly env: string } | { readonly file: string };

/** Creates a client of C1. The library is loaded here, so that commands without a client do not pay for it. */
export async function c1Client(context: Context, tenant: Tenant = { api: "c1" }): Promise<ConductorOne> {
  const { ConductorOne, gitHubActionsToken, tokenExchange } = await import("../index.js");
  const options = { clock: context.clock, userAgent: "keyturn-cli" };
  const found = await credentialOf(context, tenant);
  if (found === "environment") {
    const { env: environment } = context;
    const trust = trustOf(environment);
    if (trust === undefined) return ConductorOne.fromEnv({ ...options, environment });
    const { clientID, audience, ...where } = trust;
    const subjectToken = gitHubActionsToken({ environment, ...(audience === undefined ? {} : { audience }) });
    return new ConductorOne({ ...options, ...where, credentials: tokenExchange({ clientID, subjectToken }) });
  }
  const { clientId: clientID, clientSecret, serverURL, tenantDomain } = found;
  return new ConductorOne({
    ...options,
    clientID,
    clientSecret,
    ...(serverURL === undefined ? {} : { serverURL }),
    ...(tenantDomain === undefined ? {} : { tenantDomain }),
  });
}

/**
 * Returns the trust by which a job of GitHub Actions logs in: its client id is set, there is no secret, and the runner
 * issues identity tokens.
 */
function trustOf(
  env: NodeJS.ProcessEnv,
): { clientID: string; audience?: string; serverURL?: string; tenantDomain?: string } | undefined {
  const { CONDUCTORONE_CLIENT_ID: clientID, ACTIONS_ID_TOKEN_REQUEST_URL: runner } = env;
  const others = ["CONDUCTORONE_CLIENT_SECRET", "CONDUCTORONE_OIDC_TOKEN", "CONDUCTORONE_ACCESS_TOKEN"];
  if (!clientID || !runner || others.some((name) => env[name])) return undefined;
  const given = {
    audience: env.CONDUCTORONE_OIDC_AUDIENCE,
    serverURL: env.CONDUCTORONE_SERVER_URL,
    tenantDomain: env.CONDUCTORONE_TENANT_DOMAIN,
  };
  return { clientID, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value)) };
}

/** Creates a client of the Provisioning API. */
export async function commerceLayerClient(
  context: Context,
  tenant: Tenant = { api: "commercelayer" },
): Promise<CommerceLayerProvisioningClient> {
  const { CommerceLayerProvisioning, clientCredentials } = await import("../commercelayer/index.js");
  const options = { clock: context.clock, userAgent: "keyturn-cli" };
  const found = await credentialOf(context, tenant);
  const made = (
    client: CommerceLayerProvisioningClient,
    { serverURL, domain }: { serverURL?: string; domain?: string },
  ) => {
    servers.set(client, serverURL ?? `https://provisioning.${domain ?? "commercelayer.io"}`);
    return client;
  };
  if (found === "environment") {
    const {
      COMMERCELAYER_ACCESS_TOKEN: accessToken,
      COMMERCELAYER_CLIENT_ID: clientId,
      COMMERCELAYER_CLIENT_SECRET: clientSecret,
      COMMERCELAYER_SERVER_URL,
      COMMERCELAYER_DOMAIN: domain,
    } = context.env;
    const serverURL = tenant.serverURL ?? COMMERCELAYER_SERVER_URL;
    const where = { ...(serverURL ? { serverURL } : {}), ...(domain ? { domain } : {}) };
    if (accessToken) return made(CommerceLayerProvisioning({ ...options, ...where, accessToken }), where);
    if (!clientId || !clientSecret)
      throw new UsageError(
        "COMMERCELAYER_CLIENT_ID and COMMERCELAYER_CLIENT_SECRET must be set together: one is missing",
      );
    const credentials = clientCredentials({ clientId, clientSecret });
    return made(CommerceLayerProvisioning({ ...options, ...where, credentials }), where);
  }
  const { clientId, clientSecret, serverURL } = found;
  const where = serverURL === undefined ? {} : { serverURL };
  const credentials = clientCredentials({ clientId, clientSecret });
  return made(CommerceLayerProvisioning({ ...options, ...where, credentials }), where);
}

/** The base URLs of Commerce Layer's clients, which do not expose them. */
const servers = new WeakMap<object, string>();

/** Returns the base URL that a client calls; `undefined` if the client was not created here. */
export function serverOf(client: object): string | undefined {
  return servers.get(client) ?? (client as { serverURL?: string }).serverURL;
}

interface Credential {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly serverURL: string | undefined;
  readonly tenantDomain: string | undefined;
}

/**
 * Returns the credentials of a tenant, from the first of these that is set: its own configuration, `--profile` or
 * `KEYTURN_PROFILE`, the environment, the default profile.
 */
async function credentialOf(context: Context, tenant: Tenant): Promise<Credential | "environment"> {
  const { api, clientId, clientSecret, serverURL, tenantDomain } = tenant;
  if (clientSecret !== undefined) {
    const id = typeof clientId === "string" ? clientId : await secretOf(context, clientId ?? { env: "" });
    return { clientId: id, clientSecret: await secretOf(context, clientSecret), serverURL, tenantDomain };
  }
  const source = await sourceOf(context, api, tenant.profile);
  if (source === "environment") return source;
  if (source !== undefined) return credentialIn(source, tenant);
  const name = profileName(context, tenant.profile);
  const prefix = api === "c1" ? "CONDUCTORONE" : "COMMERCELAYER";
  throw new UsageError(
    name === undefined ? `there are no credentials for ${NAMES[api]}` : `there is no profile ${name} for ${NAMES[api]}`,
    { hint: `Set ${prefix}_CLIENT_ID and ${prefix}_CLIENT_SECRET, or create a profile with \`keyturn login\`.` },
  );
}

/** Returns the name of the profile that a tenant, `--profile` or `KEYTURN_PROFILE` names. */
function profileName({ manner, env }: Context, named: string | undefined): string | undefined {
  return named ?? manner.profile ?? (env.KEYTURN_PROFILE || undefined);
}

/** The variables whose presence means that the environment has credentials for an API. */
const VARIABLES: Readonly<Record<Api, RegExp>> = {
  c1: /^CONDUCTORONE_(?:CLIENT_|ACCESS_TOKEN|OIDC_TOKEN)|^TFC_WORKLOAD_IDENTITY_TOKEN/,
  commercelayer: /^COMMERCELAYER_(?:CLIENT_|ACCESS_TOKEN)/,
};

/** Returns the credentials for a tenant that names none: a named profile, the environment, or the default profile. */
export async function sourceOf(
  context: Context,
  api: Api,
  profile?: string | undefined,
): Promise<"environment" | Profile | undefined> {
  const name = profileName(context, profile);
  const inEnvironment = Object.entries(context.env).some(([key, value]) => VARIABLES[api].test(key) && value);
  if (name === undefined && inEnvironment) return "environment";
  return loadProfile(context, { name, api });
}

const NAMES: Readonly<Record<Api, string>> = { c1: "C1", commercelayer: "Commerce Layer" };

async function credentialIn(profile: Profile, { serverURL, tenantDomain }: Tenant): Promise<Credential> {
  const { clientId, clientSecret } = await profile.credential();
  return {
    clientId,
    clientSecret,
    serverURL: serverURL ?? profile.serverURL,
    tenantDomain: tenantDomain ?? profile.tenantDomain,
  };
}

/** Reads a secret from its source. A line feed at the end of a file is not part of it. */
export async function secretOf({ env, cwd, stdin }: Context, source: SecretSource, folder = cwd): Promise<string> {
  if ("env" in source) {
    const value = env[source.env];
    if (!value) throw new UsageError(`the variable ${source.env} is not set`, { hint: "keyturn.json names it." });
    return value;
  }
  const { textOf } = await import("./files.js");
  const value = (await textOf({ stdin, cwd: folder }, source.file)).replace(/\r?\n$/, "");
  if (value === "") throw new UsageError(`the file ${source.file} is empty`, { hint: "keyturn.json names it." });
  return value;
}
