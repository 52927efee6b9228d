/** Checks the format, completeness and host of the credentials that the commands would use. Nothing is sent. */

import { KeyturnError } from "../../base/errors.js";
import { c1Client, commerceLayerClient, sourceOf, type Tenant } from "../clients.js";
import type { Config } from "../config.js";
import type { Context } from "../context.js";
import { UsageError } from "../exit.js";
import { type Api, allProfiles, type Profile } from "../profiles.js";
import { timeText } from "../times.js";
import { type Check, ok, SOON_MS } from "./check.js";

/** Checks the environment, each profile, and the tenants that `keyturn.json` names. */
export async function credentialChecks(context: Context, config: Config | undefined): Promise<Check[]> {
  const checks: Check[] = [];
  for (const api of ["c1", "commercelayer"] as const) {
    checks.push(...halves(context, api), ...blanks(context, api));
    if ((await sourceOf(context, api).catch(() => undefined)) === "environment")
      checks.push(...(await clientChecks(context, api, `environment (${api})`, { api }, hostsOf(context, api))));
  }
  const profiles = await allProfiles(context).catch(() => []);
  for (const profile of profiles) {
    const { api, name, serverURL, tenantDomain, clientId } = profile;
    const about = `profile ${name} (${api})`;
    checks.push(...expiry(context, profile, about));
    checks.push(
      ...(await clientChecks(context, api, about, { api, profile: name }, { clientId, serverURL, tenantDomain })),
    );
  }
  for (const [name, tenant] of Object.entries(config?.tenants ?? {})) {
    const clientId = typeof tenant.clientId === "object" ? context.env[tenant.clientId.env] : tenant.clientId;
    const { serverURL, tenantDomain } = tenant;
    checks.push(
      ...(await clientChecks(context, tenant.api, `tenant ${name}`, tenant, { clientId, serverURL, tenantDomain })),
    );
  }
  return checks;
}

/** The host that a credential names, and the host that its client is configured to use. */
interface Hosts {
  readonly clientId: string | undefined;
  readonly serverURL: string | undefined;
  readonly tenantDomain: string | undefined;
}

function hostsOf({ env }: Context, api: Api): Hosts {
  if (api === "commercelayer")
    return { clientId: undefined, serverURL: env.COMMERCELAYER_SERVER_URL, tenantDomain: undefined };
  return {
    clientId: env.CONDUCTORONE_CLIENT_ID,
    serverURL: env.CONDUCTORONE_SERVER_URL || undefined,
    tenantDomain: env.CONDUCTORONE_TENANT_DOMAIN || undefined,
  };
}

/** Creates a client, which checks the format of ids, secrets and keys, and sends nothing. */
async function clientChecks(context: Context, api: Api, about: string, tenant: Tenant, hosts: Hosts): Promise<Check[]> {
  try {
    const client = api === "c1" ? await c1Client(context, tenant) : await commerceLayerClient(context, tenant);
    client.close();
  } catch (error) {
    if (!KeyturnError.is(error) && !(error instanceof Error && "hint" in error)) throw error;
    const { reason } = error as { reason?: unknown };
    const { hint } = error as { hint?: unknown };
    const word = error instanceof UsageError ? "incomplete" : typeof reason === "string" ? reason : "unusable";
    return [
      {
        code: `credential.${word}`,
        level: "error",
        about,
        message: (error as Error).message,
        fix: typeof hint === "string" ? hint : undefined,
      },
    ];
  }
  return [
    ok("credential.form", about, "the id, the secret and the key are well-formed"),
    ...belonging(api, about, hosts),
  ];
}

/** The hosts of C1's tenants. */
const TENANTS = /(?:^|\.)(?:conductor\.one|conductorone\.com)$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\]|.*\.(?:localhost|invalid))$/;

function belonging(api: Api, about: string, { clientId, serverURL, tenantDomain }: Hosts): Check[] {
  if (api !== "c1" || clientId === undefined) return [];
  const [, authority = "", use] = /^[^@]+@([^/]+)\/(\w+)$/.exec(clientId.trim()) ?? [];
  const host = authority.replace(/:\d+$/, "");
  const checks: Check[] = [];
  if (use === "ccc" || use === "tcc")
    checks.push({
      code: "credential.consumer",
      level: "warning",
      about,
      message: `${clientId} is the credential of a ${use === "ccc" ? "connector" : "bridge"}, which cannot rotate others`,
      fix: "Log in with a personal client or a service principal's credential: `keyturn login` makes one.",
    });
  const server = serverURL !== undefined && URL.canParse(serverURL) ? new URL(serverURL).hostname : undefined;
  const domain = tenantDomain?.replace(/^https?:\/\//, "").replace(/[/:].*$/, "");
  const meant = server ?? (domain === undefined || domain.includes(".") ? domain : `${domain}.conductor.one`);
  if (meant !== undefined && host !== "" && meant !== host)
    checks.push({
      code: "credential.other_host",
      level: "warning",
      about,
      message: `the client id belongs to ${host}, but requests go to ${meant}`,
      fix: "Remove the address unless it is a proxy for the tenant: the client id names the host.",
    });
  else if (!TENANTS.test(host) && !LOOPBACK.test(host))
    checks.push({
      code: "credential.unknown_host",
      level: "note",
      about,
      message: `${host} is not one of C1's usual hosts`,
    });
  else checks.push(ok("credential.host", about, `it belongs to ${host}`));
  return checks;
}

/** Checks variables that have a meaning only together. */
function halves({ env }: Context, api: Api): Check[] {
  const prefix = api === "c1" ? "CONDUCTORONE" : "COMMERCELAYER";
  const has = (name: string): boolean => Boolean(env[`${prefix}_${name}`]);
  if (has("ACCESS_TOKEN") && has("CLIENT_SECRET"))
    return [
      {
        code: "environment.token_wins",
        level: "note",
        about: `${prefix}_ACCESS_TOKEN`,
        message: `this token is used instead of ${prefix}_CLIENT_SECRET, and is never renewed`,
      },
    ];
  return [];
}

/** Checks for line ends and spaces around values, which come from files and pasted text and are rarely intended. */
function blanks({ env }: Context, api: Api): Check[] {
  const prefix = api === "c1" ? "CONDUCTORONE_" : "COMMERCELAYER_";
  return Object.entries(env).flatMap(([name, value = ""]): Check[] =>
    name.startsWith(prefix) && value !== value.trim()
      ? [
          {
            code: "environment.blanks",
            level: "warning",
            about: name,
            message: "it starts or ends with white space",
            fix: "Set it again without the white space.",
          },
        ]
      : [],
  );
}

function expiry({ clock }: Context, { expiresAt }: Profile, about: string): Check[] {
  if (expiresAt === undefined) return [];
  const now = clock.now();
  const when = timeText(expiresAt, now);
  const fix = "Run `keyturn login` again.";
  if (expiresAt <= now) return [{ code: "profile.expired", level: "error", about, message: `it expired ${when}`, fix }];
  if (expiresAt - now < SOON_MS)
    return [{ code: "profile.expires_soon", level: "warning", about, message: `it expires ${when}`, fix }];
  return [ok("profile.lives", about, `it expires ${when}`)];
}
