// The program of `rotate.yml`: it logs in with the job's identity token, and delivers the new credential to the
// repository's secrets. Its journal is on a branch that is checked out in `journal`.
import { execFileSync } from "node:child_process";
import { env, exit } from "node:process";
import { ConductorOne, gitHubActionsToken, tokenExchange } from "keyturn";
import { connectorProvider, githubSecret, openLifecycle } from "keyturn/lifecycle";
import { directoryJournal } from "keyturn/lifecycle/node";

const files = directoryJournal("journal/events");
const git = (...args) => execFileSync("git", ["-C", "journal", ...args], { stdio: ["ignore", "ignore", "inherit"] });

/** The journal. An event counts once it is pushed; if it cannot be pushed, the run ends before it acts. */
const journal = {
  read: (stream, from) => files.read(stream, from),
  streams: () => files.streams(),
  async append(stream, sequence, event) {
    if (!(await files.append(stream, sequence, event))) return false;
    try {
      git("add", "--all");
      git(
        "-c",
        "user.name=keyturn",
        "-c",
        "user.email=keyturn@example.com",
        "commit",
        "--quiet",
        "--message",
        `${stream} ${sequence}`,
      );
      git("push", "--quiet");
    } catch (error) {
      console.error(`the journal could not be pushed: ${error.message}`);
      exit(1);
    }
    return true;
  },
};

const c1 = new ConductorOne({
  serverURL: env.CONDUCTORONE_SERVER_URL,
  credentials: tokenExchange({ clientID: env.CONDUCTORONE_CLIENT_ID, subjectToken: gitHubActionsToken() }),
});
const { CONDUCTORONE_APP_ID: appId, CONDUCTORONE_CONNECTOR_ID: connectorId } = env;
const lifecycle = openLifecycle({
  journal,
  targets: {
    connector: {
      provider: connectorProvider({ client: c1, appId, connectorId }),
      sinks: [
        githubSecret({
          url: env.GITHUB_API_URL,
          repository: env.GITHUB_REPOSITORY,
          token: () => env.GITHUB_SECRETS_TOKEN,
        }),
      ],
      policy: { grace: 2 * 60 * 60 * 1000 },
    },
  },
});
try {
  const [{ progress: before }] = await lifecycle.status();
  const begins = env.ROTATE === "true" && before.state === "idle";
  const progress = begins ? await lifecycle.rotate("connector") : await lifecycle.advance("connector");
  console.log(`rotation ${progress.rotation}: ${progress.state}`);
  if (progress.state === "stopped") throw new Error(`${progress.reason} ${progress.about}: ${progress.hint}`);
} finally {
  await lifecycle.close();
  c1.close();
}
