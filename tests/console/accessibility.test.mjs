// Accessibility of the console that axe-core (in `axe-*.test.mjs`) cannot check. The standard is WCAG 2.2 AA.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lookUpExamples, pause, withBrowse, withConsole } from "./person.mjs";

const ROTATE = "connector.rotateCredential";

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
    await person.focusIs("Continue");
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
    await person.focusIs("Rotate credential");
    assert.equal(await person.page.evaluate(focusedTag), "h2", "the heading has the focus");
    await person.press("Tab");
    await person.tabTo("Rotate credential");
    await person.press("Enter");
    await person.focusIs("Store the new credential");
    await person.tabTo("I stored the client ID and the secret");
    await person.press("Space");
    await person.tabTo("Continue");
    await person.press("Enter");
    await person.focusIs("Both credentials work");
    await person.tabTo("Close");
    await person.press("Enter");
    await person.reads(/10 in all/);
    assert.equal(await person.page.evaluate(focusedTag), "main");
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

test("in a narrow window, too, the focus is always to be seen, and the table can be sorted", async () => {
  await withConsole({ width: 320 }, async (person) => {
    await lookUpExamples(person);
    await person.tabTo("Rows of the table");
    const heads = [];
    for (;;) {
      await person.press("Tab");
      await person.page.evaluate(() => new Promise(requestAnimationFrame));
      assert.equal(await person.page.evaluate(focusSeen), "", `on ${await person.focus()}`);
      heads.push(await person.focus());
      if (heads.length > 20 || heads.at(-1) === "GitHub archive") break;
    }
    const columns = ["Target", "Status", "Belongs to", "Expires", "Last used", "Owner", "Rotation"];
    assert.deepEqual(heads.slice(0, -2), ["Select all shown targets", ...columns]);
    await person.click("button", "Target");
    await person.find("button", "Rotate AWS account 1");
  });
});

/** Returns problems with the visibility of the focus, if any. */
function focusSeen() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (at === document.body) return "";
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) return `${at.textContent} has no outline`;
  const { top, bottom, left, right } = at.getBoundingClientRect();
  // Scroll positions are whole pixels.
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
    person.sandbox.fault({ operation: ROTATE, action: { delayMs: 6_000 } });
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

/** Returns the accessibility tree: the role and the name of everything that assistive technology reads. */
async function tree(person) {
  const found = [];
  const visit = ({ role, name, disabled, checked, level, children = [] }) => {
    found.push([role, level, name, disabled ? "disabled" : "", checked ? "checked" : ""].filter(Boolean).join(" "));
    children.forEach(visit);
  };
  visit(await person.page.accessibility.snapshot({ interestingOnly: false }));
  return found;
}

test("the accessibility tree has the rotation's steps, where it stands, and what is still missing", async () => {
  await withBrowse({}, async (person) => {
    await person.click("button", "Create credential of GitHub production");
    await person.find("heading", "Create credential");
    await person.click("button", "Create credential");
    await person.find("heading", "Store the new credential");
    let read = await tree(person);
    for (const line of [
      "heading 1 GitHub production",
      "heading 2 Store the new credential",
      "StaticText done",
      "StaticText now",
      "StaticText to come",
      "button Show client secret",
      "button Copy client secret",
      "StaticText hidden",
      "combobox Save both as",
      "checkbox I stored the client ID and the secret",
      "button Continue disabled",
    ])
      assert.ok(read.includes(line), `${line} in\n${read.join("\n")}`);
    assert.ok(!read.join().includes("secret-token:conductorone"), "what is masked is not read out either");
    await person.click("checkbox", "I stored the client ID and the secret");
    read = await tree(person);
    assert.ok(read.includes("checkbox I stored the client ID and the secret checked"));
    assert.ok(read.includes("button Continue"));
  });
});

test("the accessibility tree has the overview's counters, its table and what its pictures show", async () => {
  await withBrowse({ hash: "#/" }, async (person) => {
    await lookUpExamples(person);
    const read = await tree(person);
    for (const line of [
      "heading 1 Overview",
      "button 1 Expired",
      "button 4 Within 30 days",
      "searchbox Search",
      "checkbox Select GitHub archive",
      "link GitHub archive",
      "button Rotate GitHub archive",
    ])
      assert.ok(read.includes(line), `${line} in\n${read.join("\n")}`);
    assert.ok(read.some((line) => line.startsWith("columnheader") && line.includes("Expires")));
    // A drawing without text has its data in a table next to it.
    await person.click("button", "As a table");
    await person.find("table", "Timeline");
    assert.ok((await tree(person)).some((line) => /^(table|grid) Timeline$/.test(line)));
  });
});

test("nothing moves for those who asked for that", async () => {
  const features = [{ name: "prefers-reduced-motion", value: "reduce" }];
  const before = async ({ sandbox }) => sandbox.fault({ operation: "connector.list", action: { delayMs: 6_000 } });
  await withBrowse({ features, before }, async (person) => {
    await person.reads(/Loading connectors/);
    assert.equal(await person.page.evaluate(() => document.getAnimations().length), 0);
    await person.reads(/GitHub Enterprise Server\nSyncing/);
    await pause(50);
    assert.equal(await person.page.evaluate(() => document.getAnimations().length), 0);
  });
});

test("in forced colours chips and cards keep an outline", async () => {
  // The driver does not know this media feature by name.
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
