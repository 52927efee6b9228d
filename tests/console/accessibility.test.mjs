// Whether everybody can use the console: axe-core on each state, then what it cannot see. WCAG 2.2 AA is the measure.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { pause, withBrowse } from "./person.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ROTATE = "connector.rotateCredential";

/** The console's states, in an order in which one leads to the next. Each is checked when `seen` is called. */
async function tour(person, seen) {
  const { sandbox } = person;
  await person.find("heading", "Connectors of GitHub");
  await person.reads(/GitHub production/);
  await seen("nothing known yet");

  await person.click("button", "Look up the sandbox’s examples");
  await person.reads(/Not found/);
  await seen("known credentials");

  await person.click("button", "Rotate credential of GitHub production");
  await person.find("heading", "Rotate credential");
  await seen("before a rotation");
  sandbox.fault({ operation: ROTATE, action: { delayMs: 1_500 } });
  await person.click("button", "Rotate credential");
  await person.find("heading", "Waiting for the control plane");
  await seen("during a rotation");
  await person.find("heading", "Store the new credential");
  await seen("a new secret, masked");
  await person.click("button", "Show client secret");
  await person.click("button", "Copy client secret");
  await person.click("checkbox", "I stored the client ID and the secret");
  await seen("a new secret, shown and copied");
  await person.click("button", "Go on");
  await person.find("heading", "Both credentials work");
  await seen("in the grace period");
  sandbox.clock.advance(25 * 3_600_000);
  await person.page.reload();
  await person.find("heading", /^Retire /);
  await person.page.evaluate(axe);
  await seen("before the old one is retired");
  const [, old] = /\nOld\n(\S+)\n/.exec(await person.text());
  await person.click("textbox", `Type ${old} to confirm`);
  await person.type(old);
  await person.press("Enter");
  await person.find("heading", "The rotation is done");
  await seen("a rotation that is done");
  await person.click("button", "Close");
  await person.find("heading", "Known credentials");

  await person.click("button", "Look up a credential of GitHub production");
  await seen("looking up");
  await person.type("nobody-knows-1");
  await person.press("Enter");
  await person.reads(/has no credential nobody-knows-1/);
  await seen("looked up in vain");
  sandbox.fault({ operation: "connector.getCredentials", action: { status: 403 } });
  await person.press("Enter");
  await person.reads(/not allowed/);
  await person.click("DisclosureTriangle", "Details");
  await seen("looking up is refused");
  const { id } = sandbox.snapshot().connectorCredentials.find((one) => one.id !== old && !one.deletedAt);
  await person.page.$eval("::-p-aria(Credential ID)", (input) => input.select());
  await person.type(id);
  await person.press("Enter");
  await person.find("heading", "Found");
  await seen("found");
  await person.click("button", "Close");

  await person.click("button", `Revoke ${id}`);
  await person.find("heading", `Revoke ${id}?`);
  await seen("before a revocation");
  await person.type(id);
  await seen("a revocation confirmed");
  await person.press("Enter");
  await person.reads(/is revoked/);
  await seen("after a revocation");

  sandbox.fault({ operation: ROTATE, action: { status: 403 } });
  await person.click("button", "Create credential of GitHub archive");
  await person.click("button", "Create credential");
  await person.find("heading", "The control plane refused");
  await seen("a refused rotation");
  sandbox.fault({ operation: ROTATE, action: "drop-answer" });
  await person.click("button", "Go on");
  await person.find("heading", "It is unknown whether a credential was issued");
  await seen("an unknown outcome");
  await person.click("button", "Close");
  await person.find("heading", "Known credentials");
  await seen("an unknown outcome in the list");

  sandbox.fault({ operation: "connector.list", action: { delayMs: 1_500 } });
  await person.click("link", "Okta");
  await person.reads(/Loading connectors/);
  await seen("connectors on their way");
  await person.reads(/Okta preview/);
  sandbox.fault({ operation: "connector.list", action: { status: 403 } });
  await person.click("link", "Salesforce");
  await person.reads(/Connectors of Salesforce\n[^]*not allowed/);
  await seen("connectors that did not come");

  await person.click("button", "Disconnect");
  await person.find("heading", "Connect to C1 or Commerce Layer");
  await seen("connecting");
  await person.click("button", "Connect");
  await person.reads(/Client ID is missing/);
  await seen("connecting with fields missing");
  await person.click("radio", "Identity token of a workload");
  await person.click("button", "Get one from the sandbox’s issuer");
  await person.reads(/Filled in/);
  await seen("connecting with an identity token");
  await person.click("radio", "Approval in a browser");
  await person.click("button", "Fill in one for the sandbox");
  await person.click("button", "Connect");
  await person.find("heading", "Approve this log-in");
  await seen("waiting for an approval");
  const [, code] = /\n([B-Z]{4}-[B-Z]{4})\n/.exec(await person.text());
  sandbox.decideLogin(code, false);
  await person.reads(/denied in the browser/);
  await seen("a log-in was denied");
}

