// The console in German, and in a right-to-left language derived from English: in every state, all texts come from a
// table, nothing overflows, and axe finds no violations.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { PATIENCE } from "../lib/patience.mjs";
import { strays, tooWide } from "./mirrored.mjs";
import { clickAtRest, pause, withConsole } from "./person.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A person who finds controls by their kind, independent of their names. */
class Guest {
  constructor(person) {
    this.person = person;
    this.page = person.page;
  }

  /** Returns the first visible node that matches a selector in the shadow root of an element. */
  async find(within, selector) {
    const found = await this.page.waitForFunction(
      (within, selector) => {
        const hosts = (root) =>
          [...root.querySelectorAll("*")].flatMap((node) => [
            ...(node.localName === within ? [node] : []),
            ...(node.shadowRoot ? hosts(node.shadowRoot) : []),
          ]);
        for (const host of hosts(document))
          for (const node of [host.shadowRoot, host].flatMap((root) => [...root.querySelectorAll(selector)]))
            if (node.checkVisibility()) return node;
        return undefined;
      },
      {},
      within,
      selector,
    );
    return found.asElement();
  }

  async click(within, selector) {
    const node = await this.find(within, selector);
    await node.evaluate((one) => one.scrollIntoView({ block: "center" }));
    await clickAtRest(node);
  }

  /** Presses a button by its key, which works while the page still moves. */
  async press(within, selector) {
    const node = await this.find(within, selector);
    await node.focus();
    await this.page.keyboard.press("Enter");
  }

  async go(hash) {
    await this.page.evaluate((to) => {
      location.hash = to;
    }, hash);
  }

  /** Closes the dialog. */
  async leave() {
    await this.page.keyboard.press("Escape");
    await pause(50);
  }
}

/** Visits the overview, a job, the flow of a rotation, and a target's page. */
async function rotations(guest, seen) {
  await guest.find("keyturn-credentials", "tbody .name");
  await seen("nothing known yet");
  await guest.press("keyturn-overview", ".note button");
  await guest.find("keyturn-timeline", ".lane");
  await seen("the overview");
  await guest.click("keyturn-timeline", "button[aria-pressed]");
  await guest.click("keyturn-ages", "button");
  await guest.click("keyturn-credentials", "details summary");
  await seen("its tables and columns");
  await guest.leave();
  for (const at of [2, 3]) await guest.click("keyturn-credentials", `tbody tr:nth-of-type(${at}) .pick input`);
  await guest.find("keyturn-overview", "button.primary");
  await seen("two targets selected");
  await guest.click("keyturn-overview", "button.primary");
  await guest.find("keyturn-jobs", "tbody .diff");
  await seen("a job that is planned");
  await guest.click("keyturn-jobs", "button.primary");
  await guest.find("keyturn-jobs", ".chip.warn");
  await seen("a job that waits");
  await guest.click("keyturn-jobs", "td.actions a");
  await guest.find("keyturn-rotate", "#format");
  await seen("a secret to store");
  await guest.click("keyturn-secret", "button[aria-pressed]");
  await seen("a secret in plain sight");
  await guest.click("keyturn-rotate", ".screen > .choice input");
  await guest.click("keyturn-rotate", ".buttons .primary");
  await guest.find("keyturn-rotate", ".note.good");
  await seen("the grace period");
  await guest.go("#/");
  await guest.click("keyturn-credentials", "tbody tr:nth-of-type(4) .name");
  await guest.find("keyturn-target", "form");
  await seen("a target's page");
  await guest.click("keyturn-target", "a.button");
  await guest.find("keyturn-rotate", ".points");
  await seen("the plan of a rotation");
  guest.person.sandbox.fault({ operation: "connector.rotateCredential", action: { status: 403 } });
  await guest.click("keyturn-rotate", ".buttons .primary");
  await guest.find("keyturn-rotate", ".note.bad");
  await seen("a rotation that was refused");
  guest.person.sandbox.fault({ operation: "connector.rotateCredential", action: "drop-answer" });
  await guest.click("keyturn-rotate", ".buttons .primary");
  await guest.find("keyturn-rotate", "#ids");
  await seen("an unknown outcome");
  await guest.go("#/targets/c1/nobody/nothing");
  await guest.find("keyturn-target", ".panel h1");
  await seen("no such target");
}

