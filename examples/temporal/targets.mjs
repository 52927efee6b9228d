// The targets: the same for all workers.
import { ConductorOne } from "keyturn";
import { connectorProvider } from "keyturn/lifecycle";
import { envFile } from "keyturn/lifecycle/node";

const { CONDUCTORONE_APP_ID: appId, CONDUCTORONE_CONNECTOR_ID: connectorId, ENV_FILE: path } = process.env;

export const targets = {
  crm: {
    provider: connectorProvider({ client: ConductorOne.fromEnv(), appId, connectorId }),
    sinks: [envFile({ path })],
    policy: { rotateEvery: "60d", grace: "24h" },
  },
};
