// The targets: the same for all workers of the fleet.
import { ConductorOne } from "keyturn";
import { connectorProvider } from "keyturn/lifecycle";
import { envFile } from "keyturn/lifecycle/node";
import { postgresStore } from "keyturn/postgres";

const { CONDUCTORONE_APP_ID: appId, CONDUCTORONE_CONNECTOR_ID: connectorId, ENV_FILE: path } = process.env;

/** Returns the targets by name, with tokens that all workers share. */
export function targets({ database, fleet }) {
  const client = ConductorOne.fromEnv({ tokenStore: postgresStore(database, { fleet }) });
  return {
    crm: {
      provider: connectorProvider({ client, appId, connectorId }),
      sinks: [envFile({ path })],
      policy: { rotateEvery: "60d", windows: [{ days: ["sat", "sun"], from: "02:00", to: "06:00" }] },
      owner: "platform@example.com",
    },
  };
}
