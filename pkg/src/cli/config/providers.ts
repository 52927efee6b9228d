/** Creates the providers of `keyturn.json`. */

import type { CommerceLayerProvisioningClient } from "../../commercelayer/index.js";
import type { ConductorOne } from "../../index.js";
import {
  apiCredentialProvider,
  bridgeProvider,
  connectorProvider,
  type Provider,
  personalClientProvider,
  servicePrincipalProvider,
  ssoClientProvider,
} from "../../lifecycle.js";
import { c1Client, commerceLayerClient, type Tenant } from "../clients.js";
import type { Context } from "../context.js";
import type { Api } from "../profiles.js";
import type { Path } from "./check.js";
import type { Config, TargetConfig } from "./model.js";
import type { ConfigFile } from "./read.js";

/** Returns the API to which a target belongs. */
function apiOf({ kind }: TargetConfig): Api {
  return kind === "commercelayer-api-credential" ? "commercelayer" : "c1";
}

/** The clients of the tenants, each created when a target first needs it. */
export class Clients {
  readonly #context: Context;
  readonly #file: ConfigFile;
  readonly #made = new Map<string, Promise<ConductorOne | CommerceLayerProvisioningClient>>();

  constructor(context: Context, file: ConfigFile) {
    this.#context = context;
    this.#file = file;
  }

  /** Returns the client for a target. */
  async of(name: string, target: TargetConfig): Promise<ConductorOne | CommerceLayerProvisioningClient> {
    const api = apiOf(target);
    const key = target.tenant === undefined ? `:${api}` : target.tenant;
    let client = this.#made.get(key);
    if (client === undefined) {
      const tenant = tenantOf(this.#file.config, name, target, (path, message) =>
        this.#file.error([{ path, message }]),
      );
      client = api === "c1" ? c1Client(this.#context, tenant) : commerceLayerClient(this.#context, tenant);
      this.#made.set(key, client);
    }
    return client;
  }

  /** Discards secrets and tokens. */
  async close(): Promise<void> {
    for (const client of this.#made.values()) {
      const made = (await client.catch(() => undefined)) as { close?(): void } | undefined;
      made?.close?.();
    }
  }
}

/** Returns the tenant of a target, as configured in `keyturn.json`. */
export function tenantOf(
  { tenants = {} }: Config,
  name: string,
  target: TargetConfig,
  error: (path: Path, message: string) => Error,
): Tenant {
  const api = apiOf(target);
  if (target.tenant === undefined) return { api };
  const tenant = Object.hasOwn(tenants, target.tenant) ? tenants[target.tenant] : undefined;
  const path = ["targets", name, "tenant"];
  if (tenant === undefined) throw error(path, `names a tenant that does not exist: ${target.tenant}`);
  if (tenant.api !== api) throw error(path, `names a tenant of ${tenant.api}, but ${target.kind} belongs to ${api}`);
  return tenant;
}

/** Creates the provider of a target. It makes no call yet. */
export function providerOf(context: Context, target: TargetConfig, client: unknown): Provider {
  const { clock } = context;
  const c1 = { client: client as ConductorOne, clock };
  switch (target.kind) {
    case "c1-connector": {
      const { appId, connectorId, logsRotations } = target;
      return connectorProvider({ ...c1, appId, connectorId, logsRotations });
    }
    case "c1-bridge":
      return bridgeProvider({ ...c1, bridgeId: target.bridgeId });
    case "c1-sso-client": {
      const { appId, ssoApplicationId, clientId, tokenURL } = target;
      return ssoClientProvider({ ...c1, appId, ssoApplicationId, clientId, tokenURL });
    }
    case "c1-service-principal":
      return servicePrincipalProvider({ ...c1, servicePrincipalId: target.servicePrincipalId, limits: target.limits });
    case "c1-personal-client":
      return personalClientProvider({ ...c1, limits: target.limits });
    case "commercelayer-api-credential": {
      const { id, publicKinds } = target;
      return apiCredentialProvider({ client: client as CommerceLayerProvisioningClient, id, publicKinds });
    }
  }
}

/** A stand-in for the client in commands that only read the journal, which need no credentials. */
export const OFFLINE: unknown = new Proxy(
  {},
  {
    get: (_, name) => {
      // Resolving a promise with this object reads its `then`.
      if (name === "then") return undefined;
      throw new Error("a command that only reads the journal called the control plane");
    },
  },
);
