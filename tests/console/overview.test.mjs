// The overview of all targets, their pages, jobs and the sandbox's panel, in Chromium, as a person uses them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConductorOne } from "keyturn";
import { PATIENCE } from "../lib/patience.mjs";
import { lookUpExamples, Person, painted, pause, together, withConsole } from "./person.mjs";

const ROTATE = "connector.rotateCredential";

/** Continues until the sandbox's credentials are known. */
async function known(person) {
  await person.find("heading", "Overview");
  await lookUpExamples(person);
}

/** Returns the names in the table's rows that are in the document. */
const names = (person) =>
  person.page.evaluate(() => {
    const table = document
      .querySelector("keyturn-console")
      .shadowRoot.querySelector("keyturn-overview")
      .shadowRoot.querySelector("keyturn-credentials");
    return [...table.shadowRoot.querySelectorAll("tbody .name")].map((name) => name.textContent.trim());
  });

/** Returns the names of the timeline's lanes. */
const lanes = (person) =>
  person.page.evaluate(() => {
    const timeline = document
      .querySelector("keyturn-console")
      .shadowRoot.querySelector("keyturn-overview")
      .shadowRoot.querySelector("keyturn-timeline");
    return [...timeline.shadowRoot.querySelectorAll(".lane .name")].map((name) => name.textContent.trim());
  });

/** Returns the overview's parts in document order, provided that the first one is in view. */
function standing() {
  const { shadowRoot } = document.querySelector("keyturn-console").shadowRoot.querySelector("keyturn-overview");
  const parts = [
    ...shadowRoot.querySelectorAll("keyturn-counters, keyturn-timeline, keyturn-ages, keyturn-credentials"),
  ];
  if (parts[0].getBoundingClientRect().bottom > innerHeight / 2) return ["the first part is not at the top"];
  return parts.map(({ localName }) => localName);
}

test("one table has the targets of both control planes, and the counters filter it", async () => {
  await withConsole({}, async (person) => {
    await person.reads(/26 targets/);
    await known(person);
    assert.deepEqual((await names(person)).slice(0, 2), ["GitHub archive", "GitHub Enterprise Server"]);
    assert.ok((await names(person)).includes("ERP sync"));
    assert.deepEqual(await person.page.evaluate(standing), [
      "keyturn-counters",
      "keyturn-timeline",
      "keyturn-ages",
      "keyturn-credentials",
    ]);
    await person.click("button", /Expired/);
    await person.reads(/1 of 26 matches/);
    assert.deepEqual(await names(person), ["GitHub archive"]);
    assert.deepEqual(await lanes(person), ["GitHub archive"]);
    await person.click("button", /Expired/);
    await person.reads(/26 targets/);
    // The charts are painted after the table.
    while ((await lanes(person)).length !== 12) await pause(20);
    await person.click("button", /Expired/);
    await person.reads(/1 of 26 matches/);
    assert.match(await person.page.evaluate(() => location.hash), /show=expired/);

    // The address contains the view, which survives a reload.
    await person.click("button", /All/);
    await person.click("searchbox", "Search");
    await person.type("aws account");
    await person.reads(/8 of 26 match/);
    await person.click("button", /^Target/);
    await person.click("button", /^Target/);
    assert.deepEqual((await names(person)).slice(0, 2), ["AWS account 8", "AWS account 7"]);
    await person.page.reload();
    await person.reads(/8 of 26 match/);
    assert.deepEqual((await names(person)).slice(0, 2), ["AWS account 8", "AWS account 7"]);
    await person.click("searchbox", "Search");
    await person.type(" nowhere");
    await person.reads(/No target matches/);
    await person.click("button", "Show all");
    await person.reads(/26 targets/);
  });
});

