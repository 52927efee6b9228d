// A rotation in the console, in Chromium, whose tab is killed at every step, that is opened twice, or whose secret is
// lost; its usual course also runs once in Firefox. Whatever happens, a credential is issued only once unless a person
// says otherwise.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { serveConsole } from "../../www/server.mjs";
import { launch } from "../lib/browsers.mjs";
import { PATIENCE } from "../lib/patience.mjs";
import { lookUpExamples, Person, pause, together, withConsole } from "./person.mjs";

const ROTATE = "connector.rotateCredential";
const REVOKE = "connector.revokeCredential";

/** Returns the address of a connector's rotation. */
function address({ sandbox }, name = "GitHub production") {
  const { connectors } = sandbox.snapshot();
  const { appId, id } = connectors.find(({ displayName }) => displayName === name);
  return `#/rotate/c1/${appId}/${id}`;
}

/** Collects the secrets that a page receives. */
function hear(page, secrets = []) {
  page.on("response", async (response) => {
    if (!response.url().endsWith("/connectors/credentials") || response.status() !== 200) return;
    // The body is lost when the page is killed.
    const { credential } = await response.json().catch(() => ({}));
    if (credential) secrets.push(credential.clientSecret);
  });
  return secrets;
}

/** Kills the tab without any event for the page, and opens another one at the same address, `meanwhile` in between. */
async function kill(person, meanwhile = () => undefined) {
  const url = person.page.url();
  const context = person.page.browserContext();
  const session = await person.page.createCDPSession();
  const crashed = new Promise((resolve) => person.page.once("error", resolve));
  // It no longer responds.
  session.send("Page.crash").catch(() => {});
  await crashed;
  meanwhile();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const next = new Person(page, person);
  next.secrets = hear(page, person.secrets);
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(url);
  return next;
}

async function store(person) {
  await person.find("heading", "Store the new credential");
  await person.click("checkbox", "I stored the client ID and the secret");
  await person.click("button", "Continue");
}

/** Asserts that no issued secret is in the browser's storage or in the document. */
async function isForgotten(person, secret) {
  const kept = await person.kept();
  assert.ok(!kept.includes(secret) && !kept.includes(secret.split(":")[3]), "in a storage");
  assert.ok(!(await person.document()).includes(secret.split(":")[3]), "in the document");
}

const LOST = "The secret of the new credential is lost";

/** Continues from the plan until the new pair is shown. */
async function toStore(person) {
  await person.click("button", "Create credential");
  await person.find("heading", "Store the new credential");
}

/** Issues another credential to replace one whose secret is lost. */
async function issueAnother(person) {
  await person.click("button", "Issue another credential");
  await store(person);
  await person.find("heading", /^(The credential is stored|Both credentials work)$/);
}

/** Waits until a request has reached the tenant. */
async function arrives(person, operation, number) {
  for (let tries = 0; person.count(operation) < number; tries++) {
    assert.ok(tries < 500, `${operation} does not arrive`);
    await pause(20);
  }
}

/**
 * The points where the tab is killed: the person's actions until then, what the page shows after reopening, how many
 * credentials were requested until then, and how it continues.
 */
const KILLS = [
  {
    at: "at the plan",
    until: (person) => person.find("heading", "Create credential"),
    shows: "Create credential",
    issued: 0,
  },
  {
    at: "while the new pair logs in for the first time",
    until: async (person) => {
      const before = person.count("token");
      person.sandbox.fault({ operation: "token", action: { delayMs: 4_000 } });
      await person.click("button", "Create credential");
      await arrives(person, "token", before + 1);
    },
    shows: LOST,
    then: issueAnother,
  },
  { at: "with the secret masked", until: toStore, shows: LOST, then: issueAnother },
  {
    at: "with the secret shown",
    until: async (person) => {
      await toStore(person);
      await person.click("button", "Show client secret");
      await person.reads(/secret-token:conductorone/);
    },
    shows: LOST,
  },
  {
    at: "after the secret was copied",
    until: async (person) => {
      await toStore(person);
      await person.click("button", "Copy client secret");
      await person.reads(/Copied/);
    },
    shows: LOST,
  },
  {
    at: "after the pair was copied as a Kubernetes secret",
    until: async (person) => {
      await toStore(person);
      await person.page.locator("::-p-aria(Save both as)").fill("kubernetes-secret");
      await person.click("button", "Copy as text");
      await person.reads(/Copied/);
    },
    shows: LOST,
  },
  {
    at: "with the box ticked, before going on",
    until: async (person) => {
      await toStore(person);
      await person.click("checkbox", "I stored the client ID and the secret");
    },
    shows: LOST,
    then: issueAnother,
  },
  {
    at: "when it already said that the secret is lost",
    until: async (person) => {
      await toStore(person);
      const again = await kill(person);
      await again.find("heading", LOST);
      return again;
    },
    shows: LOST,
  },
  {
    at: "when another was issued, before that was stored",
    until: async (person) => {
      await toStore(person);
      const again = await kill(person);
      await again.click("button", "Issue another credential");
      await again.find("heading", "Store the new credential");
      return again;
    },
    shows: LOST,
    issued: 2,
  },
  {
    at: "once it is stored",
    until: async (person) => {
      await toStore(person);
      await store(person);
      await person.find("heading", "The credential is stored");
    },
    shows: "Rotate credential",
  },
  {
    at: "when the control plane has refused",
    until: async (person) => {
      person.sandbox.fault({ operation: ROTATE, action: { status: 403 } });
      await person.click("button", "Create credential");
      await person.find("heading", "The control plane refused");
    },
    shows: "The control plane refused",
    then: async (person) => {
      await person.click("button", "Continue");
      await store(person);
      await person.find("heading", "The credential is stored");
    },
  },
  {
    at: "when no answer came",
    until: async (person) => {
      person.sandbox.fault({ operation: ROTATE, action: "drop-answer" });
      await person.click("button", "Create credential");
      await person.find("heading", "It is unknown whether a credential was issued");
    },
    shows: "It is unknown whether a credential was issued",
  },
  {
    at: "with an id typed that would settle it",
    until: async (person) => {
      person.sandbox.fault({ operation: ROTATE, action: "drop-answer" });
      await person.click("button", "Create credential");
      await person.click("textbox", "IDs of the created credentials, separated by spaces");
      await person.type("somebody-typed-1");
    },
    shows: "It is unknown whether a credential was issued",
  },
];

