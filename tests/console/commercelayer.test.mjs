// Commerce Layer's credentials in the console, in Chromium, as a person uses it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CommerceLayerProvisioning, clientCredentials } from "keyturn/commercelayer";
import { clickAtRest, pause, withBrowse } from "./person.mjs";

const CREATE = "commercelayer.api_credentials.create";
const RETRIEVE = "commercelayer.api_credentials.retrieve";
const LIST = "commercelayer.api_credentials.list";
const TOKEN = "commercelayer.token";

/** Reads the organizations independently of the page, with the same login. */
async function beside({ sandbox, url }, look) {
  const { clientId, clientSecret } = sandbox.commercelayer;
  const client = CommerceLayerProvisioning({
    credentials: clientCredentials({ clientId, clientSecret }),
    serverURL: url,
  });
  try {
    return await look(client.api_credentials, client);
  } finally {
    client.close();
  }
}

/** Returns the credentials with a name, and their secrets. */
const named = (person, name) =>
  beside(person, (credentials) =>
    credentials.list(
      { filters: { name_eq: name }, sort: ["created_at"], include: ["organization", "role"] },
      { secrets: true },
    ),
  );

/**
 * Asserts that no part of a secret is left in the page: document, storage, address, console, and objects that scripts
 * can reach.
 */
async function isForgotten(person, secret) {
  const { page } = person;
  assert.ok(!(await person.document()).includes(secret), "in the document");
  const kept = await page.evaluate(async () => {
    const databases = await indexedDB.databases();
    return JSON.stringify([
      { ...localStorage },
      { ...sessionStorage },
      document.cookie,
      location.href,
      history.state,
      databases,
      await caches.keys(),
    ]);
  });
  assert.ok(!kept.includes(secret), "in a storage or the address");
  assert.ok(!person.console.join().includes(secret), "in the console");
  const session = await page.createCDPSession();
  const chunks = [];
  session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.takeHeapSnapshot");
  await session.detach();
  assert.ok(!chunks.join("").includes(secret), "in the memory of the page's scripts");
}

const rows = async (person) => (await person.page.$$('::-p-aria([role="rowheader"])')).length;

test("a newcomer sees the credentials of both, and lists come without secrets", async () => {
  const bodies = [];
  const before = async ({ page }) => {
    page.on("response", async (response) => {
      if (/\/api\/api_credentials/.test(response.url())) bodies.push(await response.text());
    });
  };
  await withBrowse({ before }, async (person) => {
    await person.find("heading", "Connectors of GitHub");
    await person.find("heading", "API credentials");
    await person.reads(/GitHub production\nSynced/);
    await person.reads(/9 in all\. Lists come without secrets/);
    await person.reads(
      /Catalog importer\n\w{10}\nIntegration\nLive\nNorthwind Outfitters\nRole Catalog manager\n[\w-]{43}\n2 hours\n/,
    );
    await person.reads(/Sandbox\nTenant\n[^]*Commerce Layer\nsam\.sample@example\.com/);
    const [{ client_id: clientId, client_secret: secret }] = await named(person, "Catalog importer");
    assert.ok(bodies.join().includes(clientId));
    assert.ok(secret.length > 20 && !bodies.join().includes(secret) && !bodies.join().includes("client_secret"));
  });
});

test("the list can be narrowed down, comes in pages, and says when nothing fits", async () => {
  await withBrowse({ seed: "large" }, async (person) => {
    await person.reads(/1,000 in all/);
    const others = (await rows(person)) - 25;
    await person.click("button", "Show more API credentials");
    for (let tries = 0; (await rows(person)) !== others + 50 && tries < 100; tries++) await pause(50);
    assert.equal(await rows(person), others + 50);
    await (await person.find("combobox", "Kind")).select("sales_channel");
    await person.reads(/250 match/);
    await (await person.find("combobox", "Mode")).select("test");
    await person.reads(/No API credential matches/);
    await person.click("button", "Show all");
    await person.focusIs("API credentials");
    await person.reads(/1,000 in all/);
    await person.click("searchbox", "Name or client ID");
    await person.type("integration 0007");
    await person.reads(/1 matches\. /);
    await person.reads(/\nIntegration 0007\n/);
    person.sandbox.fault({ operation: LIST, action: { status: 401 }, times: 2 });
    await person.type("x");
    await person.reads(/Commerce Layer did not accept the log-in/);
    await person.click("button", "Try again");
    await person.reads(/No API credential matches/);
  });
});