test("a refresh shows what has become of known credentials since", async () => {
  await withConsole({ hash: "#/?show=expiring" }, async (person) => {
    await known(person);
    await person.reads(/\n4 of 26 match\n/);
    const { connectors, connectorCredentials } = person.sandbox.snapshot();
    const { appId, id: connectorId } = connectors.find(({ displayName }) => displayName === "GitHub production");
    const { id } = connectorCredentials.find((one) => one.connectorId === connectorId && !one.deletedAt);
    const { clientId: clientID, clientSecret, url: serverURL, fetch } = person.sandbox;
    const elsewhere = new ConductorOne({ clientID, clientSecret, serverURL, fetch });
    await elsewhere.connector.revokeCredential({ appId, connectorId, id });
    elsewhere.close();
    await person.click("button", "Refresh");
    await person.reads(/\n3 of 26 match\n/);
  });
});

test("columns are chosen, and the table is saved as it is shown", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    await person.keepSaved();
    await person.click("button", /Expired/);
    await person.click("button", "Columns");
    await person.click("checkbox", "Control plane");
    await person.press("Escape");
    await person.focusIs("Columns");
    await person.click("button", "Save as CSV");
    const text = await person.saved();
    const [head, row, end] = text.split("\r\n");
    assert.equal(head, '"Target","Status","Control plane","Belongs to","Expires","Last used","Owner","Rotation"');
    assert.match(row, /^"GitHub archive","Expired","C1","GitHub","\d{4}-\d\d-\d\dT[\d:.]+Z",/);
    assert.equal(end, "");
    assert.match(await person.page.evaluate(() => location.hash), /columns=state%2Cplane/);
  });
});

test("the timeline is zoomed and moved by keys, and shown as a table", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    const range = async () => /\n(\w{3} \d+, \d{4} to \w{3} \d+, \d{4})\n/.exec(await person.text())[1];
    const before = await range();
    await person.click("button", "Zoom in");
    const near = await range();
    assert.notEqual(near, before);
    await person.tabTo("Timeline. Plus and minus zoom, the arrow keys move, Home goes to today.");
    await person.press("ArrowRight");
    assert.notEqual(await range(), near);
    await person.press("Home");
    assert.equal(await range(), near);
    await person.press("-");
    assert.equal(await range(), before);
    await person.click("button", "As a table");
    await person.find("table", "Timeline");
    await person.reads(/GitHub archive\n\w{3} \d+, \d{4}/);
    await person.click("button", "Next targets");
    await person.reads(/13 to/);
  });
});

test("in windows of any width, no mark of the timeline is cut off, and the histogram stays small", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    for (const width of [1280, 1200, 1100, 1000, 900, 800, 600]) {
      await person.page.setViewport({ width, height: 900 });
      await painted(person.page);
      const { cut, shown, height } = await person.page.evaluate(() => {
        const { shadowRoot } = document.querySelector("keyturn-console").shadowRoot.querySelector("keyturn-overview");
        const axis = shadowRoot.querySelector("keyturn-timeline").shadowRoot.querySelector(".ticks");
        const ticks = [...axis.querySelectorAll("time")];
        const end = axis.getBoundingClientRect().right;
        const whole = (tick) => tick.scrollWidth <= tick.clientWidth && tick.getBoundingClientRect().right <= end + 0.5;
        // What remains of a mark without its word is its line.
        const hidden = (tick) => tick.clientWidth < 8;
        const chart = shadowRoot.querySelector("keyturn-ages").shadowRoot.querySelector("svg");
        return {
          cut: ticks.filter((tick) => !whole(tick) && !hidden(tick)).map((tick) => tick.textContent),
          shown: ticks.filter(whole).length,
          height: chart.getBoundingClientRect().height,
        };
      });
      assert.deepEqual(cut, [], `${width} pixels`);
      assert.ok(shown >= 4, `${shown} marks at ${width} pixels`);
      assert.ok(height < 400, `the histogram is ${height} pixels high`);
    }
  });
});

