// Every flow with the keyboard alone, in Chromium: nothing is clicked, and the focus is checked after each step.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LOOKED_UP, withConsole } from "./person.mjs";

const ROTATE = "connector.rotateCredential";

/** Tabs to a control, and presses Enter there. */
async function enter(person, name) {
  await person.press("Tab");
  await person.tabTo(name);
  await person.press("Enter");
}

/** Continues until the sandbox's credentials are known. */
async function known(person) {
  await person.find("heading", "Overview");
  await person.find("button", "Look up the sandbox’s examples");
  await enter(person, "Look up the sandbox’s examples");
  await person.focusIs("Overview");
  await person.reads(LOOKED_UP);
}

/** Confirms that the pair is stored. */
async function store(person, heading) {
  await person.focusIs("Store the new credential");
  await person.tabTo("I stored the client ID and the secret");
  await person.press("Space");
  await enter(person, "Continue");
  await person.focusIs(heading);
}

test("from a filter of the overview over a target's page to the end of its old credential", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    await enter(person, /Within 30 days/);
    await person.reads(/4 of 26 match/);
    await enter(person, "GitHub Enterprise Server");
    await person.find("heading", "GitHub Enterprise Server");
    assert.equal(await person.page.evaluate(focusedTag), "main", "the new view has the focus");
    await enter(person, "Rotate");
    await person.focusIs("Rotate credential");
    assert.equal(await person.page.evaluate(focusedTag), "h2");
    await enter(person, "Rotate credential");
    await person.focusIs("Store the new credential");
    await person.tabTo("Show client secret");
    await person.press("Space");
    await person.focusIs("Hide client secret");
    await person.tabTo("Save both as");
    await person.press("ArrowDown");
    await person.tabTo("I stored the client ID and the secret");
    await person.press("Space");
    await enter(person, "Continue");
    await person.focusIs("Both credentials work");

    // The sandbox's panel advances the clock, and keeps the focus.
    await person.tabTo("Sandbox", "Shift+Tab");
    await person.press("Enter");
    await person.find("button", "+1 day");
    await enter(person, "+30 days");
    await person.find("heading", /^Retire /);
    assert.equal(await person.focus(), "+30 days", "the focus stays where somebody works");
    const [, old] = /\nOld\n(\S+)\n/.exec(await person.text());
    await person.tabTo(`Type ${old} to confirm`, "Shift+Tab");
    await person.type(old);
    await person.press("Enter");
    await person.focusIs("The rotation is done");
    await enter(person, "Close");
    await person.find("heading", "GitHub Enterprise Server");
    assert.equal(person.count(ROTATE), 1);
  });
});

test("many at once: chosen, begun with one, paused, stored, and gone on with", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    for (const name of ["AWS account 1", "AWS account 3"]) {
      await person.press("Tab");
      await person.tabTo(`Select ${name}`);
      await person.press("Space");
    }
    await person.reads(/2 selected/);
    await person.tabTo("Rotate 2 together", "Shift+Tab");
    await person.press("Enter");
    await person.find("heading", "Rotate together");
    assert.equal(await person.page.evaluate(focusedTag), "main");
    assert.equal(person.count(ROTATE), 0, "what changes is shown before anything does");
    await enter(person, "Start with 1 target");
    await person.reads(/To be stored/);
    await enter(person, "Pause");
    await person.reads(/Paused: no more are started/);
    await enter(person, "Store AWS account 1");
    await store(person, "Both credentials work");
    await enter(person, "Close");
    await person.find("heading", "Rotate together");
    await enter(person, "They work: continue with the others");
    await person.find("link", "Store AWS account 3");
    await enter(person, "Store AWS account 3");
    await store(person, "Both credentials work");
    await enter(person, "Close");
    await person.reads(/\nDone\.\n/);
    await enter(person, "Remove the job");
    await person.focusIs("Rotate together");
    assert.equal(person.count(ROTATE), 2);
  });
});

test("an unknown outcome, from the fault that makes it to what settles it", async () => {
  const start = ({ sandbox }) => {
    const { connectors } = sandbox.snapshot();
    const { appId, id } = connectors.find(({ displayName }) => displayName === "AWS account 7");
    return `#/rotate/c1/${appId}/${id}`;
  };
  await withConsole({ start }, async (person) => {
    await person.focusIs("Create credential");
    await person.tabTo("Sandbox", "Shift+Tab");
    await person.press("Enter");
    await person.find("button", "+1 day");
    await person.press("Tab");
    await person.tabTo("The response to the next rotation is lost");
    await person.press("Space");
    await person.tabTo("System log");
    await person.press("End");
    await person.tabTo("Create credential", "Shift+Tab");
    await person.press("Enter");
    await person.focusIs("It is unknown whether a credential was issued");
    // As long as a response can still arrive, the outcome cannot be settled.
    await person.tabTo("+1 hour", "Shift+Tab");
    await person.press("Enter");
    const made = person.sandbox.snapshot().connectorCredentials.at(-1);
    await person.tabTo("IDs of the created credentials, separated by spaces");
    await person.type(made.id);
    // A refresh in the background does not disturb a person who is typing.
    await person.page.evaluate(lookInBackground);
    await person.focusIs("IDs of the created credentials, separated by spaces");
    await enter(person, "These were created");
    await person.focusIs("Store the new credential");
    assert.equal(person.count(ROTATE), 2);
  });
});

test("a policy, its windows and the people of a target", async () => {
  await withConsole({}, async (person) => {
    await known(person);
    await enter(person, "GitHub Enterprise Server");
    await person.find("heading", "GitHub Enterprise Server");
    await person.press("Tab");
    await person.tabTo("Owner");
    await person.type("Ada");
    await enter(person, "Save");
    await person.reads(/\nSaved\n/);
    await person.tabTo("Rotate every … days");
    await person.type("60");
    await enter(person, "Add a window");
    await person.tabTo("Remove window 1");
    await person.press("Enter");
    await person.focusIs("Add a window");
    await person.press("Enter");
    await enter(person, "Time zone");
    await person.type("Nowhere/Town");
    await enter(person, "Save policy");
    await person.reads(/The policy was not saved\. [^\n]*time zone/);
    await person.tabTo("Time zone", "Shift+Tab");
    await person.press("Control+a");
    await person.type("Europe/Berlin");
    await enter(person, "Save policy");
    await person.reads(/Policy saved/);
    await person.page.reload();
    await person.find("heading", "GitHub Enterprise Server");
    assert.equal(await person.page.$eval("::-p-aria(Time zone)", (field) => field.value), "Europe/Berlin");
    assert.equal(await person.page.$eval("::-p-aria(Rotate every … days)", (field) => field.value), "60");
    await person.find("group", "Window 1");
  });
});

/** Refreshes the rotation, as the timer would. */
function lookInBackground() {
  const view = document.querySelector("keyturn-console").shadowRoot.querySelector("keyturn-rotate-view");
  return view.shadowRoot.querySelector("keyturn-rotate").refresh();
}

function focusedTag() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at.localName;
}
