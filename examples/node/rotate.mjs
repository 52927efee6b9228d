// Rotates the credential of a connector, and continues the rotation each time it is run again: by a timer, on any
// number of machines that share the journal's folder. `node rotate.mjs rotate` starts one, `node rotate.mjs` continues
// it.
//
// CONDUCTORONE_CLIENT_ID and _SECRET log in, CONDUCTORONE_APP_ID and _CONNECTOR_ID name the connector, JOURNAL is a
// folder, ENV_FILE is the file that the connector reads.
import { argv, env } from "node:process";
import { ConductorOne } from "keyturn";
import { connectorProvider, openLifecycle } from "keyturn/lifecycle";
import { directoryJournal, envFile } from "keyturn/lifecycle/node";

const c1 = ConductorOne.fromEnv();
const { CONDUCTORONE_APP_ID: appId, CONDUCTORONE_CONNECTOR_ID: connectorId } = env;
const lifecycle = openLifecycle({
  journal: directoryJournal(env.JOURNAL),
  targets: {
    connector: {
      provider: connectorProvider({ client: c1, appId, connectorId }),
      sinks: [envFile({ path: env.ENV_FILE })],
      policy: { grace: Number(env.GRACE_MS ?? 24 * 60 * 60 * 1000) },
    },
  },
});
try {
  const progress = argv[2] === "rotate" ? await lifecycle.rotate("connector") : await lifecycle.advance("connector");
  const until = progress.state === "waiting" ? `, until ${new Date(progress.until).toISOString()}` : "";
  console.log(`rotation ${progress.rotation}: ${progress.state}${until}`);
  if (progress.state === "stopped") throw new Error(`${progress.reason} ${progress.about}: ${progress.hint}`);
} finally {
  await lifecycle.close();
  c1.close();
}