test("in windows of any width and with any columns, dates are read in full, and each row keeps its button", async () => {
  for (const hash of [
    "",
    "#/?columns=state,plane,group,expires,used,created,clientId,credential,owner,consumers,rotation",
  ])
    await withConsole({ hash }, async (person) => {
      await known(person);
      for (const width of [1280, 1100, 1000, 900, 800]) {
        await person.page.setViewport({ width, height: 900 });
        await painted(person.page);
        const found = await person.page.evaluate(() => {
          const { shadowRoot } = document
            .querySelector("keyturn-console")
            .shadowRoot.querySelector("keyturn-overview")
            .shadowRoot.querySelector("keyturn-credentials");
          const cut = (node) => node.scrollWidth > node.clientWidth;
          const dates = [...shadowRoot.querySelectorAll("td:has(time), time .under")];
          const edge = shadowRoot.querySelector(".scroller").getBoundingClientRect().right;
          const buttons = [...shadowRoot.querySelectorAll("td.actions button")];
          return {
            cut: dates.filter(cut).map((node) => node.textContent.trim()),
            beyond: buttons.filter((node) => node.getBoundingClientRect().right > edge).length,
          };
        });
        assert.deepEqual(found, { cut: [], beyond: 0 }, `${width} pixels`);
      }
    });
});

test("a target's page: owner and consumers are kept, findings say what to do, the journal is shown", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    await person.click("link", "GitHub archive");
    await person.find("heading", "GitHub archive");
    await person.reads(/The credential in use has expired\.\n? ?Rotate it/);
    // The worst finding comes first.
    await person.reads(/has expired\.[^]*No owner is named/);
    await person.click("textbox", "Owner");
    await person.type("Ada <script>alert(1)</script> \u202eevil");
    await person.click("textbox", "Consumers");
    await person.type("billing\nreports");
    await person.click("button", "Save");
    await person.reads(/\nSaved\n/);
    await person.readsNo("No owner is named");
    await person.page.reload();
    await person.find("heading", "GitHub archive");
    assert.equal(await person.page.$eval("::-p-aria(Consumers)", (field) => field.value), "billing\nreports");
    await person.click("link", "Rotate");
    await person.reads(/Used by\nbilling, reports/);
    await person.click("button", "Create credential");
    await person.find("heading", "Store the new credential");
    await person.click("checkbox", "I stored the client ID and the secret");
    await person.click("button", "Continue");
    await person.find("heading", "The credential is stored");
    await person.click("button", "Close");
    await person.reads(/Rotation done #\d+[^]*Issued #\d+[^]*Rotation started #1/);
    await person.reads(/The journal is intact/);
    await person.click("link", "← All targets");
    await person.reads(/26 targets/);
  });
});

/** Returns the value of a field. */
const shows = (person, label) => person.page.$eval(`::-p-aria(${label})`, (field) => field.value);

test("a credential that nobody has stored yet is not called the one in use", async () => {
  await withConsole({ hash: "#/?search=AWS+account+7" }, async (person) => {
    await person.click("button", "Rotate AWS account 7");
    await person.click("button", "Create credential");
    await person.find("heading", "Store the new credential");
    await person.click("link", "Facts");
    // The control plane has been asked about it.
    await person.reads(/\nActive\nnew\n/);
    await person.reads(/Credential in use\nUnknown\nClient ID\n—/);
    await person.click("link", "Continue the rotation");
    await storeAndClose(person, "The credential is stored");
    await person.reads(/Credential in use\n[a-z]+-[a-z]+-\d+\n/);
  });
});

test("what was typed on a target's page and not saved is there again, and is not lost with the page", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    await person.click("link", "GitHub archive");
    await person.click("textbox", "Owner");
    await person.type("Ada");
    await person.click("spinbutton", "Rotate every … days");
    await person.type("30");
    await person.click("button", "Add a window");
    await person.reads(/Not saved yet[^]*Not saved yet/);
    await person.click("link", "← All targets");
    await person.reads(/26 targets/);
    await person.click("link", "GitHub production");
    await person.find("heading", "GitHub production");
    assert.equal(await shows(person, "Owner"), "", "a draft belongs to its target");
    await person.readsNo("Not saved yet");
    await person.click("link", "← All targets");
    await person.click("link", "GitHub archive");
    await person.reads(/Not saved yet/);
    assert.equal(await shows(person, "Owner"), "Ada");
    assert.equal(await shows(person, "Rotate every … days"), "30");
    await person.find("group", "Window 1");
    const asked = new Promise((resolve) => person.page.once("dialog", resolve));
    await person.page.evaluate(() => void setTimeout(() => location.reload()));
    const dialog = await asked;
    assert.equal(dialog.type(), "beforeunload");
    await dialog.dismiss();
    assert.equal(await shows(person, "Owner"), "Ada");
    await person.click("button", "Discard changes (People and programs)");
    await person.reads(/Not saved yet/);
    assert.equal(await shows(person, "Owner"), "");
    await person.click("button", "Save policy");
    await person.readsNo("Not saved yet");
    await person.page.reload();
    await person.find("heading", "GitHub archive");
    assert.equal(await shows(person, "Rotate every … days"), "30");
    await person.click("button", "Remove window 1");
    await person.reads(/Not saved yet/);
    await person.click("button", "Discard changes (Policy)");
    await person.find("group", "Window 1");
    await person.readsNo("Not saved yet");
  });
});