/** Visits the lists of the control planes, the dialogs, the sandbox's panel, and the connect view. */
async function credentials(guest, seen) {
  const { page, person } = guest;
  await guest.find("keyturn-connectors", "tbody tr");
  await guest.find("keyturn-api-credentials", "tbody tr");
  await guest.click("keyturn-known", ".empty button");
  await guest.find("keyturn-known", "tbody .chip");
  await pause(200);
  await seen("the credentials of both");
  await guest.click("keyturn-connectors", "td.actions .quiet");
  await guest.find("keyturn-look-up", "#id");
  await person.type("nobody-1");
  await page.keyboard.press("Enter");
  await guest.find("keyturn-look-up", ".error svg");
  await seen("looked up in vain");
  await guest.leave();
  await guest.click("keyturn-known", "td.actions .risky");
  await guest.find("keyturn-revoke", "#typed");
  await seen("before a revocation");
  await guest.leave();
  await guest.click("keyturn-api-credentials", "header button.primary");
  await guest.find("keyturn-create-credential", "#name");
  await page.keyboard.press("Enter");
  await guest.find("keyturn-create-credential", ".error svg");
  await seen("a form with fields missing");
  await guest.leave();
  await guest.click("keyturn-api-credentials", "tbody tr:nth-of-type(3) .quiet");
  await guest.click("keyturn-api-credential", ".ask button");
  await guest.find("keyturn-secret", "button[aria-pressed=true]");
  await seen("the details of a credential");
  await guest.click("keyturn-api-credential", ".apart");
  await guest.find("keyturn-api-credential", "#typed");
  await seen("before a deletion");
  await guest.leave();
  await guest.click("keyturn-api-credentials", "tbody tr:nth-of-type(3) td.actions button:not(.quiet)");
  await guest.find("keyturn-rotate", ".points");
  await seen("the plan of a replacement");
  await guest.go("#/apps");
  await guest.find("keyturn-api-credentials", "tbody tr");
  await guest.click("keyturn-console", "#sandbox");
  await guest.find("keyturn-drawer", ".requests li");
  await seen("the sandbox's panel");
  person.sandbox.fault({ operation: "connector.list", action: { status: 403 } });
  await guest.click("keyturn-apps", "li:nth-child(2) a");
  await guest.find("keyturn-connectors", "keyturn-failure");
  await seen("connectors that did not come");
  await guest.click("keyturn-banner", "button");
  await guest.click("keyturn-connect", "form .primary");
  await guest.find("keyturn-connect", ".error svg");
  await seen("connecting with fields missing");
  for (const at of [1, 2, 3]) {
    await page.evaluate((at) => {
      const { shadowRoot } = document.querySelector("keyturn-console").shadowRoot.querySelector("keyturn-connect");
      shadowRoot.querySelectorAll("[name=way]")[at].click();
    }, at);
    await seen(`the ${at + 1}. way to log in`);
  }
}

const TOURS = [
  { hash: "#/", name: "rotations", guide: rotations },
  { hash: "#/apps", name: "credentials", guide: credentials },
];

const LOOKS = [
  { lang: "de", width: 320, scheme: "light", direction: "ltr" },
  { lang: "en-XB", width: 320, scheme: "dark", direction: "rtl" },
  { lang: "en-XB", width: 1280, scheme: "light", direction: "rtl" },
];