const LOOKS = [
  { name: "light", width: 1280, features: [{ name: "prefers-color-scheme", value: "light" }] },
  { name: "dark", width: 1280, features: [{ name: "prefers-color-scheme", value: "dark" }] },
  { name: "light, in between", width: 1024, features: [{ name: "prefers-color-scheme", value: "light" }] },
  { name: "light and narrow", width: 320, features: [{ name: "prefers-color-scheme", value: "light" }] },
  { name: "dark and narrow", width: 320, features: [{ name: "prefers-color-scheme", value: "dark" }] },
];

/** The states of Commerce Layer's credentials. */
async function provisioningTour(person, seen) {
  const { sandbox } = person;
  await person.reads(/9 in all/);
  await person.find("heading", "Connectors of GitHub");
  await seen("the credentials of both");

  await person.click("button", "Create API credential");
  await person.reads(/Northwind Labs/);
  await seen("a form for a credential");
  await person.press("Enter");
  await person.reads(/Name is missing/);
  await seen("a form with fields missing");
  await person.click("radio", "Web app");
  await person.find("textbox", "Redirect URI");
  await seen("a form for a web app");
  await person.click("radio", "Sales channel");
  await person.click("textbox", "Name");
  await person.type("Kiosk");
  await person.page.evaluate(() => {
    const select = document
      .querySelector("keyturn-console")
      .shadowRoot.querySelector("keyturn-browse")
      .shadowRoot.querySelector("keyturn-create-credential")
      .shadowRoot.querySelector("#organization");
    select.selectedIndex = 1;
    select.dispatchEvent(new Event("change"));
  });
  await person.click("textbox", "Name");
  await person.press("Enter");
  await person.find("heading", "Store the new API credential");
  await seen("a new credential without a secret");
  await person.click("button", "Close");
  await person.reads(/Kiosk \(\w+\) is created/);
  await seen("after a creation");

  await person.click("button", "Details of ERP sync, live");
  await person.find("heading", "ERP sync");
  await seen("the details of a credential");
  await person.click("button", "Show client secret");
  await person.find("button", "Hide client secret");
  await seen("a secret that was asked for");
  await person.click("button", "Rename");
  await person.find("heading", "Rename ERP sync");
  await seen("another name");
  await person.click("button", "Cancel");
  await person.click("button", "Delete");
  await person.find("heading", "Delete ERP sync?");
  await seen("before a deletion");
  await person.press("Escape");

  await person.click("button", "Replace Catalog importer, live");
  await person.find("button", "Create the new credential");
  await seen("the plan of a replacement");
  sandbox.fault({ operation: "commercelayer.api_credentials.create", action: { delayMs: 2_500 } });
  await person.click("button", "Create the new credential");
  await person.find("button", "Stop");
  await seen("during a replacement");
  await person.find("heading", "Store the new credential");
  await seen("a pair to store");
  await person.click("checkbox", "I stored the client ID and the secret");
  await seen("a pair that is stored");
  await person.click("button", "Go on");
  await person.find("heading", "Both credentials work");
  await seen("both credentials work");
  await person.click("checkbox", "Everything that used the old credential uses the new one now");
  await seen("before the old one is deleted");
  await person.click("button", "Delete the old one");
  await person.find("heading", "The credential is replaced");
  await seen("after a replacement");
  await person.click("button", "Close");
  await person.click("button", "Replace Storefront EU, live");
  await person.reads(/Storefronts carry/);
  await seen("the plan for a storefront");
  sandbox.fault({ operation: "commercelayer.api_credentials.create", action: { status: 500 } });
  await person.click("checkbox", "I know who has to get the new client ID");
  await person.click("button", "Create the new credential");
  await person.find("heading", "The replacement did not get to its end");
  await seen("a replacement that failed");
  await person.press("Escape");

  await person.click("searchbox", "Name or client ID");
  await person.type("nothing is called that");
  await person.reads(/None fits/);
  await seen("nothing fits");
  sandbox.fault({ operation: "commercelayer.api_credentials.list", action: { status: 400 } });
  await person.click("button", "Show all");
  await person.reads(/Commerce Layer refused the request/);
  await seen("credentials that did not come");

  await person.click("button", "Disconnect");
  await person.click("radio", "Commerce Layer");
  await person.click("button", "Connect");
  await person.reads(/Client ID is missing/);
  await seen("connecting to Commerce Layer with fields missing");
  await person.click("button", "Fill in those of the sandbox");
  await person.reads(/Filled in/);
  await person.click("button", "Connect");
  await person.reads(/C1 is not connected/);
  await person.reads(/10 in all/);
  await seen("Commerce Layer alone");
  await person.click("button", "Connect C1");
  await person.find("heading", "Connect to C1");
  await seen("connecting to the other");
}

