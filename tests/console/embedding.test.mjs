// The elements as a page embeds them, in Chromium: what frameworks do to elements between their updates.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withConsole } from "./person.mjs";

/** Runs a function in a page that has the elements, all of which are loaded once a rotation is shown. */
const withElements = (work) =>
  withConsole({}, async (person) => {
    await person.find("heading", "Overview");
    await person.click("button", /^Rotate AWS account 1$/);
    await person.find("heading", "Create credential");
    return work(person);
  });

test("a property that is set to undefined or null has its default", async () => {
  await withElements(async (person) => {
    const shown = await person.page.evaluate(async () => {
      const row = { target: "one", name: "One", plane: "C1", group: "", credential: "c-1", createdAt: Date.now() };
      const PROPERTIES = {
        "keyturn-credentials": ["rows", "view", "selected", "actions", "link", "label", "clock", "texts"],
        "keyturn-counters": ["rows", "filter", "clock", "texts"],
        "keyturn-timeline": ["rows", "lanes", "days", "link", "clock", "texts"],
        "keyturn-rotate": ["lifecycle", "target", "sink", "candidates", "naming", "consumers", "caution", "clock"],
        "keyturn-secret": ["label", "name", "text"],
      };
      const found = {};
      for (const [tag, names] of Object.entries(PROPERTIES))
        for (const name of names)
          for (const nothing of [undefined, null]) {
            const element = Object.assign(document.createElement(tag), { rows: [row] });
            document.body.append(element);
            await element.updateComplete;
            const before = element.shadowRoot.textContent;
            const usual = document.createElement(tag)[name];
            element[name] = nothing;
            await element.updateComplete.catch((error) => (found[`${tag}.${name}`] = String(error)));
            if (name !== "rows" && element.shadowRoot.textContent !== before)
              found[`${tag}.${name}`] = "looks different";
            if (usual !== undefined && typeof element[name] !== typeof usual)
              found[`${tag}.${name}`] = "has no default";
            if (name === "rows" && element.shadowRoot.textContent.includes("One"))
              found[tag] = "shows what was removed";
            element.remove();
          }
      return found;
    });
    assert.deepEqual(shown, {});
  });
});

test("an element that is moved keeps what it shows, and one that is removed drops its secret", async () => {
  await withElements(async (person) => {
    const said = await person.page.evaluate(async () => {
      const [one, other] = [document.createElement("div"), document.createElement("div")];
      document.body.append(one, other);
      const secret = Object.assign(document.createElement("keyturn-secret"), { label: "Value", text: () => "v-1" });
      const text = async () => {
        await secret.updateComplete;
        return secret.shadowRoot.querySelector("#plain").textContent;
      };
      one.append(secret);
      const shown = [await text()];
      other.append(secret);
      shown.push(await text());
      secret.remove();
      await Promise.resolve();
      shown.push(secret.text());
      one.remove();
      other.remove();
      return shown;
    });
    assert.deepEqual(said, ["v-1", "v-1", ""]);
  });
});

test("a rotation that is given its target outside the document does not lock itself out", async () => {
  await withElements(async (person) => {
    const heading = await person.page.evaluate(async () => {
      const read = [];
      const lifecycle = {
        status: async ([target]) => {
          read.push(target);
          const progress = { target, rotation: 0, state: "idle" };
          return [{ target, progress, credentials: [], rollingBack: false, cannotRollBack: "nothing to undo" }];
        },
        history: async () => [],
        plan: async ([target]) => [{ target, sinks: [], cuts: false }],
      };
      const element = Object.assign(document.createElement("keyturn-rotate"), { lifecycle, target: "one" });
      const title = async (text) => {
        while (!element.shadowRoot.querySelector("#title")?.textContent.includes(text))
          await new Promise((later) => setTimeout(later, 20));
      };
      document.body.append(element);
      await title("Create credential");
      element.remove();
      element.target = "two";
      await element.updateComplete;
      const outside = read.includes("two");
      document.body.append(element);
      while (!read.includes("two")) await new Promise((later) => setTimeout(later, 20));
      await title("Create credential");
      element.remove();
      return { outside, read: [...new Set(read)] };
    });
    assert.deepEqual(heading, { outside: false, read: ["one", "two"] });
  });
});