for (const { lang, width, scheme, direction, hash, name, guide } of LOOKS.flatMap((look) =>
  TOURS.map((one) => ({ ...look, ...one })),
)) {
  test(`${name} in ${lang}, ${direction}, ${width} pixels wide`, async () => {
    const features = [
      { name: "prefers-color-scheme", value: scheme },
      { name: "prefers-reduced-motion", value: "reduce" },
    ];
    await withConsole({ hash: `/?lang=${lang}${hash}`, width, features }, async (person) => {
      await person.page.evaluate(axe);
      await guide(new Guest(person), async (state) => {
        await pause(30);
        const found = await person.page.evaluate(tooWide);
        if (direction === "rtl") found.push(...(await person.page.evaluate(strays)));
        const { violations } = await person.page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
        found.push(...violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(", ")}`));
        assert.deepEqual(found, [], state);
      });
      const said = await person.page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]);
      assert.deepEqual(said, [lang, direction]);
    });
  });
}

/** Records which text files a page loads. */
function listen(loaded) {
  return async ({ page }) => {
    page.on("request", (request) => {
      const [, name] = /\/(en|de|pseudo)[\w-]*\.js$/.exec(new URL(request.url()).pathname) ?? [];
      if (name !== undefined) loaded.push(name);
    });
  };
}

test("another language is chosen, comes at once, and is kept", async () => {
  const loaded = [];
  await withConsole({ before: listen(loaded) }, async (person) => {
    const { page } = person;
    const guest = new Guest(person);
    await person.find("heading", "Overview");
    assert.deepEqual(loaded, ["en"]);
    await guest.press("keyturn-overview", ".note button");
    await guest.find("keyturn-timeline", ".lane");
    // Changing the language during a rotation loses nothing.
    await person.click("link", "GitHub archive");
    await person.click("link", "Rotate");
    await guest.click("keyturn-rotate", ".buttons .primary");
    await person.find("heading", "Store the new credential");
    await page.select(">>> .language", "de");
    await person.find("heading", "Neue Zugangsdaten speichern");
    await person.reads(/Sandbox\n[^]*Mandant\n/);
    assert.equal(await page.title(), "Keyturn-Konsole");
    assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
    assert.deepEqual([...new Set(loaded)], ["en", "de"]);
    await person.click("checkbox", "Ich habe Client-ID und Secret gespeichert");
    await person.click("button", "Weiter");
    await person.click("button", "Schließen");

    loaded.length = 0;
    // A different address, so that the page is loaded again.
    await page.goto(`${person.url}/?again#/`);
    await person.find("heading", "Übersicht");
    await person.reads(/\n26 Ziele\n/);
    assert.deepEqual([...new Set(loaded)], ["de"], "one language is loaded");
    await page.select(">>> .language", "en");
    await person.reads(/\n26 targets\n/);
  });
});

test("the browser says which language is spoken, and how dates and numbers are written", async () => {
  const speaks = (languages) => ({
    before: ({ page }) =>
      page.evaluateOnNewDocument((languages) => {
        Object.defineProperty(navigator, "languages", { value: languages });
      }, languages),
  });
  const language = async (person) => {
    await person.reads(/\n26 (Ziele|targets)\n/);
    return person.page.evaluate(() => document.documentElement.lang);
  };
  await withConsole(speaks(["fr-FR", "de-AT", "en-US"]), async (person) => {
    assert.equal(await language(person), "de");
    const written = await person.page.evaluate(() =>
      new Date(2027, 0, 5).toLocaleDateString("de-AT", { month: "short" }),
    );
    assert.equal(written, "Jän");
    const [{ month }] = await person.page.evaluate(() => {
      const { shadowRoot } = document
        .querySelector("keyturn-console")
        .shadowRoot.querySelector("keyturn-overview")
        .shadowRoot.querySelector("keyturn-timeline");
      const find = (time) => ({ month: time.textContent, usual: new Date(time.dateTime).getMonth() === 0 });
      return [...shadowRoot.querySelectorAll(".ticks time")].map(find).filter(({ usual }) => usual);
    });
    assert.match(month, /^Jän/);
  });
  await withConsole(speaks(["fr-FR", "zh"]), async (person) => {
    assert.equal(await language(person), "en");
  });
});

test("an element takes its language from what is around it, and its texts from who embeds it", async () => {
  await withConsole({ hash: "/?lang=de#/" }, async (person) => {
    await person.reads(/\n26 Ziele\n/);
    const said = await person.page.evaluate(async () => {
      const inner = () => table.shadowRoot.querySelector("thead .target").textContent.trim();
      const settled = async () => {
        // Wait until the observer has been notified and the element has rendered.
        await new Promise((resolve) => setTimeout(resolve));
        await table.updateComplete;
        return inner();
      };
      const host = document.createElement("div");
      const box = document.createElement("div");
      host.attachShadow({ mode: "open" }).append(box);
      const table = document.createElement("keyturn-credentials");
      table.rows = [{ target: "one", name: "One", plane: "C1", group: "" }];
      box.append(table);
      document.body.append(host);
      const words = [await settled()];
      host.lang = "en-GB";
      words.push(await settled());
      box.lang = "de-CH";
      words.push(await settled());
      table.lang = "eo";
      words.push(await settled());
      table.texts = { "column.name": "Celo" };
      words.push(await settled());
      table.texts = undefined;
      table.removeAttribute("lang");
      box.removeAttribute("lang");
      words.push(await settled());
      host.remove();
      host.lang = "de";
      document.body.append(host);
      words.push(await settled());
      host.remove();
      return words;
    });
    // Languages without a table fall back to English.
    assert.deepEqual(said, ["Ziel", "Target", "Ziel", "Target", "Celo", "Target", "Ziel"]);
  });
});

test("where lines begin on the right, so does the timeline: the arrow keys lead along it", async () => {
  await withConsole({ hash: "/?lang=en-XB#/" }, async (person) => {
    const guest = new Guest(person);
    await guest.press("keyturn-overview", ".note button");
    const chart = await guest.find("keyturn-timeline", ".chart[tabindex]");
    const first = async () => {
      const tick = await guest.find("keyturn-timeline", ".ticks time");
      return tick.evaluate(({ dateTime }) => Date.parse(dateTime));
    };
    const before = await first();
    // The earliest date is on the right, and each bar ends to the left of its start.
    const places = await chart.evaluate((one) =>
      [...one.querySelectorAll(".ticks time")].map((tick) => tick.getBoundingClientRect().right),
    );
    assert.deepEqual(
      places,
      [...places].sort((one, other) => other - one),
    );
    const mirrored = await chart.evaluate((one) => getComputedStyle(one.querySelector(".lane svg")).transform);
    assert.equal(mirrored, "matrix(-1, 0, 0, 1, 0, 0)");
    // The heading has the focus once all examples have been looked up.
    for (const begun = Date.now(); !(await person.focus()).includes("Overview"); await pause(20))
      assert.ok(Date.now() - begun < PATIENCE, `the focus is at ${await person.focus()}\n${await person.text()}`);
    await chart.focus();
    await person.press("ArrowLeft");
    await person.page.waitForFunction(
      (one, before) => Date.parse(one.querySelector("time").dateTime) > before,
      {},
      chart,
      before,
    );
    await person.press("Home");
    await person.press("ArrowRight");
    await person.page.waitForFunction(
      (one, before) => Date.parse(one.querySelector("time").dateTime) < before,
      {},
      chart,
      before,
    );
  });
});