test("an organization without credentials", async () => {
  await withBrowse({ seed: "empty" }, async (person) => {
    await person.reads(/None yet\. Create one for each program that talks to Commerce Layer/);
  });
});

test("a secret is fetched when somebody asks for it, once, and is forgotten on leaving", async () => {
  await withBrowse({}, async (person) => {
    await person.page.browserContext().overridePermissions(person.url, ["clipboard-read", "clipboard-sanitized-write"]);
    await person.click("button", "Details of ERP sync, live");
    await person.focusIs("ERP sync");
    await person.reads(/Role\nAdmin\nToken lifetime\n2 hours\n/);
    assert.equal(person.count(RETRIEVE), 0);
    await person.click("button", "Show client secret");
    await person.focusIs("Hide client secret");
    assert.equal(person.count(RETRIEVE), 1);
    const { client_secret: secret } = (await named(person, "ERP sync")).find(({ mode }) => mode === "live");
    await person.reads(secret);
    await person.click("button", "Copy client secret");
    await person.reads(/Copied/);
    await person.copied(secret);
    await person.click("button", "Hide client secret");
    assert.ok(!(await person.document()).includes(secret), "it is masked");
    await person.click("button", "Show client secret");
    assert.equal(person.count(RETRIEVE), 1, "it is not fetched again");
    await person.press("Escape");
    await person.focusIs("Details of ERP sync, live");
    await isForgotten(person, secret);

    person.sandbox.fault({ operation: RETRIEVE, action: { status: 404 } });
    await person.press("Enter");
    await person.click("button", "Show client secret");
    await person.reads(/Commerce Layer cannot find it/);
    await person.press("Escape");
    await person.click("button", "Details of Storefront EU, live");
    await person.reads(/It needs no secret/);
    assert.equal(await person.isThere("button", "Show client secret"), false);
  });
});

/** Fills in the empty fields of the form. */
async function fillIn(person, { name, organization, role }) {
  if (name) await person.click("textbox", "Name").then(() => person.type(name));
  if (organization) await choose(person, "Organization", organization);
  if (role) await choose(person, "Role", role);
}

/** Chooses an option in the last field with this name: the dialog's field comes after the others. */
async function choose(person, field, word) {
  const find = async () => (await person.page.$$(`::-p-aria([name="${field}"][role="combobox"])`)).at(-1);
  for (let tries = 0; tries < 100; tries++, await pause(50)) {
    const select = await find();
    const value = await select?.evaluate(
      (one, text) => [...one.options].find((option) => option.text === text)?.value,
      word,
    );
    if (value) return select.select(value);
  }
  throw new Error(`${field} does not offer ${word}`);
}

test("a new credential: what is wrong is at its field, and its secret is shown once", async () => {
  await withBrowse({}, async (person) => {
    await person.click("button", "Create API credential");
    await person.focusIs("Name");
    await person.press("Enter");
    await person.reads(/Name\nName is missing\.[^]*Organization is missing\./);
    assert.equal(person.count(CREATE), 0);
    await fillIn(person, { name: "CI deploys", organization: "Northwind Outfitters" });
    await person.click("textbox", "Token lifetime in seconds");
    await person.type("60");
    await person.press("Enter");
    await person.reads(/If empty: 2 hours\.\nThis must be from 7200 to 31536000\./);
    await person.page.evaluate(() => getSelection().removeAllRanges());
    for (let digit = 0; digit < 2; digit++) await person.press("Backspace");
    await person.type("86400");
    await person.press("Enter");
    // The server's message is at the field that it refers to.
    await person.reads(/Role\n[^]*An integration requires a role\.\nMode/);
    assert.equal(await person.page.evaluate(focusedId), "role");
    assert.equal(person.count(CREATE), 1);
    await fillIn(person, { role: "Catalog manager" });
    const answer = person.answer(/\/api\/api_credentials\?/);
    await person.page.evaluate(submit);
    await person.find("heading", "Store the new API credential");
    const { attributes } = (await answer).data;
    const { client_id: clientId, client_secret: secret } = attributes;
    await person.reads(new RegExp(`Client ID\n${clientId}\n`));
    assert.ok(!(await person.document()).includes(secret), "it is masked");
    await person.click("button", "Show client secret");
    await person.reads(secret);
    await person.click("button", "Close");
    await person.focusIs("Create API credential");
    await person.reads(/CI deploys \(\w{10}\) is created\. Its secret can be read again in its details/);
    await person.reads(/10 in all/);
    const [made] = await named(person, "CI deploys");
    assert.deepEqual(
      [made.kind, made.mode, made.expires_in, made.role.name],
      ["integration", "test", 86_400, "Catalog manager"],
    );
    await isForgotten(person, secret);
  });
});

