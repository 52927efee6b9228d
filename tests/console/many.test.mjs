// The overview with five thousand targets, in Chromium: only few of them are in the document, and they are the right
// ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fillConsole, keepCredentials } from "../lib/many-targets.mjs";
import { pause, withConsole } from "./person.mjs";

const TARGETS = 5_000;

/**
 * A limit above the number of rows that fit into the table at its greatest height, including the rows beyond the edge
 * that the Tab key reaches.
 */
const FEW = 60;

/** A limit above the time in which a slow machine lists all targets, or shows any change of the list. */
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
    /** Returns the part of the table that is in the document. */
    const look = () =>
      table.evaluate(({ shadowRoot }) => ({
        names: [...shadowRoot.querySelectorAll("tbody .name")].map((name) => name.textContent),
        places: [...shadowRoot.querySelectorAll("tbody [aria-rowindex]")].map((row) => Number(row.ariaRowIndex)),
        count: Number(shadowRoot.querySelector("table")?.getAttribute("aria-rowcount")) - 1,
        top: shadowRoot.querySelector(".scroller").scrollTop,
        height: shadowRoot.querySelector(".scroller").scrollHeight,
        room: shadowRoot.querySelector(".scroller").clientHeight,
      }));
    /** Waits until that part is as wanted. There are never many rows. */
    const until = async (wanted) => {
      for (const begun = Date.now(); ; await pause(50)) {
        const seen = await look();
        assert.ok(seen.names.length <= FEW, `${seen.names.length} rows are in the document`);
        if (wanted(seen)) return seen;
        if (Date.now() - begun > LISTED_MS) throw new Error(`${wanted} is not so: ${JSON.stringify(seen)}`);
      }
    };
    const shows = (first, count = TARGETS) => until((seen) => seen.names[0] === first && seen.count === count);
    const { connectors } = person.sandbox.snapshot();
    const { compare } = new Intl.Collator("en", { numeric: true });
    const named = await table.evaluate(({ rows }) => rows.map(({ name }) => name));
    for (const { displayName } of connectors) assert.ok(named.includes(displayName));
    const sorted = [...named].sort(compare);

    await person.click("button", "Target");
    const top = await shows(sorted[0]);
    assert.deepEqual(top.names, sorted.slice(0, top.names.length));
    await person.click("button", "Target");
    await shows(sorted.at(-1));
    await person.click("button", "Target");
    await shows(sorted[0]);

    // From one end to the other; the rows in between take up their space.
    await table.evaluate(({ shadowRoot }) => shadowRoot.querySelector(".scroller").focus());
    await person.press("End");
    const end = await until(
      ({ names, top, room, height }) => names.at(-1) === sorted.at(-1) && top + room >= height - 1,
    );
    assert.equal(end.places.at(-1), TARGETS + 1);
    assert.equal(end.height, top.height);
    await person.press("Home");
    await shows(sorted[0]);

    await person.click("searchbox", "Search");
    await person.type("connector 49");
    const found = named.filter((name) => name.startsWith("Connector") && name.includes("49"));
    await shows("Connector 49", found.length);
    await person.click("checkbox", "Select all shown targets");
    await person.reads(new RegExp(`${found.length} of 5,000 match, ${found.length} selected`));
    // Targets that a search excludes stay selected.
    await person.click("searchbox", "Search");
    await person.type("90");
    await shows("Connector 4990", 1);
    await person.reads(new RegExp(`1 of 5,000 matches, ${found.length} selected`));
    await person.click("checkbox", "Select Connector 4990");
    await person.reads(new RegExp(`1 of 5,000 matches, ${found.length - 1} selected`));
    await person.click("button", "Clear the selection");
    await page.$eval("::-p-aria(Search)", (input) => input.select());
    await person.press("Backspace");
    await shows(sorted[0]);

    const now = person.sandbox.clock.now();
    const expired = person.sandbox
      .snapshot()
      .connectorCredentials.filter(({ expiresTime }) => expiresTime !== null && Date.parse(expiresTime) <= now);
    await person.click("button", /^[\d,]+ Expired$/);
    await person.reads(new RegExp(`\n${expired.length} of 5,000 match`));
    await person.click("checkbox", "Select all shown targets");
    await person.find("button", `Rotate ${expired.length} together`);
    const selected = await table.evaluate((table) => [...table.selected].sort());
    assert.deepEqual(selected, expired.map(({ appId, connectorId }) => `c1/${appId}/${connectorId}`).sort());
  });
});
