// The console in Chromium, as a person uses it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { ConductorOne } from "keyturn";
import { root } from "../../xtask/steps.mjs";
import { pause, withBrowse, withConsole } from "./person.mjs";

const ROTATE = "connector.rotateCredential";

/** Rotates a connector's credential, from the list of connectors to the new secret. */
async function rotate(person, connector, button = "Create credential") {
  const answer = person.answer(/connectors\/credentials$/);
  await person.click("button", `${button} of ${connector}`);
  await person.find("heading", button);
  await person.click("button", button);
  await person.find("heading", "Store the new credential");
  return (await answer).credential;
}

/** Confirms that the new secret is stored, and returns to the connectors. */
async function closeSecret(person, heading = "The credential is stored") {
  await person.click("checkbox", "I stored the client ID and the secret");
  await person.click("button", "Continue");
  await person.find("heading", heading);
  await person.click("button", "Close");
  await person.find("heading", "Known credentials");
}

test("it shows who is connected to what, and asks nobody else", async () => {
  await withBrowse({}, async (person) => {
    await person.find("heading", "Connectors of GitHub");
    await person.reads(
      /Sandbox\nTenant\n2SandboxTenant\d+\nPrincipal\n2SandboxAdministrator\d+\nRole\nSuper administrator/,
    );
    await person.reads(/GitHub production\nSynced\nNone\n/);
    const policy = (await fetch(person.url)).headers.get("content-security-policy");
    assert.equal(
      policy,
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
        "require-trusted-types-for 'script'; trusted-types lit-html 'allow-duplicates'",
    );
    assert.deepEqual(person.console, []);
  });
});

test("what it loads is small, and views and the engine come when they are opened", async () => {
  /** Returns the brotli bytes that a page loads until a text is readable. */
  const loaded = async (hash, pattern, before) => {
    const names = new Set();
    const listen = async (person) => {
      person.page.on("request", (request) => {
        const { pathname } = new URL(request.url());
        if (/\.(js|wasm|css)$/.test(pathname)) names.add(pathname.slice(1));
      });
      await before?.(person);
    };
    await withConsole({ hash, before: listen }, async (person) => {
      await person.reads(pattern);
      await pause(200);
    });
    return [...names].reduce((sum, name) => {
      return sum + brotliCompressSync(readFileSync(join(root, "www/dist", name))).length;
    }, 0);
  };
  const alone = async ({ page }) => {
    await page.setRequestInterception(true);
    page.on("request", (request) =>
      request.url().endsWith("/_sandbox/tenant") ? request.respond({ status: 404, body: "" }) : request.continue(),
    );
  };
  const connect = await loaded("", /Connect to C1/, alone);
  const overview = await loaded("", /\d+ targets\n/);
  console.log(`until the connect screen ${connect} bytes of brotli, until the overview ${overview}`);
  assert.ok(connect <= 150 * 1024, `${connect}`);
  assert.ok(overview <= 280 * 1024, `${overview}`);
});

test("a new secret is shown once, and nothing of it stays", async () => {
  await withBrowse({}, async (person) => {
    const { page } = person;
    await page.browserContext().overridePermissions(person.url, ["clipboard-read", "clipboard-sanitized-write"]);
    const { id, clientId, clientSecret } = await rotate(person, "GitHub production");
    assert.match(clientSecret, /^secret-token:conductorone\.com:v1:/);

    await person.reads(/Client secret\n•+\nhidden/);
    assert.ok(!(await person.document()).includes(clientSecret), "it is masked");
    await person.click("button", "Show client secret");
    await person.reads(clientSecret);
    await person.click("button", "Hide client secret");
    assert.ok(!(await person.document()).includes(clientSecret), "it is masked again");

    await person.click("button", "Copy client ID");
    await person.copied(clientId);
    await person.click("button", "Copy client secret");
    await person.reads(/Copied/);

    // Continuing requires the confirmation that it is stored.
    assert.equal(
      await person.page.$eval('::-p-aria([name="Continue"][role="button"])', (button) => button.disabled),
      true,
    );
    await person.click("button", "Show client secret");
    await closeSecret(person);
    await person.reads(new RegExp(`${id}\nGitHub › GitHub production\ncreated just now\nActive`));
    await person.find("button", "Rotate credential of GitHub production");

    assert.ok(!(await person.document()).includes(clientSecret), "in the document");
    const kept = await person.kept();
    assert.ok(kept.includes(id), "its id is remembered");
    for (const part of [clientSecret, clientSecret.split(":")[3]]) {
      assert.ok(!kept.includes(part), "in a storage or the address");
      assert.ok(!person.console.join().includes(part), "in the console");
    }
    assert.ok(!(await heap(page)).includes(clientSecret.split(":")[3]), "in the memory of the page's scripts");

    // The copied value is the secret, and works.
    await person.copied(clientSecret);
    const connector = new ConductorOne({ clientID: clientId, clientSecret, serverURL: person.url });
    await connector.auth.introspect();
    connector.close();
  });
});