test("a target's credentials over time are a picture, and the same as a table", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    await person.click("link", "GitHub production");
    await person.find("heading", "Credentials over time");
    await person.click("button", "As a table");
    await person.find("table", "Credentials over time");
    await person.reads(/Credential\s+Created\s+Ends/);
    const lanes = () =>
      person.page.evaluate(() => {
        const timeline = document
          .querySelector("keyturn-console")
          .shadowRoot.querySelector("keyturn-target")
          .shadowRoot.querySelector("keyturn-timeline");
        return [...timeline.shadowRoot.querySelectorAll("tbody th > *")].map(
          ({ localName, textContent }) => `${localName} ${textContent}`,
        );
      });
    const before = await lanes();
    assert.equal(before.length, 2);
    assert.ok(
      before.every((name) => /^span \w+-\w+-\d+$/.test(name)),
      String(before),
    );
    await person.click("link", "Rotate");
    await person.click("button", "Rotate credential");
    await person.find("heading", "Store the new credential");
    await person.click("checkbox", "I stored the client ID and the secret");
    await person.click("button", "Continue");
    await person.find("heading", "Both credentials work");
    await person.click("button", "Close");
    await person.click("button", "As a table");
    await person.find("table", "Credentials over time");
    const after = await lanes();
    assert.equal(after.length, 3);
    assert.ok(before.every((name) => after.includes(name)));
  });
});

/** Stores the waiting pair, and returns to the job. */
async function storeNext(person, name, heading) {
  await person.click("link", `Store ${name}`);
  await storeHere(person, heading);
}

/** Stores the pair that is shown, and goes back to the job. */
async function storeHere(person, heading) {
  await storeAndClose(person, heading);
  await person.find("heading", "Rotate together");
}

async function storeAndClose(person, heading) {
  await person.find("heading", "Store the new credential");
  await person.click("checkbox", "I stored the client ID and the secret");
  await person.click("button", "Continue");
  await person.find("heading", heading);
  await person.click("button", "Close");
}

test("many are rotated in one job: what changes, the first one, the others, and a failure that stops it", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    for (const name of ["GitHub archive", "Okta", "Okta preview"]) await person.click("checkbox", `Select ${name}`);
    await person.reads(/3 selected/);
    await person.click("button", "Rotate 3 together");
    await person.find("heading", "Rotate together");
    await person.reads(
      /GitHub archive\nGitHub\n[^]*No credential is known, so none ends[^]*Okta\nOkta\n[^]*ends after a day/,
    );
    assert.equal(person.count(ROTATE), 0, "a plan changes nothing");
    await person.click("button", "Start with 1 target");
    await person.reads(/To be stored/);
    assert.equal(person.count(ROTATE), 1);
    await person.reads(/Jobs: 0 of 3 stored, 1 to store/);
    await storeNext(person, "GitHub archive", "The credential is stored");
    await person.reads(/The first ones are stored\. Check that whatever uses them works/);
    assert.equal(person.count(ROTATE), 1, "the others wait");

    person.sandbox.fault({ operation: ROTATE, action: { status: 403 } });
    await person.click("button", "They work: continue with the others");
    await person.reads(/Stopped: too many failed[^]*Okta\nOkta\n[^]*Failed\nrefused/);
    assert.equal(person.count(ROTATE), 2, "nothing more is begun");
    await person.page.reload();
    await person.reads(/Stopped: too many failed/);
    assert.equal(person.count(ROTATE), 2);
  });
});