/** The states of the overview and of what it leads to. */
async function overviewTour(person, seen) {
  await person.page.evaluate(() => (location.hash = "#/"));
  await person.find("heading", "Overview");
  await person.reads(/26 targets/);
  await seen("an overview of which little is known");
  await person.click("button", "Look up the sandbox’s examples");
  await person.reads(/\n4 ?\n?Within 30 days/);
  await seen("an overview");
  for (const button of await person.page.$$('::-p-aria([name="As a table"][role="button"])')) await button.click();
  await person.find("table", "Timeline");
  await seen("pictures as tables");
  await person.click("button", "Columns");
  await seen("a choice of columns");
  await person.press("Escape");
  await person.click("searchbox", "Search");
  await person.type("nowhere");
  await person.reads(/None fits/);
  await seen("nothing fits in the overview");
  await person.click("button", "Show all");
  await person.reads(/26 targets/);

  await person.click("checkbox", "Select GitHub archive");
  await person.click("checkbox", "Select Okta");
  await person.click("button", "Rotate 2 together");
  await person.find("heading", "Rotate together");
  await seen("a job that is planned");
  await person.click("button", "Begin with 1 target");
  await person.reads(/To be stored/);
  await seen("a job that runs");
  await person.click("button", "Sandbox");
  await person.focusIs("Sandbox");
  await person.reads(/RotateCredential/);
  await seen("the sandbox's panel");
  await person.click("button", "Close the sandbox’s panel");
  await person.focusIs("Sandbox");

  await person.page.reload();
  await person.page.evaluate(axe);
  await person.click("link", "Open GitHub archive").catch(() => person.click("link", "Store GitHub archive"));
  await person.find("heading", "The secret of the new credential is gone");
  await seen("a lost secret");
  await person.click("link", "Facts");
  await person.reads(/The journal is whole/);
  await seen("a target's page");
}

const TOURS = [
  { what: "", guide: tour },
  { what: " of the overview", guide: overviewTour },
  { what: " of Commerce Layer", guide: provisioningTour },
];