/** Returns a heap snapshot, with every text that the page's scripts can still reach. */
async function heap(page) {
  const session = await page.createCDPSession();
  const chunks = [];
  session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.takeHeapSnapshot");
  await session.detach();
  return chunks.join("");
}

test("rotating says that the old credential stays, and looks whether that was so", async () => {
  await withBrowse({}, async (person) => {
    const first = await rotate(person, "GitHub production");
    await closeSecret(person);
    await person.click("button", "Rotate credential of GitHub production");
    await person.reads(new RegExp(`The old one stays valid for a day\\.[^]*In use\n${first.id}\n`));
    await person.click("button", "Cancel");
    await person.find("heading", "Known credentials");
    assert.equal(person.count(ROTATE), 1);

    const second = await rotate(person, "GitHub production", "Rotate credential");
    await closeSecret(person, "Both credentials work");
    await person.reads(/GitHub production\nSynced\n2 valid\nIn rotation/);
    await person.click("button", "Rotate credential of GitHub production");
    await person.reads(new RegExp(`The old one still works[^]*New\n${second.id}\nOld\n${first.id}\n[^]*in 24 hours`));
    await person.click("button", "Close");

    // This tenant does not keep the old credential.
    person.sandbox.configure({ oldAfterRotate: "revoke" });
    const third = await rotate(person, "GitHub Enterprise Server");
    await closeSecret(person);
    await rotate(person, "GitHub Enterprise Server", "Rotate credential");
    await person.click("checkbox", "I stored the client ID and the secret");
    await person.click("button", "Continue");
    await person.reads(
      /This control plane does not keep the old credential\.[^]*It stopped working with this rotation/,
    );
    await person.click("button", "Close");
    await person.reads(
      new RegExp(`${third.id}\nGitHub › GitHub Enterprise Server\ncreated just now\n(Revoked|Not found)`),
    );
  });
});

test("what is known outlives a reload, with what C1 says of it now", async () => {
  await withBrowse({}, async (person) => {
    const { id } = await rotate(person, "GitHub production");
    await closeSecret(person);
    await person.page.reload();
    await person.reads(new RegExp(`${id}\nGitHub › GitHub production\ncreated just now\nActive\nin 90 days`));
    await person.find("button", "Rotate credential of GitHub production");
  });
});

test("a credential is looked up by its id or its client id", async () => {
  await withBrowse({}, async (person) => {
    const { connectorCredentials } = person.sandbox.snapshot();
    const [{ id }] = connectorCredentials;
    await person.click("button", "Look up a credential of GitHub production");
    await person.find("heading", "Look up a credential");
    await person.press("Enter");
    await person.reads(/Enter the ID of a credential/);
    await person.type("nobody-knows-1");
    await person.press("Enter");
    await person.reads(/This connector has no credential nobody-knows-1/);
    assert.equal(
      await person.page.$eval("::-p-aria(Credential ID)", (input) => input.getAttribute("aria-invalid")),
      "true",
    );
    await person.page.$eval("::-p-aria(Credential ID)", (input) => input.select());
    await person.type(` ${id}@acme.conductor.one/ccc `);
    await person.press("Enter");
    await person.find("heading", "Found");
    await person.reads(/Status\nExpires soon/);
    await person.click("button", "Close");
    await person.reads(new RegExp(`${id}\nGitHub › GitHub production\ncreated 80 days ago\nExpires soon\nin 10 days`));
    await person.reads(/Looked up/);
    await person.focusIs("Look up a credential of GitHub production");
  });
});

