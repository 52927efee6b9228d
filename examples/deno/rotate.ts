// The same rotation in Deno, which finds the package's types without configuration:
// `deno run --allow-net=acme.conductor.one --allow-env --allow-read=. --allow-write=. --allow-sys=hostname rotate.ts`.
// The file lock contains the machine's name.
import { ConductorOne } from "keyturn";
import { connectorProvider, type LifecycleProgress, openLifecycle } from "keyturn/lifecycle";
import { directoryJournal, envFile } from "keyturn/lifecycle/node";

const [appId = "", connectorId = ""] = ["CONDUCTORONE_APP_ID", "CONDUCTORONE_CONNECTOR_ID"].map((name) =>
  Deno.env.get(name),
);
const c1 = ConductorOne.fromEnv();
const lifecycle = openLifecycle({
  journal: directoryJournal("journal"),
  targets: {
    connector: {
      provider: connectorProvider({ client: c1, appId, connectorId }),
      sinks: [envFile({ path: ".env" })],
      policy: { grace: 0 },
    },
  },
});
const progress: LifecycleProgress = await lifecycle.rotate("connector");
console.log(`rotation ${progress.rotation}: ${progress.state}`);
await lifecycle.close();
c1.close();