test("killed at any step of a rotation, it goes on where the journal stands, and issues nothing twice", async (t) => {
  await withConsole({}, async (first) => {
    await first.page.browserContext().overridePermissions(first.url, ["clipboard-read", "clipboard-sanitized-write"]);
    await first.find("heading", "Overview");
    const { connectors } = first.sandbox.snapshot();
    first.secrets = hear(first.page);
    let person = first;
    for (const [index, { at, until, shows, issued = 1, then }] of KILLS.entries())
      await t.test(`killed ${at}`, async () => {
        const before = person.count(ROTATE);
        const { appId, id } = connectors[index];
        await person.page.evaluate((hash) => (location.hash = hash), `#/rotate/c1/${appId}/${id}`);
        const last = await until(person);
        person = await kill(last instanceof Person ? last : person);
        await person.find("heading", shows);
        assert.equal(person.count(ROTATE) - before, issued);
        for (const secret of person.secrets) await isForgotten(person, secret);
        await then?.(person);
        assert.deepEqual(person.trouble, []);
      });
    assert.ok(person.secrets.length >= 8, `${person.secrets.length} secrets were seen`);
  });
});

test("a secret that was lost long ago is said to be lost, and only a person has another one issued", async () => {
  await withConsole({ start: address }, async (first) => {
    await toStore(first);
    // The tab is not opened again before its claim to the secret has expired.
    const person = await kill(first, () => first.sandbox.clock.advance(86_400_000));
    await person.find("heading", LOST);
    assert.equal(person.count(ROTATE), 1);
    await issueAnother(person);
    assert.equal(person.count(ROTATE), 2);
  });
});

test("a job that is retried issues nothing in the place of a secret that somebody may have stored", async () => {
  await withConsole({}, async (first) => {
    await first.find("heading", "Overview");
    await lookUpExamples(first);
    await together(first, "GitHub production", "Okta");
    first.sandbox.fault({ operation: ROTATE, action: "drop-answer" });
    await first.click("button", "Start with 1 target");
    await first.reads(/Stopped: too many failed/);
    // The outcome is looked up on the rotation's page, which then shows the secret of another credential.
    first.sandbox.clock.advance(600_000);
    await first.page.evaluate((hash) => (location.hash = hash), address(first));
    await first.find("heading", "It is unknown whether a credential was issued");
    first.sandbox.clock.advance(180_000);
    await first.page.reload();
    await first.find("heading", "Store the new credential");
    const issued = first.count(ROTATE);
    const person = await kill(first, () => first.sandbox.clock.advance(86_400_000));
    await person.find("heading", LOST);
    await person.page.evaluate(() => (location.hash = "#/jobs"));
    await person.click("button", "Try the failed ones again");
    await person.reads(/Running\. 1 new credential waits for you to store it/);
    assert.equal(person.count(ROTATE), issued);
    await person.click("link", "Store GitHub production");
    await person.find("heading", LOST);
    assert.equal(person.count(ROTATE), issued);
  });
});

