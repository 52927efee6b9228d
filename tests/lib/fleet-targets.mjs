// The targets of a fleet on a sandbox. Each of its processes makes them from a description that fits on a command line.
import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * @param {string} folder Where the package is installed.
 * @param {{ sandbox: object, targets: { name: string, kind: string, id: string, env: string }[], policy: object }}
 *   description
 * @param {object} [more] Options of both clients.
 */
export function fleetTargets(folder, { sandbox, targets, policy }, more = {}) {
  const require = createRequire(join(folder, "load.cjs"));
  const { ConductorOne } = require("keyturn");
  const { CommerceLayerProvisioning, clientCredentials } = require("keyturn/commercelayer");
  const { apiCredentialProvider, connectorProvider, servicePrincipalProvider } = require("keyturn/lifecycle");
  const { envFile } = require("keyturn/lifecycle/node");
  const c1 = new ConductorOne({
    serverURL: sandbox.url,
    clientID: sandbox.clientId,
    clientSecret: sandbox.clientSecret,
    ...more,
  });
  const { serverURL, clientId, clientSecret } = sandbox.commercelayer;
  const cl = CommerceLayerProvisioning({
    credentials: clientCredentials({ clientId, clientSecret }),
    serverURL,
    ...more,
  });
  const limits = { expiresInDays: 90, scopedRoles: "all", allowSourceCidr: "anywhere" };
  const providers = {
    connector: (id) => connectorProvider({ client: c1, appId: sandbox.appId, connectorId: id, logsRotations: true }),
    principal: (id) => servicePrincipalProvider({ client: c1, servicePrincipalId: id, limits }),
    credential: (id) => apiCredentialProvider({ client: cl, id }),
  };
  const own = targets.map(({ name, kind, id, env }) => [
    name,
    { provider: providers[kind](id), sinks: [envFile({ name: "env", path: env })], policy },
  ]);
  return { c1, cl, targets: Object.fromEntries(own) };
}
