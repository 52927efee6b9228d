// Targets with the same name are distinguished wherever they are shown, and everywhere in the same way.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { installed } from "../lib/installed.mjs";
import { together, withConsole } from "./person.mjs";

const { distinctions } = await import(
  pathToFileURL(join(installed(), "node_modules/keyturn/pkg/dist/esm/elements.js"))
);

const told = (...rows) =>
  Object.fromEntries(
    distinctions(rows.map(([target, name, group = "", more = {}]) => ({ target, name, group, ...more }))),
  );

test("names that differ say nothing more", () => {
  assert.deepEqual(told(["a", "ERP", "North"], ["b", "erp", "North"], ["c", "CRM", "South"]), {});
});

test("the first of group, variant, both, end of the target and target that no other has", () => {
  assert.deepEqual(told(["a", "ERP", "North"], ["b", "ERP", "South"]), { a: "North", b: "South" });
  assert.deepEqual(told(["a", "ERP", "North", { variant: "Live" }], ["b", "ERP", "North", { variant: "Test" }]), {
    a: "Live",
    b: "Test",
  });
  const [live, check] = [{ variant: "Live" }, { variant: "Test" }];
  assert.deepEqual(
    told(["a", "ERP", "N", live], ["b", "ERP", "N", check], ["c", "ERP", "S", live], ["d", "ERP", "S", check]),
    { a: "N, Live", b: "N, Test", c: "S, Live", d: "S, Test" },
  );
  assert.deepEqual(told(["cl/x1", "ERP", "North"], ["cl/x2", "ERP", "North"]), { "cl/x1": "x1", "cl/x2": "x2" });
  assert.deepEqual(told(["a/x", "ERP"], ["b/x", "ERP"]), { "a/x": "a/x", "b/x": "b/x" });
});

test("names that look alike count as the same, and what a row says itself is kept", () => {
  assert.deepEqual(told(["a", "ERP  sync", "North"], ["b", "\u200fERP\u200f sync ", "South"]), {
    a: "North",
    b: "South",
  });
  // Rows that are shown without the others of their name.
  assert.deepEqual(told(["a", "ERP", "North", { distinction: "Live" }]), { a: "Live" });
});

test("the last part is unique however many have one name", () => {
  const rows = Array.from({ length: 5_000 }, (_, at) => [`c1/${at % 7}/${at}`, "the same", "the same"]);
  const found = told(...rows);
  assert.equal(new Set(Object.values(found)).size, rows.length);
});

/** Returns what the overview shows and says about the targets with a name. */
const shown = (person, name) =>
  person.page.evaluate((name) => {
    const view = document.querySelector("keyturn-console").shadowRoot.querySelector("keyturn-overview").shadowRoot;
    const words = (node) => node.textContent.replaceAll(/\s+/g, " ").trim();
    const of = (element, selector) =>
      [...view.querySelector(element).shadowRoot.querySelectorAll(selector)]
        .map(words)
        .filter((one) => one.includes(name));
    return { rows: of("keyturn-credentials", "tbody th"), lanes: of("keyturn-timeline", ".lane .name") };
  }, name);

test("two API credentials of one name are told apart in the table, the timeline, the file, a job, and on their pages", async () => {
  await withConsole({}, async (person) => {
    await person.reads(/26 targets/);
    await person.click("searchbox", "Search");
    await person.type("ERP sync");
    await person.reads(/2 of 26 match/);
    const { rows, lanes } = await shown(person, "ERP sync");
    assert.deepEqual(rows.sort(), ["ERP sync Live", "ERP sync Test"]);
    assert.deepEqual(lanes.sort(), ["ERP sync (Live)", "ERP sync (Test)"]);

    await person.keepSaved();
    await person.click("button", "Save as CSV");
    assert.match(await person.saved(), /^"ERP sync \(Live\)",/m);

    await together(person, "ERP sync (Live)", "ERP sync (Test)");
    await person.find("heading", "Rotate together");
    await person.reads(/ERP sync\nNorthwind Outfitters · Live\n[^]*ERP sync\nNorthwind Outfitters · Test\n/);

    await person.page.goBack();
    await person.click("searchbox", "Search");
    await person.click("link", "ERP sync");
    await person.find("heading", "ERP sync");
    await person.reads(/Northwind Outfitters · (Live|Test) · Commerce Layer/);
    await person.click("link", "Rotate");
    await person.find("heading", "Rotate credential");
    await person.reads(/Northwind Outfitters · (Live|Test) · Commerce Layer/);
    // The way back from a target's page skips the rotation.
    await person.click("link", "Facts");
    await person.reads(/Credentials over time/);
    await person.click("link", "← All targets");
    await person.find("heading", "Overview");
  });
});