test("killed while a credential is issued, its outcome is looked up, and it is not issued again", async () => {
  await withConsole({ start: address }, async (first) => {
    first.sandbox.fault({ operation: ROTATE, action: { delayMs: 5_000 } });
    await first.click("button", "Create credential");
    await first.find("heading", "Waiting for the control plane");
    await arrives(first, ROTATE, 1);
    const person = await kill(first);
    await person.find("heading", "A credential may be on its way");
    assert.equal(person.count(ROTATE), 1);
    // The sandbox's log shows the created credential: it is ended, since nobody has its secret, and another one is
    // issued.
    person.sandbox.clock.advance(600_000);
    person.sandbox.clearFaults();
    await person.page.reload();
    await person.find("heading", "It is unknown whether a credential was issued");
    // An aborted call may still take effect for a short time.
    person.sandbox.clock.advance(180_000);
    await person.page.reload();
    await store(person);
    await person.find("heading", "The credential is stored");
    assert.equal(person.count(ROTATE), 2);
    const made = person.sandbox.requests({ operation: REVOKE });
    assert.equal(made.length, 1, "what nobody has the secret of has ended");
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
    person = await kill(person);
    await person.find("heading", /^Retire /);
    assert.equal(person.count(REVOKE), 0, "what was typed is not what was done");
    await person.click("textbox", `Type ${old} to confirm`);
    await person.type(old);
    person.sandbox.fault({ operation: REVOKE, action: "drop-answer" });
    await person.press("Enter");
    await person.reads(/Waiting to try again|The rotation is done/);
    person = await kill(person);
    person.sandbox.clock.advance(600_000);
    person = await kill(person);
    await person.find("heading", "Rotate credential");
    assert.equal(person.count(ROTATE), 2);
    const ended = (id) => person.sandbox.snapshot().connectorCredentials.find((one) => one.id === id).deletedAt;
    assert.ok(ended(old));

    // Another rotation is undone: the new credential is ended.
    await person.click("button", "Rotate credential");
    await store(person);
    await person.find("heading", "Both credentials work");
    const [, made, kept] = /\nNew\n(\S+)\nOld\n(\S+)\n/.exec(await person.text());
    const before = person.count(REVOKE);
    person.sandbox.fault({ operation: REVOKE, action: { delayMs: 2_000 } });
    await person.click("button", "Undo the rotation");
    // A person who stored the new pair by hand puts the old one back by hand.
    await person.find("heading", "A person is needed");
    person = await kill(person);
    await person.find("heading", "A person is needed");
    await person.click("button", "The old credential is back in its place");
    await arrives(person, REVOKE, before + 1);
    person = await kill(person);
    await person.find("heading", /./);
    person.sandbox.clock.advance(600_000);
    person = await kill(person);
    await person.find("heading", "Rotate credential");
    assert.ok(ended(made));
    assert.ok(!ended(kept));
  });
});

test("a second tab waits until the first one is closed, and then goes on", async () => {
  await withConsole({ start: address }, async (first) => {
    await first.click("button", "Create credential");
    await first.find("heading", "Store the new credential");
    const page = await first.page.browserContext().newPage();
    const second = new Person(page, first);
    await page.goto(first.page.url());
    await second.find("heading", "Another tab has this rotation");
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

test("without a network after the pair was stored, the steps say that it is, and it goes on once there is one", async () => {
  await withConsole({ start: address }, async (person) => {
    await person.page.evaluate(() => (location.hash = "#/"));
    await lookUpExamples(person);
    await person.page.goBack();
    await person.click("button", "Rotate credential");
    await person.find("heading", "Store the new credential");
    await person.page.setOfflineMode(true);
    await store(person);
    await person.find("heading", "Waiting to try again");
    await person.reads(/\nStore\n?, done\n/);
    await person.page.setOfflineMode(false);
    await person.find("heading", "Both credentials work");
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
  firefox = await launch("firefox");
  const server = await serveConsole();
  try {
    const page = await firefox.newPage();
    const trouble = [];
    page.on("pageerror", (error) => trouble.push(String(error)));
    await page.goto(server.url + address(server));
    /** Firefox has no queries by role, so this searches all shadow roots for the text. */
    const press = async (text) => {
      for (let tries = 0; tries < 150; tries++, await pause(100)) if (await page.evaluate(pressed, text)) return;
      throw new Error(`there is nothing to press that reads ${text}`);
    };
    await press("Create credential");
    await press("Show");
    await press("I stored the client ID and the secret");
    await press("Continue");
    await press("Close");
    await press("26 All");
    assert.equal(server.sandbox.requests({ operation: ROTATE }).length, 1);
    assert.deepEqual(trouble, []);
  } finally {
    await server.close();
  }
});

/** Clicks the control that starts with this text, if it exists. */
function pressed(wanted) {
  const visit = (node) => {
    if (node.matches?.("button, label") && node.checkVisibility() && !node.disabled)
      if (node.textContent.replaceAll(/\s+/g, " ").trim().startsWith(wanted)) return node;
    for (const child of (node.shadowRoot ?? node).children ?? []) {
      const inner = visit(child);
      if (inner) return inner;
    }
    return undefined;
  };
  const found = visit(document.body);
  found?.click();
  return found !== undefined;
}
