// A rotation in the console whose tab is killed at every step, which is opened twice, or whose secret is lost: in Chromium; and the main
// way once in Firefox. Whatever happens, a credential is issued once unless a person says otherwise.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { serveConsole } from "../../www/server.mjs";
import { launch } from "../lib/browsers.mjs";
import { Person, withConsole } from "./person.mjs";

const ROTATE = "connector.rotateCredential";

/** The address of a connector's rotation. */
function address({ sandbox }) {
  const { connectors } = sandbox.snapshot();
  const { appId, id } = connectors.find(({ displayName }) => displayName === "GitHub production");
  return `#/rotate/c1/${appId}/${id}`;
}

/** Kills the tab: nothing of the page runs any more, and no event tells it so. Opens another one at the same address. */
async function kill(person) {
  const url = person.page.url();
  const context = person.page.browserContext();
  const session = await person.page.createCDPSession();
  const crashed = new Promise((resolve) => person.page.once("error", resolve));
  // It answers nothing any more.
  session.send("Page.crash").catch(() => {});
  await crashed;
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const next = new Person(page, person);
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(url);
  return next;
}

async function store(person) {
  await person.find("heading", "Store the new credential");
  await person.click("checkbox", "I stored the client ID and the secret");
  await person.click("button", "Go on");
}

/** Nothing of a secret that was issued is in what the browser keeps, or in the document. */
async function isForgotten(person, secret) {
  const kept = await person.kept();
  assert.ok(!kept.includes(secret) && !kept.includes(secret.split(":")[3]), "in a storage");
  assert.ok(!(await person.document()).includes(secret.split(":")[3]), "in the document");
}

test("killed before anything was begun, it shows the plan again", async () => {
  await withConsole({ start: address }, async (first) => {
    await first.find("heading", "Create credential");
    const person = await kill(first);
    await person.find("heading", "Create credential");
    assert.equal(person.count(ROTATE), 0);
  });
});

test("killed while a credential is issued, its outcome is looked up, and it is not issued again", async () => {
  await withConsole({ start: address }, async (first) => {
    first.sandbox.fault({ operation: ROTATE, action: { delayMs: 5_000 } });
    await first.click("button", "Create credential");
    await first.find("heading", "Waiting for the control plane");
    for (let tries = 0; first.count(ROTATE) === 0 && tries < 100; tries++) await new Promise((r) => setTimeout(r, 20));
    const person = await kill(first);
    await person.find("heading", "A credential may be on its way");
    assert.equal(person.count(ROTATE), 1);
    // The sandbox's log says what was made: it ends, since nobody has its secret, and another is issued.
    person.sandbox.clock.advance(600_000);
    person.sandbox.clearFaults();
    await person.page.reload();
    await person.find("heading", "It is unknown whether a credential was issued");
    // A call that was given up now may still be acted on for a little while.
    person.sandbox.clock.advance(180_000);
    await person.page.reload();
    await store(person);
    await person.find("heading", "The credential is stored");
    assert.equal(person.count(ROTATE), 2);
    const made = person.sandbox.requests({ operation: "connector.revokeCredential" });
    assert.equal(made.length, 1, "what nobody has the secret of has ended");
  });
});

test("killed before the secret was stored, it says that it is lost, and issues another only when told to", async () => {
  await withConsole({ start: address }, async (first) => {
    const answer = first.answer(/connectors\/credentials$/);
    await first.click("button", "Create credential");
    await first.find("heading", "Store the new credential");
    const { clientSecret, id } = (await answer).credential;
    await first.click("button", "Show client secret");
    const person = await kill(first);
    await person.find("heading", "The secret of the new credential is gone");
    await person.reads(new RegExp(`Credential ${id} was issued`));
    await isForgotten(person, clientSecret);
    assert.equal(person.count(ROTATE), 1);
    await person.click("button", "Issue another credential");
    await store(person);
    await person.reads(/The credential is stored|Both credentials work/);
    assert.equal(person.count(ROTATE), 2);
  });
});

