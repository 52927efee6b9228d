/** Connectors and API credentials that could become targets of `keyturn.json`, and the entries that they would get. */

import { c1Client, commerceLayerClient, type Tenant } from "./clients.js";
import type { Config, TargetConfig } from "./config.js";
import type { Context } from "./context.js";
import type { Api } from "./profiles.js";

/** A connector or credential that may become a target. */
export interface Candidate {
  readonly name: string;
  readonly api: Api;
  readonly label: string;
  /**
   * The tenant of `keyturn.json` that it belongs to; `undefined` for that of the environment or the default profile.
   */
  readonly tenant?: string | undefined;
  readonly place:
    | { readonly kind: "c1-connector"; readonly appId: string; readonly connectorId: string }
    | { readonly kind: "commercelayer-api-credential"; readonly id: string };
}

/** A target as it is written to `keyturn.json`. */
export type Written = Pick<TargetConfig, "tenant" | "sinks" | "policy"> & Candidate["place"];

/** Returns the key that identifies a place at its control plane. */
export function keyOf(place: object): string {
  const { appId, connectorId, id } = place as { appId?: string; connectorId?: string; id?: string };
  return connectorId === undefined ? String(id) : `${appId}/${connectorId}`;
}

/** Lists the connectors of all apps of a C1 tenant. */
export async function* connectors(context: Context, tenant?: Tenant): AsyncGenerator<Candidate> {
  const c1 = await c1Client(context, tenant);
  const { signal } = context;
  try {
    for await (const app of c1.apps.list({ pageSize: 100 }, { signal })) {
      const appId = app.id ?? "";
      for await (const { connector } of c1.connector.list({ appId }, { signal })) {
        const connectorId = connector?.id ?? "";
        if (!appId || !connectorId) continue;
        const [of, own] = [app.displayName ?? "", connector?.displayName ?? ""];
        const label = [of, own].filter(Boolean).join(" / ") || connectorId;
        // "GitHub / GitHub production" would be redundant.
        const name = own.toLowerCase().startsWith(of.toLowerCase()) ? own || connectorId : label;
        yield { name, api: "c1", label, place: { kind: "c1-connector", appId, connectorId } };
      }
    }
  } finally {
    c1.close();
  }
}

/** The prefix of the `reference_origin` that rotations write; the id of the first credential of the line follows it. */
const LINE = "keyturn-line-";

/**
 * Lists the API credentials of an organization that can be replaced without anybody's help. A line of credentials that
 * succeeded each other is one target, identified by the id of the first.
 */
export async function* apiCredentials(context: Context, tenant?: Tenant): AsyncGenerator<Candidate> {
  const client = await commerceLayerClient(context, tenant);
  const lines = new Set<string>();
  for await (const { id: own, name, kind, reference_origin: origin } of client.api_credentials.list({ pageSize: 25 })) {
    // The client ids of these kinds are part of storefronts.
    if (kind === "sales_channel" || kind === "webapp") continue;
    const id = origin?.startsWith(LINE) ? origin.slice(LINE.length) : own;
    if (lines.has(id)) continue;
    lines.add(id);
    yield {
      name: name || id,
      api: "commercelayer",
      label: `${name} (${kind})`,
      place: { kind: "commercelayer-api-credential", id },
    };
  }
}

/** The default policy of new targets. */
export const USUAL = { rotateEvery: "60d", grace: "24h" } as const;

/**
 * Returns entries of `targets` for candidates, under names that are not taken. Each is delivered to a file until
 * somebody names other sinks.
 */
export function targetsOf(
  chosen: readonly Candidate[],
  taken: Set<string>,
  policy: NonNullable<TargetConfig["policy"]> = USUAL,
): Readonly<Record<string, Written>> {
  const targets: Record<string, Written> = {};
  for (const { name, api, tenant, place } of chosen) {
    const plain =
      name
        .normalize("NFKD")
        // Removes diacritics: "Löhne" becomes "lohne".
        .replace(/\p{M}+/gu, "")
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-|-$/g, "")
        .slice(0, 60) || "target";
    const free = [plain, ...Array.from({ length: taken.size + 1 }, (_, index) => `${plain}-${index + 2}`)];
    const unique = free.find((one) => !taken.has(one)) ?? plain;
    taken.add(unique);
    const names =
      api === "c1" ? {} : { clientId: "COMMERCELAYER_CLIENT_ID", clientSecret: "COMMERCELAYER_CLIENT_SECRET" };
    const sinks = [{ kind: "env-file" as const, path: `./${unique}.env`, ...names }];
    targets[unique] = { ...place, ...(tenant === undefined ? {} : { tenant }), sinks, policy };
  }
  return targets;
}

/** A candidate that `keyturn.json` does not name, with its possible entry; or a tenant that could not be listed. */
export type Discovered =
  | {
      readonly candidate: {
        readonly target: string;
        readonly label: string;
        readonly api: Api;
        readonly entry: Written;
      };
    }
  | { readonly missing: { readonly what: string; readonly message: string } };

/**
 * Searches every tenant of the configuration, and those of the environment or the default profile, for candidates that
 * are not targets yet. A tenant that cannot be listed is reported among them.
 */
export async function* discover(context: Context, { tenants = {}, targets }: Config): AsyncGenerator<Discovered> {
  const known = new Set(Object.values(targets).map(keyOf));
  const taken = new Set(Object.keys(targets));
  const apis: readonly Api[] = ["c1", "commercelayer"];
  const sources = [
    ...apis.map((api) => ({ api, tenant: undefined, options: undefined })),
    ...Object.entries(tenants).map(([tenant, options]) => ({ api: options.api, tenant, options })),
  ];
  for (const { api, tenant, options } of sources) {
    try {
      const list = api === "c1" ? connectors(context, options) : apiCredentials(context, options);
      for await (const found of list) {
        const key = keyOf(found.place);
        if (known.has(key)) continue;
        known.add(key);
        const [[target, entry] = []] = Object.entries(targetsOf([{ ...found, tenant }], taken));
        if (target !== undefined && entry !== undefined)
          yield { candidate: { target, label: found.label, api, entry } };
      }
    } catch (error) {
      yield { missing: { what: tenant ?? NAMES[api], message: (error as Error).message } };
    }
  }
}

const NAMES: Readonly<Record<Api, string>> = { c1: "C1", commercelayer: "Commerce Layer" };