function focusedId() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at.id;
}

function submit() {
  document
    .querySelector("keyturn-console")
    .shadowRoot.querySelector("keyturn-browse")
    .shadowRoot.querySelector("keyturn-create-credential")
    .shadowRoot.querySelector("form")
    .requestSubmit();
}

test("kinds without a role or a secret, and a creation that nobody knows the outcome of", async () => {
  await withBrowse({}, async (person) => {
    await person.click("button", "Create API credential");
    await fillIn(person, { name: "Kiosk", organization: "Northwind Labs" });
    await person.click("radio", "Sales channel");
    assert.equal(await person.isThere("combobox", "Role"), false);
    await person.reads(/If empty: 4 hours/);
    person.sandbox.fault({ operation: CREATE, action: "drop-answer" });
    await person.page.evaluate(submit);
    await person.reads(/It may have been created anyway: look for its name in the list/);
    assert.equal(person.count(CREATE), 1, "it is not sent again");
    await person.click("button", "Cancel");
    await person.reads(/\nKiosk\n\w{10}\nSales channel\nTest\nNorthwind Labs\nNo role\n/);

    await person.click("button", "Create API credential");
    await fillIn(person, { name: "Portal", organization: "Northwind Labs" });
    await person.click("radio", "Web app");
    await person.click("radio", "Live data");
    await person.click("textbox", "Redirect URI");
    await person.type("https://portal.example/callback");
    await person.press("Enter");
    await person.find("heading", "Store the new API credential");
    const [made] = await named(person, "Portal");
    assert.deepEqual([made.kind, made.mode, made.redirect_uri], ["webapp", "live", "https://portal.example/callback"]);
  });
});

test("a credential gets another name, and is deleted once its id has been typed", async () => {
  await withBrowse({}, async (person) => {
    const [{ id }] = await named(person, "Reporting");
    await person.click("button", "Details of Reporting, live");
    await person.click("button", "Rename");
    const field = await person.find("textbox", "Name");
    await field.evaluate((input) => input.select());
    await person.press("Backspace");
    await person.press("Enter");
    await person.reads(/Rename Reporting\n[^]*Name\nA value is required\./);
    await field.type("Weekly reports");
    await person.press("Enter");
    await person.focusIs("Weekly reports");
    await person.reads(/Reporting is now called Weekly reports/);
    await person.click("button", "Delete");
    await person.find("heading", "Delete Weekly reports?");
    await person.type("something else");
    assert.equal(await person.page.$eval("::-p-aria(Delete API credential)", (button) => button.disabled), true);
    await person.press("Escape");
    await person.focusIs("Details of Weekly reports, live");

    await person.press("Enter");
    await person.click("button", "Delete");
    await person.type(id);
    person.sandbox.commercelayer.lock(id);
    await person.press("Enter");
    await person.reads(/Something still depends on it/);
    person.sandbox.commercelayer.lock(id, false);
    await person.click("button", "Try again");
    await person.reads(new RegExp(`Weekly reports \\(${id}\\) is deleted`));
    await person.focusIs("API credentials");
    assert.equal((await named(person, "Weekly reports")).length, 0);
  });
});

/** Continues until the new pair is shown. */
async function issue(person, which) {
  await person.click("button", `Replace ${which}`);
  await person.click("button", "Rotate credential");
  await person.find("heading", "Store the new credential");
}

async function storeAndGoOn(person, what = "I stored the client ID and the secret") {
  await person.find("heading", "Store the new credential");
  assert.equal(
    await person.page.$eval('::-p-aria([name="Continue"][role="button"])', (button) => button.disabled),
    true,
  );
  await person.click("checkbox", what);
  await person.click("button", "Continue");
  await person.find("heading", "Both credentials work");
}