test("a credential is revoked after its id was typed", async () => {
  await withBrowse({}, async (person) => {
    const { id } = await rotate(person, "GitHub production");
    await closeSecret(person);
    await person.click("button", `Revoke ${id}`);
    await person.reads(/Its existing tokens keep working until they expire/);
    await person.reads(/No other credential of this connector is known here/);
    const isDisabled = () =>
      person.page.$eval('::-p-aria([name="Revoke credential"][role="button"])', (button) => button.disabled);
    assert.equal(await isDisabled(), true);
    await person.type(id.slice(0, -1));
    assert.equal(await isDisabled(), true);
    await person.press("Enter");
    assert.equal(person.count("connector.revokeCredential"), 0);
    await person.press("Escape");
    await person.focusIs(`Revoke ${id}`);

    await person.press("Enter");
    await person.type(id);
    await person.press("Enter");
    await person.reads(new RegExp(`${id} is revoked: it gets no new tokens`));
    await person.reads(new RegExp(`${id}\nGitHub › GitHub production\ncreated just now\nRevoked`));
    await person.focusIs("Known credentials");
    await person.find("button", "Create credential of GitHub production");
    const { connectorCredentials } = person.sandbox.snapshot();
    assert.ok(connectorCredentials.find((one) => one.id === id).deletedAt);

    await person.click("button", `Check ${id} again`);
    await person.reads(new RegExp(`${id}\nGitHub › GitHub production\ncreated just now\nRevoked`));
    await person.click("button", `Remove ${id} from the list`);
    await person.reads(/None yet\./);
    await person.focusIs("Known credentials");
  });
});

test("a revocation that fails says so and can be tried again", async () => {
  await withBrowse({}, async (person) => {
    const { id } = await rotate(person, "GitHub production");
    await closeSecret(person);
    person.sandbox.fault({ operation: "connector.revokeCredential", action: { status: 403 } });
    await person.click("button", `Revoke ${id}`);
    await person.type(id);
    await person.press("Enter");
    await person.reads(/This log-in is not allowed to do that/);
    await person.click("button", "Try again");
    await person.reads(new RegExp(`${id} is revoked`));
  });
});

test("a refused rotation issues nothing and can be tried again", async () => {
  await withBrowse({}, async (person) => {
    person.sandbox.fault({ operation: ROTATE, action: { status: 403 } });
    await person.click("button", "Create credential of GitHub production");
    await person.click("button", "Create credential");
    await person.find("heading", "The control plane refused");
    await person.reads(/grant the permission or fix the place/);
    await person.click("button", "Continue");
    await person.find("heading", "Store the new credential");
    await closeSecret(person);
    assert.equal(person.count(ROTATE), 2);
  });
});

for (const action of ["drop-answer", "drop", { status: 503 }, { status: 200, body: '{"credential":' }]) {
  test(`no second rotation without a word after one whose outcome is unknown: ${JSON.stringify(action)}`, async () => {
    await withBrowse({}, async (person) => {
      person.sandbox.configure({ systemLog: "off" });
      person.sandbox.fault({ operation: ROTATE, action });
      await person.click("button", "Create credential of GitHub archive");
      await person.click("button", "Create credential");
      await person.find("heading", "It is unknown whether a credential was issued");
      await person.reads(/A credential may exist whose secret nobody has/);
      const isDisabled = () =>
        person.page.$eval(
          '::-p-aria([name="I checked: nothing was created"][role="button"])',
          (button) => button.disabled,
        );
      // The request may still take effect.
      assert.equal(await isDisabled(), true);
      await person.click("button", "Close");
      await person.reads(/GitHub archive\nPaused\nPaused by an administrator\nNone\nOutcome unknown/);

      // Neither leaving the page nor waiting changes that.
      person.sandbox.clock.advance(600_000);
      await person.page.reload();
      await person.click("button", "Rotate credential of GitHub archive");
      await person.find("heading", "It is unknown whether a credential was issued");
      assert.equal(person.count(ROTATE), 1, "it was sent once");
      await person.click("button", "I checked: nothing was created");
      await person.find("heading", "Store the new credential");
      await closeSecret(person);
      await person.readsNo("Outcome unknown");
      assert.equal(person.count(ROTATE), 2);
    });
  });
}

