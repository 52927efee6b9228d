// `using` closes a client at the end of the block. For programs whose `lib` declares it.
import { accessToken, ConductorOne } from "keyturn";
import CommerceLayer, { accessToken as provisioningToken } from "keyturn/commercelayer";

export async function closing(): Promise<string[]> {
  using c1 = new ConductorOne({ tenantDomain: "acme", credentials: accessToken("a-token") });
  await using later = new ConductorOne({ tenantDomain: "acme", credentials: accessToken("a-token") });
  using cl = CommerceLayer({ credentials: provisioningToken("a.b.c") });
  return [c1.serverURL, later.serverURL, cl.openApiSchemaVersion];
}