/**
 * Retires the old credential a day later, after typing its id. Continues until it has ended or an attempt has failed.
 */
async function retire(person) {
  await person.click("button", "Sandbox");
  await person.click("button", "+1 day");
  await person.click("button", "+1 hour");
  await person.find("heading", /^Retire /);
  await person.click("button", "Close the sandbox’s panel");
  const [, old] = /\nOld\n(\S+)\n/.exec(await person.text());
  await person.click("textbox", `Type ${old} to confirm`);
  await person.type(old);
  await person.press("Enter");
}

test("a replacement shows its plan first, makes one that is alike, and ends the old one when somebody says so", async () => {
  await withBrowse({}, async (person) => {
    const { sandbox } = person;
    await person.click("button", "Replace Catalog importer, live");
    await person.find("button", "Rotate credential");
    await person.reads(/The old one stays valid for a day/);
    assert.equal(person.count(CREATE), 0, "a plan changes nothing");
    await person.click("button", "Rotate credential");
    await person.find("heading", "Store the new credential");
    const [old, made, ...more] = await named(person, "Catalog importer");
    assert.equal(more.length, 0);
    assert.deepEqual(
      [made.kind, made.mode, made.role.id, made.expires_in],
      [old.kind, old.mode, old.role.id, old.expires_in],
    );
    await person.reads(new RegExp(`Client ID\n${made.client_id}\n`));
    await person.click("button", "Show client secret");
    await person.reads(made.client_secret);
    await storeAndGoOn(person);
    assert.ok(!(await person.document()).includes(made.client_secret), "once it is stored it is not shown any more");
    await person.reads(new RegExp(`New\n${made.id}\nOld\n${old.id}\n`));
    await person.click("button", "Close");
    await person.reads(/10 in all/);
    await isForgotten(person, made.client_secret);

    // Later, either of the two buttons continues the same rotation, and nothing is created again.
    const buttons = await person.page.$$('::-p-aria([role="button"])');
    const names = await Promise.all(
      buttons.map((button) => button.evaluate((node) => node.textContent.replaceAll(/\s+/g, " ").trim())),
    );
    const both = names.filter((name) => name.startsWith("Replace Catalog importer"));
    assert.deepEqual([both.length, new Set(both).size], [2, 2], "each button says which of the two it is for");
    await clickAtRest(buttons[names.indexOf(both[1])]);
    await person.find("heading", "Both credentials work");
    await retire(person);
    await person.find("heading", "The rotation is done");
    assert.equal(person.count(CREATE), 1);
    const left = await named(person, "Catalog importer");
    assert.deepEqual(
      left.map(({ id }) => id),
      [made.id],
    );
    const dependents = await beside(person, (_, client) =>
      client.application_memberships.list({ include: ["api_credential"] }),
    );
    assert.deepEqual(
      dependents.map((row) => row.api_credential.id),
      [made.id],
    );
    assert.equal(sandbox.requests({ operation: "commercelayer.api_credentials.delete" }).length, 1);
  });
});

test("an old credential that something depends on is kept until nothing does", async () => {
  await withBrowse({}, async (person) => {
    const [{ id }] = await named(person, "Reporting");
    await issue(person, "Reporting, live");
    await storeAndGoOn(person);
    person.sandbox.commercelayer.lock(id);
    await retire(person);
    await person.reads(/Something at the control plane still depends on the old credential/);
    assert.equal((await named(person, "Reporting")).length, 2);
    person.sandbox.commercelayer.lock(id, false);
    await person.click("button", "Try now");
    await person.find("heading", "The rotation is done");
    const left = await named(person, "Reporting");
    assert.equal(left.length, 1);
    assert.notEqual(left[0].id, id);
  });
});

test("a replacement that is left half way shows the same pair again", async () => {
  await withBrowse({}, async (person) => {
    await issue(person, "Prototype, test");
    const [, made] = await named(person, "Prototype");
    await person.page.reload();
    // The API returns a secret any number of times, so nothing is lost when the page is left.
    await person.reads(new RegExp(`Client ID\n${made.client_id}\n`));
    await storeAndGoOn(person);
    await person.click("button", "Close");
    await person.reads(/10 in all/);
    await isForgotten(person, made.client_secret);
    assert.equal(person.count(CREATE), 1);
    assert.equal((await named(person, "Prototype")).length, 2);
  });
});