test("a job is paused and goes on after a reload, and issues nothing twice", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    await together(person, "AWS account 1", "AWS account 3");
    await person.click("button", "Start with 1 target");
    await person.reads(/To be stored/);
    await person.click("button", "Pause");
    await person.reads(/Paused: no more are started/);
    await storeNext(person, "AWS account 1", "Both credentials work");
    await person.page.reload();
    await person.reads(/The first ones are stored/);
    assert.equal(person.count(ROTATE), 1);
    await person.click("button", "They work: continue with the others");
    await storeNext(person, "AWS account 3", "Both credentials work");
    await person.reads(/\nDone\.\n/);
    assert.equal(person.count(ROTATE), 2);
    await person.click("button", "Remove the job");
    await person.reads(/There is no job in progress/);
  });
});

test("a job that two tabs show is the same in both, and rotates nothing twice", async () => {
  await withConsole({}, async (first) => {
    await first.find("heading", "Overview");
    await together(first, "AWS account 1", "AWS account 2");
    await first.find("heading", "Rotate together");
    const page = await first.page.browserContext().newPage();
    const second = new Person(page, first);
    await page.goto(first.page.url());
    await second.reads(/Nothing has been started/);
    await first.page.bringToFront();
    await first.click("button", "Start with 1 target");
    // It had no credential, so nothing remains of its rotation once the new one is stored.
    await storeNext(first, "AWS account 1", "The credential is stored");
    await page.bringToFront();
    await second.reads(/The first ones are stored/);
    assert.equal(second.count(ROTATE), 1);
    await second.click("button", "They work: continue with the others");
    await second.reads(/1 new credential waits/);
    await first.page.bringToFront();
    await first.reads(/AWS account 2\n[^]*To be stored/);
    assert.equal(second.count(ROTATE), 2);
    await page.bringToFront();
    await second.click("button", "Remove the job");
    await second.reads(/There is no job in progress/);
    await first.page.bringToFront();
    await first.reads(/There is no job in progress/);
    assert.deepEqual(second.trouble, []);
  });
});

test("a tab that is closed before the journal has anything of a target leaves it waiting, and not stored", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    await together(person, "AWS account 1", "AWS account 3");
    const before = person.count("connector.getCredentials");
    person.sandbox.fault({ operation: "connector.getCredentials", action: { delayMs: 4_000 } });
    await person.click("button", "Start with 1 target");
    while (person.count("connector.getCredentials") === before) await pause(20);
    await person.page.reload();
    await person.reads(/Nothing has been started[^]*AWS account 1\n[^]*Waiting/);
    assert.equal(person.count(ROTATE), 0);
    await person.click("button", "Start with 1 target");
    await storeNext(person, "AWS account 1", "Both credentials work");
    await person.reads(/The first ones are stored/);
    assert.equal(person.count(ROTATE), 1);
  });
});

test("what failed in a job and was finished on its own page counts as stored, and is not begun again", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    await together(person, "AWS account 1", "AWS account 3");
    person.sandbox.fault({ operation: ROTATE, action: { status: 403 } });
    await person.click("button", "Start with 1 target");
    await person.reads(/Stopped: too many failed/);
    await person.click("link", "Open AWS account 1");
    await person.find("heading", "The control plane refused");
    await person.click("button", "Continue");
    await storeHere(person, "Both credentials work");
    await person.reads(/The first ones are stored[^]*AWS account 1\n[^]*\nStored\n/);
    assert.equal(person.count(ROTATE), 2);

    // What was undone was not stored.
    await person.click("button", "They work: continue with the others");
    await person.click("link", "Store AWS account 3");
    await person.find("heading", "Store the new credential");
    await person.click("button", "Undo the rotation");
    // Which one to put back is said.
    await person.reads(/Put the old credential back into its place[^]*\nOld\n\S+\n/);
    await person.click("button", "The old credential is back in its place");
    await person.find("heading", "The rotation was undone");
    await person.click("button", "Close");
    await person.reads(/AWS account 3\n[^]*Failed\nUndone/);
  });
});