test("what an unknown attempt made is named, and ends once another is stored", async () => {
  await withBrowse({}, async (person) => {
    person.sandbox.configure({ systemLog: "off" });
    const before = new Set(person.sandbox.snapshot().connectorCredentials.map(({ id }) => id));
    person.sandbox.fault({ operation: ROTATE, action: "drop-answer" });
    await person.click("button", "Create credential of GitHub archive");
    await person.click("button", "Create credential");
    await person.find("heading", "It is unknown whether a credential was issued");
    const made = person.sandbox.snapshot().connectorCredentials.find(({ id }) => !before.has(id));
    person.sandbox.clock.advance(600_000);
    await person.page.reload();
    await person.click("textbox", "IDs of the created credentials, separated by spaces");
    await person.type("nobody-knows-1");
    await person.click("button", "These were created");
    await person.reads(/no valid credential nobody-knows-1/);
    const field = await person.find("textbox", "IDs of the created credentials, separated by spaces");
    await field.evaluate((input) => input.select());
    await person.type(made.id);
    await person.click("button", "These were created");
    await person.find("heading", "Store the new credential");
    await closeSecret(person);
    const ended = () => person.sandbox.snapshot().connectorCredentials.find(({ id }) => id === made.id)?.deletedAt;
    assert.ok(ended(), "nobody has its secret, so it has ended");
    assert.equal(person.count(ROTATE), 2);
  });
});

test("while a credential is being issued the page is not left unasked", async () => {
  await withBrowse({}, async (person) => {
    person.sandbox.fault({ operation: ROTATE, action: { delayMs: 6_000 } });
    await person.click("button", "Create credential of GitHub production");
    await person.click("button", "Create credential");
    await person.find("heading", "Waiting for the control plane");
    let asked = 0;
    person.page.on("dialog", async (dialog) => {
      asked += 1;
      await dialog.dismiss();
    });
    await person.page.evaluate(() => location.reload());
    await person.find("heading", "Store the new credential");
    assert.equal(asked, 1);
    await closeSecret(person);
  });
});

test("lists that do not come say why, and come when asked again", async () => {
  const before = async ({ sandbox }) => {
    sandbox.fault({ operation: "apps.list", action: { status: 403 } });
    sandbox.fault({ operation: "connector.list", action: { status: 404 } });
  };
  await withBrowse({ before }, async (person) => {
    await person.reads(/Apps\nThis log-in is not allowed to do that/);
    await person.click("button", "Try again");
    await person.reads(/Connectors of GitHub\nSource code and build pipelines\nC1 cannot find it/);
    await person.click("button", "Try again");
    await person.reads(/GitHub production\nSynced/);
  });
});

test("a log-in that fails says why, and works when tried again", async () => {
  const before = async ({ sandbox }) => sandbox.fault({ operation: "token", times: 1, action: { status: 401 } });
  await withBrowse({ before }, async (person) => {
    await person.reads(/Logging in did not work/);
    await person.click("button", "Try again");
    await person.find("heading", "Connectors of GitHub");
  });
});

test("while lists are on their way it says so", async () => {
  const before = async ({ sandbox }) => sandbox.fault({ operation: "apps.list", action: { delayMs: 6_000 } });
  await withBrowse({ before }, async (person) => {
    await person.reads(/Loading apps/);
    await person.find("heading", "Connectors of GitHub");
    person.sandbox.fault({ operation: "connector.list", action: { delayMs: 6_000 } });
    await person.click("link", "Okta");
    await person.reads(/Loading connectors/);
    await person.reads(/Okta preview\nSync failed\nrpc error/);
  });
});

test("a tenant with nothing in it, and an app without connectors", async () => {
  await withBrowse({ seed: "empty" }, async (person) => {
    await person.reads(/This tenant has no apps yet/);
    await person.reads(/None yet\. C1 cannot list the credentials of a connector/);
    const { clientId: clientID, clientSecret } = person.sandbox;
    const c1 = new ConductorOne({ clientID, clientSecret, serverURL: person.url });
    await c1.apps.create({ displayName: "Lonely", owners: [] });
    c1.close();
    await person.page.reload();
    await person.reads(/Connectors of Lonely\nThis app has no connectors/);
  });
});

test("long lists come in pages", async () => {
  await withBrowse({ seed: "large" }, async (person) => {
    const rows = async () =>
      (await person.page.$$("keyturn-console >>> keyturn-browse >>> keyturn-connectors >>> tbody tr")).length;
    await person.find("heading", "Connectors of Application 01");
    await person.find("button", "Show more connectors");
    assert.equal(await rows(), 25);
    await person.click("button", "Show more apps");
    await person.find("link", "Application 40");
    await person.focusIs("Apps");
    person.sandbox.fault({ operation: "connector.list", action: { status: 400 } });
    await person.click("button", "Show more connectors");
    await person.reads(/C1 refused the request/);
    assert.equal(await rows(), 25, "what has come stays");
    await person.click("button", "Try again");
    await person.focusIs("Connectors of Application 01");
    await person.reads(/Connector 050/);
    assert.equal(await rows(), 50);
  });
});

