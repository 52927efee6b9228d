// A process that rotates or advances one target: `node lifecycle-worker.mjs FOLDER JOURNAL ENV_FILE URL CLOCK COMMAND POINT`. The control
// plane is its parent's, over HTTP. With a POINT it kills itself there: every call of a port has one before and one after it.
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, place, env, url, at, command, point] = process.argv.slice(2);
const require = createRequire(join(folder, "load.mjs"));
const { openLifecycle } = require("keyturn/lifecycle");
const { directoryJournal, envFile } = require("keyturn/lifecycle/node");

let passed = 0;
const here = () => {
  if (passed++ === (point === "" ? -1 : Number(point))) process.kill(process.pid, "SIGKILL");
};
/** The same port, with a point before and after each of its calls. */
const watched = (port) =>
  new Proxy(port, {
    get(target, name) {
      const value = target[name];
      if (typeof value !== "function" || name === "parses") return value;
      return async (...args) => {
        here();
        const result = await value.apply(target, args);
        here();
        return result;
      };
    },
  });

const ask = async (method, body = {}) => {
  const answer = await fetch(`${url}/${method}`, { method: "POST", body: JSON.stringify(body) });
  const { value } = await answer.json();
  return value;
};
const provider = {
  kind: "test",
  evidence: true,
  recalls: false,
  issue: ({ marker }) => ask("issue", { marker }),
  search: ({ marker }) => ask("search", { marker }),
  look: (id) => ask("look", { id }),
  list: () => ask("list"),
  parses: () => true,
  login: ({ clientId, clientSecret }) => ask("login", { clientId, clientSecret }),
  end: (id) => ask("end", { id }),
};
const sink = envFile({ name: "env", path: env });
const lifecycle = openLifecycle({
  journal: watched(directoryJournal(place)),
  clock: { now: () => Number(at) },
  targets: { app: { provider: watched(provider), sinks: [watched(sink)], policy: { grace: 0 } } },
});
const progress = await (command === "rotate" ? lifecycle.rotate("app") : lifecycle.advance("app"));
writeSync(1, `${JSON.stringify({ progress, passed, broken: (await lifecycle.verify())[0]?.broken ?? null })}\n`);