test("a storefront's credential is replaced only by somebody who knows what that means", async () => {
  await withBrowse({}, async (person) => {
    await person.click("button", "Replace Pop-up shop, test");
    await person.reads(/Storefronts contain the client ID of a sales channel/);
    await person.reads(/You store the new client ID/);
    await person.readsNo(/secret is shown/);
    const button = await person.find("button", "Rotate credential");
    assert.equal(await button.evaluate((one) => one.disabled), true);
    await person.click("checkbox", "I understand what this means, and who must be told");
    await person.click("button", "Rotate credential");
    await person.find("heading", "Store the new credential");
    assert.equal(await person.isThere("button", "Show client secret"), false);
    await storeAndGoOn(person, "I stored the client ID");
  });
});

test("somebody connects to Commerce Layer alone, which is stored nowhere, and then to C1 beside it", async () => {
  await withBrowse({}, async (person) => {
    await person.click("button", "Disconnect");
    await person.click("radio", "Commerce Layer");
    await person.click("button", "Connect");
    await person.reads(/Client ID is missing\.[^]*Client secret is missing\./);
    await person.click("button", "Fill in those of the sandbox");
    await person.reads(/Filled in/);
    person.sandbox.fault({ operation: TOKEN, action: { status: 401 } });
    await person.click("button", "Connect");
    await person.reads(/Logging in did not work\nCheck that/);
    await person.click("button", "Connect");
    await person.reads(/Live\nCommerce Layer\nsam\.sample@example\.com/);
    await person.reads(/9 in all/);
    await person.reads(/C1 is not connected/);
    assert.equal(await person.isThere("heading", "Apps"), false);
    const secret = person.sandbox.commercelayer.clientSecret;
    await isForgotten(person, secret);

    await person.click("button", "Connect C1");
    await person.find("heading", "Connect to C1");
    await person.click("button", "Back");
    await person.reads(/9 in all/);
    await person.click("button", "Connect C1");
    await person.click("textbox", "Client ID");
    await person.type(person.sandbox.clientId);
    await person.click("textbox", "Client secret");
    await person.type(person.sandbox.clientSecret);
    await person.press("Enter");
    await person.find("heading", "Connectors of GitHub");
    await person.find("heading", "API credentials");
    await person.click("button", "Disconnect");
    await person.find("heading", "Connect to C1 or Commerce Layer");
  });
});

test("somebody connects with an access token of Commerce Layer", async () => {
  await withBrowse({}, async (person) => {
    const token = await beside(person, async (_, client) => (await client.user.retrieve(), client.currentAccessToken));
    await person.click("button", "Disconnect");
    await person.click("radio", "Commerce Layer");
    await person.click("radio", "Access token");
    await person.click("textbox", "Access token");
    await person.type("not-a-token");
    await person.click("button", "Connect");
    await person.reads(/Commerce Layer did not accept the log-in/);
    const field = await person.find("textbox", "Access token");
    await field.evaluate((input) => input.select());
    await field.type(token);
    await person.click("button", "Connect");
    await person.reads(/Live\nCommerce Layer\nsam/);
    const kept = await person.page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]),
    );
    assert.ok(!kept.includes(token) && !(await person.document()).includes(token));
  });
});

test("a log-in to Commerce Layer that does not work leaves C1 as it is", async () => {
  const before = async ({ sandbox }) => sandbox.fault({ operation: TOKEN, action: { status: 503 }, times: 99 });
  await withBrowse({ before }, async (person) => {
    await person.find("heading", "Connectors of GitHub");
    await person.reads(/API credentials\n[^]*(Logging in did not work|Commerce Layer has a problem)/);
    person.sandbox.clearFaults();
    // A failed login is not retried at once.
    for (let tries = 0; tries < 20 && !/9 in all/.test(await person.text()); tries++, await pause(500)) {
      if (await person.isThere("button", "Try again")) await person.click("button", "Try again");
    }
    await person.focusIs("API credentials");
    await person.reads(/9 in all/);
    await person.reads(/Commerce Layer\nsam\.sample@example\.com/);
  });
});
