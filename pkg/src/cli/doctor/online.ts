/**
 * The checks of `--online`, which call servers: those that the configuration names, or those of the environment if
 * there is none. A login is made only with the commands' own credentials: a credential in a sink or a file may be a
 * decoy, whose use raises an alarm.
 */

import { KeyturnError } from "../../base/errors.js";
import { c1Client, commerceLayerClient, serverOf, sourceOf, type Tenant } from "../clients.js";
import { aheadOf } from "../clocks.js";
import { type ConfigFile, openConfig } from "../config.js";
import type { Context } from "../context.js";
import type { Api } from "../profiles.js";
import { lengthText } from "../times.js";
import { type Check, ok } from "./check.js";

/** How far a clock may be off, in milliseconds. Assertions are valid for two minutes either way. */
const OFFSET_MS = 30_000;

/** Logs in to each tenant once, and inspects the targets. */
export async function onlineChecks(context: Context, file: ConfigFile | undefined): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [about, tenant] of await tenantsOf(context, file)) {
    context.progress.update(`checking ${about}`);
    checks.push(...(await loginChecks(context, about, tenant)));
  }
  // Targets are inspected with the same logins.
  if (file !== undefined && checks.every(({ level }) => level !== "error"))
    checks.push(...(await targetChecks(context)));
  return checks;
}

/** Returns the tenants of the targets; without a configuration, those for which there are credentials. */
async function tenantsOf(context: Context, file: ConfigFile | undefined): Promise<[about: string, tenant: Tenant][]> {
  const found = new Map<string, Tenant>();
  if (file === undefined) {
    for (const api of ["c1", "commercelayer"] as const)
      if ((await sourceOf(context, api).catch(() => undefined)) !== undefined) found.set(api, { api });
    return [...found];
  }
  const { targets, tenants = {} } = file.config;
  for (const { kind, tenant } of Object.values(targets)) {
    const api: Api = kind === "commercelayer-api-credential" ? "commercelayer" : "c1";
    const named = tenant === undefined ? undefined : tenants[tenant];
    found.set(tenant === undefined ? api : `tenant ${tenant}`, named ?? { api });
  }
  return [...found];
}

async function loginChecks(context: Context, about: string, tenant: Tenant): Promise<Check[]> {
  try {
    if (tenant.api === "commercelayer") {
      const cl = await commerceLayerClient(context, tenant);
      try {
        await cl.user.retrieve();
        const ahead = await aheadOf(context, serverOf(cl) ?? "");
        return [ok("online.login", about, "the credential logs in"), ...clockChecks(about, ahead)];
      } finally {
        cl.close();
      }
    }
    const c1 = await c1Client(context, tenant);
    try {
      const { introspectResponse: who } = await c1.auth.introspect({ signal: context.signal });
      const login = ok(
        "online.login",
        about,
        `the credential logs in, with the roles ${who?.roles?.join(", ") || "(none)"}`,
      );
      return [login, ...clockChecks(about, await aheadOf(context, c1.serverURL))];
    } finally {
      c1.close();
    }
  } catch (error) {
    context.unlessInterrupted();
    if (!KeyturnError.is(error) && !(error instanceof Error && "hint" in error)) throw error;
    const { hint, kind = "unusable" } = error as { hint?: unknown; kind?: string };
    return [
      {
        code: `online.${kind}`,
        level: "error",
        about,
        message: (error as Error).message,
        fix: typeof hint === "string" ? hint : undefined,
      },
    ];
  }
}

function clockChecks(about: string, ahead: number | undefined): Check[] {
  if (ahead === undefined) return [];
  if (Math.abs(ahead) < OFFSET_MS) return [ok("online.clock", about, "the clocks agree")];
  return [
    {
      code: "online.clock_offset",
      level: "warning",
      about,
      message: `the machine's clock is ${lengthText(Math.abs(ahead))} ${ahead < 0 ? "behind" : "ahead of"} the server's`,
      fix: "Set it, for example with NTP.",
    },
  ];
}

async function targetChecks(context: Context): Promise<Check[]> {
  await using opened = await openConfig(context);
  const findings = await opened.lifecycle.findings(undefined, { observe: true, signal: context.signal });
  if (findings.length === 0) return [ok("target.findings", "targets", "the control planes and sinks show no problems")];
  return findings.map(({ code, severity, target, message }) => ({
    code: `target.${code.replaceAll("-", "_")}`,
    level: severity === "low" ? "note" : severity === "medium" ? "warning" : "error",
    about: `target ${target}`,
    message,
  }));
}
