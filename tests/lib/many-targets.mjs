// A sandbox with any number of connectors, and a browser in which the console knows a credential of each.

const DAY = 86_400_000;

/** The number of connectors of an app. */
const TOGETHER = 25;

/**
 * Replaces the connectors of a sandbox, so that the overview has this many targets, including Commerce Layer's. Each
 * connector has a credential: some have expired or soon will, some never expire, and some were never used.
 *
 * @param {import("keyturn/sandbox").Sandbox} sandbox
 * @param {number} targets
 */
export function fillConsole(sandbox, targets) {
  const snapshot = sandbox.snapshot();
  const { apps, connectors, connectorCredentials } = snapshot;
  const [[app], [connector], [credential]] = [apps, connectors, connectorCredentials];
  const now = Date.parse(credential.lastUsedAt);
  const at = (days) => new Date(now + days * DAY).toISOString();
  const connected = targets - snapshot.commercelayer.resources.api_credentials.length;
  const numbers = Array.from({ length: connected }, (_, number) => number);
  // Letters, so that a search for a number finds connectors only by their names.
  const letters = (number) => String(number).replaceAll(/\d/g, (digit) => "abcdefghij"[digit]);
  const group = (number) => letters(Math.floor(number / TOGETHER));
  const appId = (number) => `app-${group(number)}`;
  snapshot.apps = numbers
    .filter((number) => number % TOGETHER === 0)
    .map((number) => ({ ...app, id: appId(number), displayName: `Application ${group(number)}` }));
  snapshot.connectors = numbers.map((number) => ({
    ...connector,
    appId: appId(number),
    id: `connector-${number}`,
    displayName: `Connector ${number + 1}`,
  }));
  snapshot.connectorCredentials = numbers.map((number) => ({
    ...credential,
    appId: appId(number),
    connectorId: `connector-${number}`,
    id: `credential-${letters(number)}`,
    createdAt: at(-(number % 400)),
    expiresTime: number % 7 === 0 ? null : at((number % 150) - 20),
    lastUsedAt: number % 5 === 0 ? null : at(-(number % 45)),
  }));
  sandbox.restore(snapshot);
}

/**
 * Opens the console once and stores what it would know if it had seen all connectors' credentials, since C1 cannot list
 * them. Closes the page.
 *
 * @param {import("puppeteer-core").Page} page
 * @param {{ url: string, sandbox: import("keyturn/sandbox").Sandbox }} server
 */
export async function keepCredentials(page, { url, sandbox }) {
  const { apps, connectors, connectorCredentials } = sandbox.snapshot();
  const name = (list, id) => list.find((one) => one.id === id).displayName;
  const places = new Map(connectors.map(({ id, displayName, appId }) => [id, [displayName, name(apps, appId)]]));
  const known = connectorCredentials.map((credential) => {
    const [connector, app] = places.get(credential.connectorId);
    return { ...credential, app, connector };
  });
  const now = sandbox.clock.now();
  await page.goto(url);
  await page.waitForSelector(":root >>> keyturn-overview", { visible: true });
  await page.evaluate(
    async (known, now) => {
      const date = (text) => (text ? new Date(text) : undefined);
      const { name } = (await indexedDB.databases()).find(({ name }) => name.startsWith("keyturn-console c1 "));
      const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const transaction = database.transaction("credentials", "readwrite");
      for (const { appId, connectorId, app, connector, id, createdAt, expiresTime, lastUsedAt } of known) {
        const facts = { id, createdAt: date(createdAt), expiresTime: date(expiresTime), lastUsedAt: date(lastUsedAt) };
        const place = { appId, connectorId, app, connector };
        transaction
          .objectStore("credentials")
          .put({ ...place, id, source: "example", since: now, facts, checkedAt: now });
      }
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
      database.close();
    },
    known,
    now,
  );
  await page.close();
}