for (const { name, width, features, what, guide } of LOOKS.flatMap((look) =>
  TOURS.map((one) => ({ ...look, ...one })),
)) {
  test(`axe finds nothing in any state${what}: ${name}`, async () => {
    // A fading dialog has other colours than one that stands still.
    const still = [...features, { name: "prefers-reduced-motion", value: "reduce" }];
    await withBrowse({ width, features: still }, async (person) => {
      await person.page.evaluate(axe);
      await guide(person, async (state) => {
        const { violations, incomplete } = await person.page.evaluate(() =>
          globalThis.axe.run(document, { resultTypes: ["violations", "incomplete"] }),
        );
        // Texts in a drawing have what is drawn behind them, which axe cannot judge; their colours are those of texts elsewhere.
        const judged = incomplete.flatMap((one) => {
          const nodes = one.nodes.filter(({ html }) => one.id !== "color-contrast" || !/^<text\b/.test(html));
          return nodes.length > 0 ? [{ ...one, nodes }] : [];
        });
        const told = [...violations, ...judged].map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ target, any }) => `${target} ${any[0]?.message}`).join(", ")}`,
        );
        assert.deepEqual(told, [], `${state}, ${name}`);
        const wide = await person.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${state}, ${name}: it is ${wide} pixels too wide`);
        assert.deepEqual(await person.page.evaluate(small), [], `${state}, ${name}: targets below 24 pixels`);
      });
    });
  });
}

/** What can be clicked but is hard to hit. A checkbox is as large as its label. */
function small() {
  const found = [];
  const visit = (node) => {
    if (node.matches?.("a[href], button, summary, input, select, label:has(input)") && node.checkVisibility()) {
      const { width, height } = (
        node.matches("input") ? (node.closest("label") ?? node) : node
      ).getBoundingClientRect();
      if ((width < 24 || height < 24) && !node.matches(".skip"))
        found.push(`${node.outerHTML.slice(0, 80)}: ${width} x ${height}`);
    }
    for (const child of (node.shadowRoot ?? node).children ?? []) visit(child);
  };
  visit(document.documentElement);
  return found;
}

test("a rotation by keyboard alone", async () => {
  await withBrowse({}, async (person) => {
    await person.reads(/GitHub production/);
    await person.press("Tab");
    assert.equal(await person.focus(), "Skip to the content");
    await person.press("Enter");
    await person.tabTo("Create credential of GitHub Enterprise Server");
    await person.press("Enter");
    await person.focusIs("Create credential");
    assert.equal(await person.page.evaluate(focusedTag), "h2", "the heading has the focus");
    await person.press("Tab");
    assert.equal(await person.focus(), "Create credential");
    await person.press("Enter");
    await person.focusIs("Store the new credential");
    await person.tabTo("Show client secret");
    await person.press("Space");
    await person.reads(/secret-token:conductorone/);
    await person.focusIs("Hide client secret");
    await person.tabTo("Copy client secret");
    await person.press("Enter");
    await person.reads(/Copied/);
    await person.tabTo("Copy as text");
    await person.press("Tab");
    await person.press("Space");
    await person.press("Tab");
    await person.focusIs("Go on");
    await person.press("Enter");
    await person.focusIs("The credential is stored");
    await person.tabTo("Close");
    await person.press("Enter");
    await person.find("heading", "Known credentials");
    assert.equal(await person.page.evaluate(focusedTag), "main");
  });
});

test("a replacement by keyboard alone", async () => {
  await withBrowse({}, async (person) => {
    await person.reads(/9 in all/);
    await person.tabTo("Replace Prototype, test");
    await person.press("Enter");
    await person.focusIs("Replace Prototype");
    assert.equal(await person.page.evaluate(focusedTag), "h2", "the dialog's heading has the focus");
    await person.find("button", "Create the new credential");
    await person.tabTo("Create the new credential");
    await person.press("Enter");
    await person.focusIs("Store the new credential");
    await person.tabTo("Copy client secret");
    await person.press("Tab");
    await person.press("Space");
    await person.tabTo("Go on");
    await person.press("Enter");
    await person.focusIs("Both credentials work");
    await person.tabTo("Keep the old one");
    await person.press("Enter");
    await person.focusIs("Replace Prototype, test");
  });
});