test("what is selected while there is a job is added to it, and waits to be looked at", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    await together(person, "AWS account 1", "AWS account 3");
    await person.click("button", "Start with 1 target");
    await storeNext(person, "AWS account 1", "Both credentials work");
    await person.click("button", "They work: continue with the others");
    await person.reads(/Running\. 1 new credential waits for you to store it/);
    await person.click("link", /Overview/);
    for (const name of ["AWS account 3", "AWS account 4"]) await person.click("checkbox", `Select ${name}`);
    await person.click("button", "Add 2 to the job");
    await person.find("heading", "Rotate together");
    await person.reads(/Paused: no more are started\. 1 new credential waits/);
    await person.reads(/Jobs: 1 of 3 stored, 1 to store/);
    await storeNext(person, "AWS account 3", "Both credentials work");
    await person.reads(/Jobs: 2 of 3 stored/);
    assert.equal(person.count(ROTATE), 2, "what was added is not begun by itself");
    await person.click("button", "Continue");
    await person.reads(/Jobs: 2 of 3 stored, 1 to store/);
    assert.equal(person.count(ROTATE), 3);
  });
});

test("the sandbox's panel shows which faults there are, whoever set them, and takes back only its own", async () => {
  await withConsole({}, async (person) => {
    await person.find("heading", "Overview");
    person.sandbox.fault({ operation: "apps.list", action: { status: 500 }, times: "always" });
    const isOn = async (name) => {
      const control = await person.find("switch", name);
      return control.evaluate((one) => one.checked);
    };
    await person.click("button", "Sandbox");
    await person.click("switch", "Everything is rate limited (429)");
    await person.click("switch", "The next rotation is refused (403)");
    await person.click("button", "Close the sandbox’s panel");
    await person.click("button", "Sandbox");
    const rules = () => person.page.evaluate(async () => (await fetch("/_sandbox/faults")).json());
    await person.page.waitForFunction(async () => (await (await fetch("/_sandbox/faults")).json()).length === 3);
    for (const begun = Date.now(); !(await isOn("Everything is rate limited (429)")); await pause(50))
      assert.ok(Date.now() - begun < PATIENCE, "the panel does not show what is switched on");
    assert.equal(await isOn("The next rotation is refused (403)"), true);
    assert.equal(await isOn("The next rotation fails (503)"), false);
    await person.click("switch", "Everything is rate limited (429)");
    await person.page.waitForFunction(async () => (await (await fetch("/_sandbox/faults")).json()).length === 2);
    assert.deepEqual(
      (await rules()).map(({ operation }) => operation),
      ["apps.list", ROTATE],
    );
  });
});

test("the sandbox's panel: requests, faults, time, and the beginning again", async () => {
  await withConsole({}, async (person) => {
    await person.page.browserContext().overridePermissions(person.url, ["clipboard-read", "clipboard-sanitized-write"]);
    await known(person);
    await person.click("button", "Sandbox");
    await person.focusIs("Sandbox");
    await person.reads(/ConnectorService\.GetCredentials/);
    await person.click("button", /^Copy as curl: GET \/api\/v1\/apps/);
    await person.reads(/\$TOKEN stands for the token/);
    await person.copied(
      /^curl --request GET 'http:\/\/127\.0\.0\.1:\d+\/api\/v1\/apps[^']*' --header "Authorization: Bearer \$TOKEN"/,
    );

    await person.click("switch", "The next rotation is refused (403)");
    await person.click("button", "Rotate GitHub Enterprise Server");
    await person.click("button", "Rotate credential");
    await person.find("heading", "The control plane refused");
    await person.click("button", "Continue");
    await person.find("heading", "Store the new credential");
    await person.click("checkbox", "I stored the client ID and the secret");
    await person.click("button", "Continue");
    await person.find("heading", "Both credentials work");
    // A waiting rotation notices the new time at once.
    await person.click("button", "+1 day");
    await person.click("button", "+1 hour");
    await person.find("heading", /^Retire /);
    await person.click("button", "Reset the sandbox");
    await person.find("heading", "Create credential");
    await person.reads(/No credential of this target is known here/);
    assert.ok(!(await person.kept()).includes('"retired"'), "the journal is empty");
  });
});
