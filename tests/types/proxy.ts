// A proxy and the page's clients, as compilers see them.
import { type ConductorOne as Client, ConductorOne, KeyturnError, ProxyError } from "keyturn";
import { CommerceLayerProvisioning } from "keyturn/commercelayer";
import { createProxy, type PageProxy, type ProxyRecord } from "keyturn/proxy";

declare const c1: Client;
declare const userOf: (request: Request) => Promise<{ readonly apps: readonly string[] } | undefined>;

const records: ProxyRecord<{ readonly apps: readonly string[] }>[] = [];
const proxy: PageProxy = createProxy({
  client: c1,
  authorize: (request) => userOf(request),
  allow: ["apps:read", "connector.rotateCredential"],
  pin: (user, operation, input) => operation === "apps.list" || user.apps.includes(input.appId),
  record: (record) => void records.push(record),
  origins: ["https://admin.example"],
});
export const POST = (request: Request): Promise<Response> => proxy(request);

createProxy({
  client: CommerceLayerProvisioning({ proxy: "/a" }),
  authorize: () => new Response(null),
  allow: [],
  secrets: true,
});
createProxy({ client: c1, authorize: () => false, allow: [] });

// @ts-expect-error there is nobody to ask
createProxy({ client: c1, allow: [] });
// @ts-expect-error nothing is allowed without being named
createProxy({ client: c1, authorize: () => true });
// @ts-expect-error this is no client
createProxy({ client: {}, authorize: () => true, allow: [] });
// @ts-expect-error the user has no such thing
createProxy({ client: c1, authorize: userOf, allow: [], pin: (user) => user.name === "x" });
// @ts-expect-error a permission is a yes or a no
createProxy({ client: c1, authorize: userOf, allow: [], pin: () => "yes" });

export const page = new ConductorOne({ proxy: "/keyturn" });
export const elsewhere = new ConductorOne({
  proxy: { url: new URL("https://a.example/keyturn"), credentials: "include" },
});
export const provisioning = CommerceLayerProvisioning({ proxy: "/provisioning", names: "camel" });
// @ts-expect-error cookies go along somewhere, or they do not
new ConductorOne({ proxy: { url: "/keyturn", credentials: "omit" } });
// @ts-expect-error a client has a credential or a proxy
CommerceLayerProvisioning({});

export function reasonOf(error: unknown): string | undefined {
  if (error instanceof ProxyError) return `${error.status} ${error.reason} ${error.retryAfterMs ?? 0}`;
  return KeyturnError.is(error) && error.kind === "proxy_refused" ? error.hint : undefined;
}
