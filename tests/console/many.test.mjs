// The overview with five thousand targets, in Chromium: it keeps few of them in the document, and shows the right ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fillConsole, keepCredentials } from "../lib/many-targets.mjs";
import { withConsole } from "./person.mjs";

const TARGETS = 5_000;

/** More rows than fit into the table at its highest, with those beyond that the Tab key reaches. */
const FEW = 60;

/** Longer than a slow machine takes to list everything. */
const LISTED_MS = 120_000;

test("of five thousand targets few are in the document, and they are sorted, searched and selected", async () => {
  const before = async ({ page, url, sandbox }) => {
    fillConsole(sandbox, TARGETS);
    await keepCredentials(await page.browserContext().newPage(), { url, sandbox });
    await page.bringToFront();
  };
  await withConsole({ before }, async (person) => {
    const { page } = person;
    const table = await page.waitForFunction(
      (all) => {
        const within = (name, root) => root?.shadowRoot?.querySelector(name);
        const overview = within("keyturn-overview", document.querySelector("keyturn-console"));
        const found = within("keyturn-credentials", overview);
        return overview?.estate.loaded && found?.rows.length === all && found;
      },
      { timeout: LISTED_MS },
      TARGETS,
    );
    /** Waits until the table shows what it is to show, and returns the names. */
    const shows = async (first, count = TARGETS) => {
      await page.waitForFunction(
        ({ shadowRoot }, first, count) =>
          shadowRoot.querySelector("tbody .name")?.textContent === first &&
          shadowRoot.querySelector("table").getAttribute("aria-rowcount") === String(count + 1),
        {},
        table,
        first,
        count,
      );
      const names = await table.evaluate(({ shadowRoot }) =>
        [...shadowRoot.querySelectorAll("tbody .name")].map((name) => name.textContent),
      );
      assert.ok(names.length <= FEW, `${names.length} rows are in the document`);
      return names;
    };
    const { connectors } = person.sandbox.snapshot();
    const { compare } = new Intl.Collator("en", { numeric: true });
    const named = await table.evaluate(({ rows }) => rows.map(({ name }) => name));
    for (const { displayName } of connectors) assert.ok(named.includes(displayName));
    const sorted = [...named].sort(compare);

    await person.click("button", "Target");
    const top = await shows(sorted[0]);
    assert.deepEqual(top, sorted.slice(0, top.length));
    await person.click("button", "Target");
    await shows(sorted.at(-1));
    await person.click("button", "Target");
    await shows(sorted[0]);

    // From one end to the other; what is in between takes up its room.
    const heights = await table.evaluate(({ shadowRoot }) => shadowRoot.querySelector(".scroller").scrollHeight);
    await table.evaluate(({ shadowRoot }) => shadowRoot.querySelector(".scroller").focus());
    await person.press("End");
    await page.waitForFunction(
      ({ shadowRoot }, last) => [...shadowRoot.querySelectorAll("tbody .name")].at(-1).textContent === last,
      {},
      table,
      sorted.at(-1),
    );
    const { rows, places, height } = await table.evaluate(({ shadowRoot }) => ({
      rows: shadowRoot.querySelectorAll("tbody .name").length,
      places: [...shadowRoot.querySelectorAll("tbody [aria-rowindex]")].map((row) => Number(row.ariaRowIndex)),
      height: shadowRoot.querySelector(".scroller").scrollHeight,
    }));
    assert.ok(rows <= FEW, `${rows} rows are in the document`);
    assert.equal(places.at(-1), TARGETS + 1);
    assert.equal(height, heights);
    await person.press("Home");
    await shows(sorted[0]);

    await person.click("searchbox", "Search");
    await person.type("connector 49");
    const found = named.filter((name) => name.startsWith("Connector") && name.includes("49"));
    await shows("Connector 49", found.length);
    await person.click("checkbox", "Select all that are shown");
    await person.reads(new RegExp(`${found.length} of 5,000 fit, ${found.length} selected`));
    // Those that a search leaves out stay selected.
    await person.click("searchbox", "Search");
    await person.type("90");
    await shows("Connector 4990", 1);
    await person.reads(new RegExp(`1 of 5,000 fits, ${found.length} selected`));
    await person.click("checkbox", "Select Connector 4990");
    await person.reads(new RegExp(`1 of 5,000 fits, ${found.length - 1} selected`));
    await person.click("button", "Clear the selection");
    await page.$eval("::-p-aria(Search)", (input) => input.select());
    await person.press("Backspace");
    await shows(sorted[0]);

    const now = person.sandbox.clock.now();
    const expired = person.sandbox
      .snapshot()
      .connectorCredentials.filter(({ expiresTime }) => expiresTime !== null && Date.parse(expiresTime) <= now);
    await person.click("button", /^[\d,]+ Expired$/);
    await person.reads(new RegExp(`\n${expired.length} of 5,000 fit`));
    await person.click("checkbox", "Select all that are shown");
    await person.find("button", `Rotate ${expired.length} together`);
    const selected = await table.evaluate((table) => [...table.selected].sort());
    assert.deepEqual(selected, expired.map(({ appId, connectorId }) => `c1/${appId}/${connectorId}`).sort());
  });
});