test("a log-in by a code, with the keyboard alone", async () => {
  await withBrowse({}, async (person) => {
    await person.click("button", "Disconnect");
    await person.find("heading", "Connect to C1 or Commerce Layer");
    await person.tabTo("Use the sandbox");
    await person.press("Tab");
    await person.press("Tab");
    await person.press("ArrowDown");
    await person.tabTo("Fill in one for the sandbox");
    await person.press("Space");
    await person.tabTo("Connect");
    await person.press("Enter");
    await person.focusIs("Approve this log-in");
    const seen = [];
    for (let step = 0; step < 3; step++) {
      await person.press("Tab");
      seen.push(await person.focus());
    }
    assert.deepEqual(seen, ["Copy code", "Open the page to approve (in a new tab)", "Cancel"]);
    await person.press("Enter");
    await person.focusIs("Connect");
  });
});

function focusedTag() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at.localName;
}

test("the focus is always to be seen", async () => {
  await withBrowse({}, async (person) => {
    await person.click("button", "Look up the sandbox’s examples");
    await person.reads(/Not found/);
    await person.page.evaluate(() => globalThis.scrollTo(0, 0));
    for (let step = 0; step < 50; step++) {
      await person.press("Tab");
      await person.page.evaluate(() => new Promise(requestAnimationFrame));
      const found = await person.page.evaluate(focusSeen);
      assert.equal(found, "", `after ${step + 1} tabs`);
    }
  });
});

/** What is wrong with how the focus is shown, if anything. */
function focusSeen() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (at === document.body) return "";
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) return `${at.textContent} has no outline`;
  const { top, bottom, left, right } = at.getBoundingClientRect();
  // Scrolling stops at whole pixels.
  if (top < -1 || left < -1 || bottom > innerHeight + 1 || right > innerWidth + 1)
    return `${at.textContent.trim()} is outside of the window: ${top} to ${bottom} of ${innerHeight}, ${left} to ${right}`;
  const over = at.getRootNode().elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return over && (at.contains(over) || over.contains(at)) ? "" : `${at.textContent} is behind ${over?.localName}`;
}

test("what happens is said to those who do not see it", async () => {
  await withBrowse({}, async (person) => {
    const statuses = () =>
      person.page.$$eval('::-p-aria([role="status"])', (all) =>
        all.filter((one) => one.ariaLive !== "off").map((one) => one.textContent.trim()),
      );
    person.sandbox.fault({ operation: ROTATE, action: { delayMs: 1_000 } });
    await person.click("button", "Create credential of GitHub production");
    await person.click("button", "Create credential");
    await person.find("heading", "Waiting for the control plane");
    assert.match((await statuses()).join(), /A credential is being issued/);
    await person.find("heading", "Store the new credential");
    await person.click("button", "Show client secret");
    assert.ok(!(await statuses()).join().includes("secret-token:conductorone"), "a secret is not announced");
    await person.click("button", "Copy client secret");
    await person.reads(/Copied/);
    assert.ok((await statuses()).includes("Copied"));
  });
});

test("nothing moves for those who asked for that", async () => {
  const features = [{ name: "prefers-reduced-motion", value: "reduce" }];
  const before = async ({ sandbox }) => sandbox.fault({ operation: "connector.list", action: { delayMs: 1_500 } });
  await withBrowse({ features, before }, async (person) => {
    await person.reads(/Loading connectors/);
    assert.equal(await person.page.evaluate(() => document.getAnimations().length), 0);
    await person.reads(/GitHub Enterprise Server\nSyncing/);
    await pause(50);
    assert.equal(await person.page.evaluate(() => document.getAnimations().length), 0);
  });
});

test("in forced colours chips and cards keep an outline", async () => {
  // The driver does not know this feature by name.
  const before = async ({ page }) => {
    const session = await page.createCDPSession();
    await session.send("Emulation.setEmulatedMedia", { features: [{ name: "forced-colors", value: "active" }] });
  };
  await withBrowse({ before }, async (person) => {
    await person.reads(/GitHub production/);
    const widths = await person.page.evaluate(() => {
      const { shadowRoot } = document
        .querySelector("keyturn-console")
        .shadowRoot.querySelector("keyturn-browse")
        .shadowRoot.querySelector("keyturn-connectors");
      return [".chip", ".card"].map((name) => getComputedStyle(shadowRoot.querySelector(name)).borderTopWidth);
    });
    assert.deepEqual(widths, ["1px", "1px"]);
  });
});
