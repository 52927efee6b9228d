// The application of every row: a tenant in the process, a client of it, and a rotation by the lifecycle's engine. It
// needs only the package.

const PARTS = {
  keyturn: "ConductorOne, KeyturnError",
  "keyturn/lifecycle": "connectorProvider, memoryJournal, openLifecycle",
  "keyturn/sandbox": "createSandbox",
};

const BODY = `
async function works() {
  const { clientId: clientID, clientSecret, url: serverURL, fetch, appId, connectorId } = await createSandbox();
  const client = new ConductorOne({ clientID, clientSecret, serverURL, fetch });
  const error = await client.apps.get({ id: "no-such-app" }).catch((error) => error);
  let held;
  const sink = {
    name: "memory",
    compares: false,
    readback: "pair",
    read: async () => ({ clientId: held?.clientId, version: held?.clientId ?? "" }),
    holds: async ({ clientId, clientSecret }) => held?.clientId === clientId && held.clientSecret === clientSecret,
    write: async (pair) => ((held = { ...pair }), true),
  };
  const provider = connectorProvider({ client, appId, connectorId });
  const lifecycle = openLifecycle({ journal: memoryJournal(), targets: { app: { provider, sinks: [sink], policy: { grace: 0 } } } });
  const { state, last } = await lifecycle.rotate("app");
  await lifecycle.close();
  client.close();
  return ["works:", state, last, held.clientSecret.split(":", 2).join(":"), KeyturnError.is(error) && error.code].join(" ");
}
`;

/** The application's output on success. */
export const WORKS = "works: idle done secret-token:conductorone.com not_found";

const imports = (line) =>
  Object.entries(PARTS)
    .map(([from, names]) => line(from, names))
    .join("\n");

/** The application as an ES module that exports `works`. */
export const ESM = `${imports((from, names) => `import { ${names} } from "${from}";`)}\nexport ${BODY.trim()}\n`;
/** The application as a CommonJS module. */
export const CJS = `${imports((from, names) => `const { ${names} } = require("${from}");`)}\n${BODY}\nexports.works = works;\n`;
/** The lines that write the result into a page. */
export const INTO_PAGE = `import { works } from "./app.mjs";
works().catch((error) => "failed: " + error.message + " " + error.stack).then((text) => { document.title = text; });
`;
/** The lines that print the result. */
export const PRINTED = 'import { works } from "./app.mjs";\nconsole.log(await works());\n';
