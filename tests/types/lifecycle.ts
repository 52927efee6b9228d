// The lifecycle's providers, with a program's clients.
import { ConductorOne } from "keyturn";
import { CommerceLayerProvisioning } from "keyturn/commercelayer";
import {
  apiCredentialProvider,
  bridgeProvider,
  type CredentialFacts,
  connectorProvider,
  type Provider,
  ProviderError,
  personalClientProvider,
  servicePrincipalProvider,
  ssoClientProvider,
} from "keyturn/lifecycle";

const client = new ConductorOne({ clientID: "a@b/spc", clientSecret: "s" });
const cl = CommerceLayerProvisioning({ accessToken: "token" });
const limits = { expiresInDays: 90, scopedRoles: ["role"], allowSourceCidr: "anywhere" } as const;
const other: ConductorOne = client.with({ clientID: "c@b/spc", clientSecret: "s", timeoutMs: 1_000 });

const providers: readonly Provider[] = [
  connectorProvider({ client, appId: "app", connectorId: "connector" }),
  connectorProvider({ client: other, appId: "app", connectorId: "connector", debugLogger: console, clock: Date }),
  servicePrincipalProvider({ client, servicePrincipalId: "principal", limits: { ...limits, requireDpop: true } }),
  personalClientProvider({ client, limits: { ...limits, expiresInDays: "never" } }),
  bridgeProvider({ client, bridgeId: "bridge" }),
  ssoClientProvider({ client, appId: "app", ssoApplicationId: "sso", clientId: "first" }),
  apiCredentialProvider({ client: cl, id: "credential", publicKinds: true }),
];

export async function all(signal: AbortSignal): Promise<readonly CredentialFacts[]> {
  const found: CredentialFacts[] = [];
  for (const { list, look } of providers) {
    found.push(...((await list?.(signal)) ?? []));
    const one = await look("id", signal);
    if (one) found.push(one);
    // @ts-expect-error There may be none.
    one.id;
  }
  return found;
}

export function why(error: unknown): string {
  return error instanceof ProviderError ? `${error.provider}: ${error.reason satisfies string}` : "";
}

// @ts-expect-error Which connector?
connectorProvider({ client, appId: "app" });
// @ts-expect-error A client of the other API.
connectorProvider({ client: cl, appId: "app", connectorId: "connector" });
// @ts-expect-error A client of the other API.
apiCredentialProvider({ client, id: "credential" });
// @ts-expect-error A limit that is not said.
personalClientProvider({ client, limits: { expiresInDays: 90, scopedRoles: "all" } });
// @ts-expect-error No limits.
servicePrincipalProvider({ client, servicePrincipalId: "principal" });