test("the address names the app", async () => {
  await withBrowse({ hash: "#/apps/%" }, async (person) => {
    await person.find("heading", "Connectors of GitHub");
    await person.click("link", "Okta");
    await person.find("heading", "Connectors of Okta");
    await person.page.reload();
    await person.find("heading", "Connectors of Okta");
    await person.page.goBack();
    await person.find("heading", "Connectors of GitHub");
  });
});

test("the sandbox's examples are looked up one by one", async () => {
  await withBrowse({}, async (person) => {
    await person.click("button", "Look up the sandbox’s examples");
    for (const word of ["Active", "Expires soon", "Expired", "Not found"])
      await person.reads(new RegExp(`\n${word}\n`));
    await person.find("button", "Rotate credential of GitHub production");
    await person.find("button", "Create credential of GitHub archive");
    await person.focusIs("Known credentials");
  });
});

test("somebody connects with a credential of their own, which is stored nowhere", async () => {
  await withBrowse({}, async (person) => {
    await person.click("button", "Disconnect");
    await person.find("heading", "Connect to C1 or Commerce Layer");
    await person.click("button", "Connect");
    await person.reads(/Client ID is missing\.[^]*Client secret is missing\./);
    assert.equal(
      await person.page.evaluate(() => document.activeElement.shadowRoot.activeElement.shadowRoot.activeElement.id),
      "clientID",
    );
    await person.type("no host");
    await person.tabTo("Client secret");
    await person.click("textbox", "Client secret");
    await person.type("secret-token:whatever");
    await person.click("button", "Connect");
    await person.reads(/Client ID\n[^\n]*\n[^]*client id/i);
    const { clientId, clientSecret } = person.sandbox;
    await fill(person, "Client ID", clientId);
    await fill(person, "Client secret", clientSecret);
    await person.click("button", "Connect");
    await person.reads(/Live\nTenant/);
    await person.find("heading", "Connectors of GitHub");
    const kept = await person.page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]),
    );
    assert.ok(!kept.includes(clientSecret));
    assert.ok(!(await person.document()).includes(clientSecret));
  });
});

test("somebody connects with an access token, where there is no sandbox", async () => {
  const before = async ({ page }) => {
    await page.setRequestInterception(true);
    page.on("request", (request) =>
      request.url().endsWith("/_sandbox/tenant") ? request.respond({ status: 404, body: "" }) : request.continue(),
    );
  };
  await withBrowse({ before }, async (person) => {
    await person.find("heading", "Connect to C1 or Commerce Layer");
    assert.equal(await person.isThere("button", "Use the sandbox"), false);
    const token = await accessToken(person.sandbox);
    await person.click("radio", "Access token");
    await fill(person, "Access token", "not-a-token");
    await person.click("button", "Connect");
    await person.reads(/C1 did not accept the log-in/);
    await fill(person, "Access token", token);
    await person.click("button", "Connect");
    await person.reads(/Live\nTenant/);
    await person.readsNo("examples");
    await pause(100);
  });
});

/** Continues until the page waits for a code. */
async function beginDeviceLogin(person) {
  await person.click("button", "Disconnect");
  await person.click("radio", "Approval in a browser");
  await person.click("button", "Connect");
  await person.reads(/Client ID of the program is missing/);
  await person.click("button", "Fill in one for the sandbox");
  await person.reads(/Filled in/);
  await person.click("button", "Connect");
  await person.focusIs("Approve this log-in");
  return /\n([B-Z]{4}-[B-Z]{4})\n/.exec(await person.text())[1];
}

/** Opens the approval page, as its link does, and clicks a button there. */
async function decide(person, code, button) {
  await person.click("link", "Open the page to approve (in a new tab)");
  const tab = await person.page
    .browserContext()
    .waitForTarget((target) => target.url().startsWith(`${person.url}/device?`));
  const page = await tab.page();
  const field = await page.waitForSelector("::-p-aria(Code)");
  assert.equal(await field.evaluate((input) => input.value), code);
  assert.equal(await page.evaluate(() => globalThis.opener), null);
  await page.locator(`::-p-aria([name="${button}"][role="button"])`).click();
  await page.waitForSelector("::-p-text(Done)");
  await page.close();
  await person.page.bringToFront();
}

