/** A log-in to Commerce Layer's Provisioning API, held in memory until the page is closed. */

import {
  type ApiCredential,
  type ClientInitConfig,
  CommerceLayerProvisioning,
  type CommerceLayerProvisioningClient,
  clientCredentials,
  type ListResponse,
  type Organization,
  type Role,
} from "keyturn/commercelayer/slim";
import { Store } from "../estate/store.js";
import { isKey, t } from "../texts/text.js";

/** A credential as lists return it, without its secret. */
export type ApiCredentialFacts = Omit<ApiCredential, "client_secret">;

/** The filters of a list. An empty one matches everything. */
export interface Narrowing {
  /** A part of the name or of the client id. */
  readonly text: string;
  readonly kind: string;
  readonly mode: string;
  readonly organization: string;
}

/** The kinds that people create; the others belong to Commerce Layer's own applications. */
export const KINDS = ["integration", "sales_channel", "webapp"] as const;

/** The lifetime of a token, in seconds. */
export const LIFETIME = {
  least: 7_200,
  most: 31_536_000,
  usual: (kind: string): number => (kind === "sales_channel" ? 14_400 : 7_200),
};

/** Returns the display name of a kind. */
export function kindName(kind: string): string {
  const key = `kind.${kind}`;
  return isKey(key) ? t(key) : kind;
}

/** The page size, which is the server's maximum. */
const PAGE = 25 as const;

/** The fields that lists and dialogs show. The secret is not among them. */
const SHOWN = {
  api_credentials: [
    ...([
      "name",
      "kind",
      "confidential",
      "redirect_uri",
      "client_id",
      "expires_in",
      "mode",
      "custom",
      "created_at",
      "updated_at",
    ] as const),
    ...(["organization", "role"] as const),
  ],
  organizations: ["name"] as "name"[],
  roles: ["name", "kind"] as ("name" | "kind")[],
};

/** The fields of the list of all credentials. The references tell which line of successors a credential belongs to. */
const LISTED = {
  api_credentials: [...SHOWN.api_credentials, "reference" as const, "reference_origin" as const],
  organizations: SHOWN.organizations,
};

/** A client, and the calls that the console makes with it. */
export class Provisioning extends EventTarget {
  readonly client: CommerceLayerProvisioningClient;
  /** Whether this is a sandbox, in which nothing is real. */
  readonly sandbox: boolean;
  /** A key that separates the stored data of this host from that of others. */
  readonly space: string;
  readonly store: Store;
  /** The email address of who is logged in; empty until it is known. */
  email = "";

  private constructor(config: ClientInitConfig, space: string, store: Store, sandbox: boolean) {
    super();
    this.client = CommerceLayerProvisioning(config);
    this.space = space;
    this.store = store;
    this.sandbox = sandbox;
  }

  /** @param mark Tells one sandbox from another; `undefined` if this is no sandbox. */
  static async open(config: ClientInitConfig, mark?: string): Promise<Provisioning> {
    const { serverURL, domain } = config as { serverURL?: string; domain?: string };
    const host = serverURL ? new URL(serverURL).host : (domain ?? "commercelayer.io");
    const space = ["commercelayer", host, mark ?? ""].join(" ").trim();
    return new Provisioning(config, space, await Store.open(space), mark !== undefined);
  }

  /** Fetches who is logged in, which also tests the log-in. Emits `change`. */
  async introduce(signal?: AbortSignal): Promise<void> {
    const { email } = await this.client.user.retrieve({ fields: ["email"] }, { signal });
    this.email = email;
    this.dispatchEvent(new Event("change"));
  }

  /** Lists the credentials that match, newest first. */
  list({ text, kind, mode, organization }: Narrowing, signal: AbortSignal): Promise<ListResponse<ApiCredential>> {
    const given = {
      name_or_client_id_cont: text.trim(),
      kind_eq: kind,
      mode_eq: mode,
      organization_id_eq: organization,
    };
    const filters = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
    return this.client.api_credentials.list(
      { include: ["organization", "role"], fields: SHOWN, filters, pageSize: PAGE, sort: ["-created_at"] },
      { signal },
    );
  }

  /** Lists all credentials, oldest first. */
  everyCredential(signal: AbortSignal): AsyncIterable<ApiCredential> {
    const query = { include: ["organization" as const], fields: LISTED, pageSize: PAGE, sort: ["created_at" as const] };
    return this.client.api_credentials.list(query, { signal });
  }

  /** Fetches a credential's secret. No other call asks for it. */
  async secret(id: string): Promise<string> {
    const { client_secret: secret } = await this.client.api_credentials.retrieve(id, { fields: ["client_secret"] });
    return secret;
  }

  /** Lists the organizations in which credentials can be created, by name. */
  organizations(signal: AbortSignal): Promise<Organization[]> {
    return all(this.client.organizations.list({ fields: ["name"], pageSize: PAGE }, { signal }));
  }

  /** Lists an organization's roles, by name. */
  roles(organization: string, signal: AbortSignal): Promise<Role[]> {
    return all(
      this.client.organizations.roles(
        organization,
        { fields: { roles: ["name", "kind"] }, pageSize: PAGE },
        { signal },
      ),
    );
  }
}

export { clientCredentials };

/** Opens a client of the sandbox without logging in: a failing log-in shows when credentials are listed. */
export function openSandbox(
  { clientId, clientSecret, serverURL }: { clientId: string; clientSecret: string; serverURL: string },
  mark: string,
): Promise<Provisioning> {
  return Provisioning.open({ credentials: clientCredentials({ clientId, clientSecret }), serverURL }, mark);
}

/** Logs in. Closes the client again if that fails or `signal` aborts it. */
export async function provision(config: ClientInitConfig, signal?: AbortSignal): Promise<Provisioning> {
  const provisioning = await Provisioning.open(config);
  try {
    await provisioning.introduce(signal);
    return provisioning;
  } catch (error) {
    provisioning.client.close();
    throw error;
  }
}

async function all<T extends { readonly name: string }>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items.sort((one, other) => one.name.localeCompare(other.name));
}