test("killed in the grace period, before the end and after it, it goes on where it stood", async () => {
  await withConsole({ start: address }, async (first) => {
    await first.click("button", "Create credential");
    await store(first);
    await first.find("heading", "The credential is stored");
    let person = await kill(first);
    await person.find("heading", "Rotate credential");
    await person.click("button", "Rotate credential");
    await store(person);
    await person.find("heading", "Both credentials work");
    person = await kill(person);
    await person.find("heading", "Both credentials work");
    person.sandbox.clock.advance(25 * 3_600_000);
    person = await kill(person);
    await person.find("heading", /^Retire /);
    const [, old] = /\nOld\n(\S+)\n/.exec(await person.text());
    await person.click("textbox", `Type ${old} to confirm`);
    await person.type(old);
    person.sandbox.fault({ operation: "connector.revokeCredential", action: "drop-answer" });
    await person.press("Enter");
    await person.reads(/Waiting to try again|The rotation is done/);
    person = await kill(person);
    person.sandbox.clock.advance(600_000);
    person = await kill(person);
    await person.find("heading", "Rotate credential");
    assert.equal(person.count(ROTATE), 2);
    const { connectorCredentials } = person.sandbox.snapshot();
    assert.ok(connectorCredentials.find(({ id }) => id === old).deletedAt);
  });
});

test("a second tab waits until the first one is closed, and then goes on", async () => {
  await withConsole({ start: address }, async (first) => {
    await first.click("button", "Create credential");
    await first.find("heading", "Store the new credential");
    const page = await first.page.browserContext().newPage();
    const second = new Person(page, first);
    await page.goto(first.page.url());
    await second.find("heading", "Another tab is at it");
    await first.page.bringToFront();
    await store(first);
    await first.find("heading", "The credential is stored");
    await first.page.close();
    await page.bringToFront();
    await second.find("heading", "Rotate credential");
    assert.equal(second.count(ROTATE), 1);
  });
});

test("what was left within the page keeps its secret: coming back shows it again", async () => {
  await withConsole({ start: address }, async (person) => {
    await person.click("button", "Create credential");
    await person.find("heading", "Store the new credential");
    await person.click("link", "← All targets");
    await person.find("heading", "Overview");
    await person.reads(/1\nNeeds a person/);
    await person.page.goBack();
    await store(person);
    await person.find("heading", "The credential is stored");
    assert.equal(person.count(ROTATE), 1);
  });
});

test("names of markup, of right-to-left marks and of pictures are texts, wherever they stand", async () => {
  const before = async ({ sandbox }) => {
    const state = sandbox.snapshot();
    const hostile = "<img src=x onerror=alert(1)> \u202eевил\u2066 \u{1f511}";
    for (const one of state.connectors) if (one.displayName === "GitHub production") one.displayName = hostile;
    for (const one of state.apps) if (one.displayName === "GitHub") one.displayName = `${hostile}`.repeat(8);
    sandbox.restore(state);
  };
  const start = ({ sandbox }) => {
    const { connectors } = sandbox.snapshot();
    const { appId, id } = connectors.find(({ displayName }) => displayName.startsWith("<img"));
    return `#/rotate/c1/${appId}/${id}`;
  };
  await withConsole({ before, start, width: 320 }, async (person) => {
    await person.find("heading", "Create credential");
    const wide = () => person.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok((await wide()) <= 0);
    for (const hash of ["#/", "#/apps"]) {
      await person.page.evaluate((to) => (location.hash = to), hash);
      await person.reads(/<img src=x onerror=alert\(1\)>/);
      assert.ok((await wide()) <= 0, hash);
    }
    assert.equal(await person.page.evaluate(() => document.images.length), 0);
  });
});

let firefox;
after(() => firefox?.close());

test("the main way in Firefox", async () => {
  const server = await serveConsole();
  firefox = await launch("firefox");
  try {
    const page = await firefox.newPage();
    const trouble = [];
    page.on("pageerror", (error) => trouble.push(String(error)));
    await page.setViewport({ width: 1280, height: 900 });
    await page.goto(server.url + address(server));
    /** Firefox knows no queries by role: what has this text is looked for through all shadow roots. */
    const press = async (text) => {
      const found = await page.waitForFunction(
        (wanted) => {
          const visit = (node) => {
            if (node.matches?.("button, label") && node.checkVisibility() && !node.disabled)
              if (node.textContent.replaceAll(/\s+/g, " ").trim().startsWith(wanted)) return node;
            for (const child of (node.shadowRoot ?? node).children ?? []) {
              const inner = visit(child);
              if (inner) return inner;
            }
            return undefined;
          };
          return visit(document.body);
        },
        { timeout: 15_000 },
        text,
      );
      await found.evaluate((node) => node.click());
    };
    await press("Create credential");
    await press("Show");
    await press("I stored the client ID and the secret");
    await press("Go on");
    await press("Close");
    await press("26 All");
    assert.equal(server.sandbox.requests({ operation: ROTATE }).length, 1);
    assert.deepEqual(trouble, []);
  } finally {
    await server.close();
  }
});