test("somebody connects by approving a code in another tab", async () => {
  await withBrowse({}, async (person) => {
    const code = await beginDeviceLogin(person);
    await decide(person, code, "Approve");
    await person.reads(/Live\nTenant/);
    await person.find("heading", "Connectors of GitHub");
    assert.equal(await person.page.evaluate(() => document.activeElement.shadowRoot.activeElement.localName), "main");
  });
});

test("a code that is denied or comes too late is told, and what was filled in is still there", async () => {
  await withBrowse({}, async (person) => {
    await decide(person, await beginDeviceLogin(person), "Deny");
    await person.reads(/Logging in did not work\n[^]*denied in the browser/);
    await person.focusIs("Connect");
    await person.press("Enter");
    await person.focusIs("Approve this log-in");
    person.sandbox.clock.advance(601_000);
    await person.reads(/Logging in did not work\n[^]*confirm the new code in time/);
  });
});

test("waiting for an approval can be given up, and nothing is asked any more", async () => {
  await withBrowse({}, async (person) => {
    const code = await beginDeviceLogin(person);
    await person.click("button", "Cancel");
    await person.focusIs("Connect");
    await person.readsNo(code);
    await person.readsNo("did not work"); // cancelling is not a failure
    const asked = person.count("token");
    person.sandbox.decideLogin(code, true);
    await pause(2_500);
    assert.equal(person.count("token"), asked);
    await person.find("heading", "Connect to C1 or Commerce Layer");
    await person.click("button", "Use the sandbox");
    await person.find("heading", "Connectors of GitHub");
  });
});

test("a log-in that was approved says so when it has ended, and asks nobody for a code unseen", async () => {
  await withBrowse({}, async (person) => {
    person.sandbox.setTokenTtl(2);
    const code = await beginDeviceLogin(person);
    await decide(person, code, "Approve");
    await person.find("heading", "Connectors of GitHub");
    await pause(2_500);
    await person.click("link", "Okta");
    await person.reads(/Logging in did not work\nThe log-in has ended\. Disconnect, and log in again\./);
  });
});

test("somebody connects with a workload's identity token, which is stored nowhere", async () => {
  await withBrowse({}, async (person) => {
    await person.click("button", "Disconnect");
    await person.click("radio", "Identity token of a workload");
    await person.click("button", "Connect");
    await person.reads(/Client ID of the trust is missing\.[^]*Identity token is missing\./);
    await person.click("button", "Get one from the sandbox’s issuer");
    await person.reads(/Filled in/);
    const old = Math.floor(Date.now() / 1000) - 700;
    const token = person.sandbox.identityToken();
    for (const [claims, reason] of [
      [{ iat: old }, /ten minutes/],
      [{ iss: "https://other.example" }, /issuer/],
    ]) {
      await fill(person, "Identity token", person.sandbox.identityToken(claims));
      await person.click("button", "Connect");
      await person.reads(/Logging in did not work/);
      await person.reads(reason);
    }
    await fill(person, "Identity token", token);
    await person.click("button", "Connect");
    await person.reads(/Live\nTenant/);
    await person.find("heading", "Connectors of GitHub");
    const kept = await person.page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]),
    );
    assert.ok(!kept.includes(token) && !(await person.document()).includes(token));
  });
});

test("what was filled in for one way to log in is not taken for another", async () => {
  await withBrowse({}, async (person) => {
    await person.click("button", "Disconnect");
    await person.click("radio", "Identity token of a workload");
    await person.click("button", "Get one from the sandbox’s issuer");
    await person.reads(/Filled in/);
    for (const way of ["Client ID and secret", "Access token"]) {
      await person.click("radio", way);
      await person.click("button", "Connect");
      await person.reads(new RegExp(`${way.replace(" and", "[^]* is missing.[^]*")} is missing`, "i"));
    }
  });
});

async function fill(person, name, text) {
  const field = await person.find("textbox", name);
  await field.evaluate((input) => input.select());
  await field.type(text);
}

/** Returns a token that was obtained outside of the page. */
async function accessToken({ url, clientId, clientSecret, fetch }) {
  let token;
  const listening = (input, init) => {
    token = new Headers(init.headers).get("authorization")?.replace("Bearer ", "") ?? token;
    return fetch(input, init);
  };
  const c1 = new ConductorOne({ clientID: clientId, clientSecret, serverURL: url, fetch: listening });
  await c1.auth.introspect();
  c1.close();
  return token;
}
