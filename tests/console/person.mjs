// A person who uses the console: opens it, reads it, clicks and types. Controls are found by their accessible names.
import { after } from "node:test";
import { serveConsole } from "../../www/server.mjs";
import { launch } from "../lib/browsers.mjs";
import { PATIENCE } from "../lib/patience.mjs";

/** The browser, one for all tests of a file. Each test has its own context. */
let browser;
export const closeBrowser = () => browser?.close();
after(closeBrowser);

/**
 * Runs `work` with the console open in a new context. Afterwards, nothing may have violated the content security
 * policy, been requested from another origin, or thrown.
 *
 * @param {{ seed?: string, hash?: string, start?: (server: { sandbox: object }) => string, before?: (person: Person) => Promise<void>, features?: { name: string, value: string }[], width?: number }} options
 * @param {(person: Person) => Promise<void>} work
 */
export async function withConsole({ seed, hash = "", start, before, features = [], width = 1280 }, work) {
  browser ??= await launch("chromium");
  const server = await serveConsole({ seed });
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures(features);
    const person = new Person(page, server);
    if (before) await before(person);
    await page.goto(server.url + (start?.(server) ?? hash));
    await work(person);
    if (person.trouble.length > 0) throw new Error(`the page had trouble: ${person.trouble.join("; ")}`);
  } finally {
    await context.close();
    await server.close();
  }
}

/** What the overview reads once all of the sandbox's examples are known, which come one after another. */
export const LOOKED_UP = /\n1 ?\n?Expired[^]*\n4 ?\n?Within 30 days[^]*\n2 ?\n?Idle/;

/**
 * Looks up the sandbox's examples in the overview, and waits until all of them are known. The button is pressed by its
 * key, since the page still moves while it loads.
 */
export async function lookUpExamples(person) {
  const button = await person.find("button", "Look up the sandbox’s examples");
  await button.focus();
  await person.press("Enter");
  await person.reads(LOOKED_UP);
}

/** Does the same, starting at the control planes' own lists: apps, connectors, and API credentials. */
export const withBrowse = (options, work) => withConsole({ hash: "#/apps", ...options }, work);

/** Waits until a page has painted what was changed. */
export function painted(page) {
  return page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

/** Selects targets in the overview, and plans to rotate them together. */
export async function together(person, ...names) {
  for (const name of names) await person.click("checkbox", `Select ${name}`);
  await person.click("button", `Rotate ${names.length} together`);
}

/** Clicks an element once it no longer moves: while a page still loads, a click may hit what takes its place. */
export function clickAtRest(element) {
  return element.asLocator().setTimeout(PATIENCE).click();
}

export class Person {
  /** Events that must not happen. */
  trouble = [];
  /** The whole output of the page's console. */
  console = [];

  constructor(page, { url, sandbox }) {
    this.page = page;
    this.url = url;
    this.sandbox = sandbox;
    page.on("pageerror", (error) => this.trouble.push(String(error)));
    page.on("console", (message) => {
      this.console.push(message.text());
      if (/content security policy|refused to/i.test(message.text())) this.trouble.push(message.text());
    });
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(`${url}/`))
        this.trouble.push(`a request to ${request.url()}`);
    });
  }

  /** Finds the first visible element with this role and name. Only headings can be found by a pattern. */
  find(role, name) {
    if (name instanceof RegExp)
      return this.page.waitForFunction(
        (pattern) => {
          const visit = (node) =>
            (node.matches?.("h1, h2, h3") &&
              node.checkVisibility() &&
              new RegExp(pattern).test(node.textContent.trim())) ||
            [...((node.shadowRoot ?? node).children ?? [])].some(visit);
          return visit(document.body);
        },
        {},
        name.source,
      );
    return this.page.waitForSelector(`::-p-aria([name="${name}"][role="${role}"])`, { visible: true });
  }

  async click(role, name) {
    if (name instanceof RegExp) {
      for (const begun = Date.now(); ; await pause(50)) {
        const found = await this.#fitting(role, name);
        if (found) return clickAtRest(found);
        if (Date.now() - begun > PATIENCE) throw new Error(`there is no ${role} that fits ${name}`);
      }
    }
    await this.page.locator(`::-p-aria([name="${name}"][role="${role}"])`).setTimeout(PATIENCE).click();
  }

  /** Finds the first element with this role whose label or text matches a pattern. */
  async #fitting(role, pattern) {
    for (const one of await this.page.$$(`::-p-aria([role="${role}"])`)) {
      const text = await one.evaluate((node) =>
        (node.getAttribute("aria-label") ?? node.textContent).replaceAll(/\s+/g, " ").trim(),
      );
      if (pattern.test(text)) return one;
    }
    return undefined;
  }

  /**
   * Clicks the element with this role that has one of these names, since a name may change while the page loads more.
   */
  async clickEither(role, ...names) {
    const selector = names.map((name) => `::-p-aria([name="${name}"][role="${role}"])`).join(", ");
    await this.page.locator(selector).setTimeout(PATIENCE).click();
  }

  async isThere(role, name) {
    return (await this.page.$(`::-p-aria([name="${name}"][role="${role}"])`)) !== null;
  }

  /** Waits until the page shows a text, or one that matches a pattern. */
  reads(wanted) {
    return this.#untilText((text) => holds(text, wanted), `${wanted} is not to be read in`);
  }

  /** Waits until the page no longer shows a text, or one that matches a pattern. */
  readsNo(unwanted) {
    return this.#untilText((text) => !holds(text, unwanted), `${unwanted} is still to be read in`);
  }

  /** Waits until a text, or one that matches a pattern, is in the clipboard: a page copies after the click. */
  async copied(wanted) {
    for (const begun = Date.now(); ; await pause(50)) {
      const text = await this.page.evaluate(() => navigator.clipboard.readText());
      if (fits(text, wanted)) return;
      if (Date.now() - begun > PATIENCE) throw new Error(`${wanted} is not in the clipboard, but ${text}`);
    }
  }

  async #untilText(fine, trouble) {
    for (const begun = Date.now(); ; await pause(50)) {
      const text = await this.text();
      if (fine(text)) return;
      if (Date.now() - begun > PATIENCE) throw new Error(`${trouble}:\n${text}`);
    }
  }

  /** Returns the visible text of the page, including shadow roots. */
  text() {
    return this.page.evaluate(() => {
      const of = (node) => {
        if (node instanceof Text) return node.data.replaceAll(/\s+/g, " ");
        if (!(node instanceof Element)) return "";
        const { display } = getComputedStyle(node);
        // `checkVisibility` is false for an element without a box, even if its content is visible.
        if (display !== "contents" && !node.checkVisibility()) return "";
        const children = node.localName === "slot" ? node.assignedNodes() : (node.shadowRoot ?? node).childNodes;
        const inner = [...children].map(of).join("");
        return display === "inline" ? inner : `\n${inner}\n`;
      };
      return of(document.body)
        .replaceAll(/\s*\n\s*/g, "\n")
        .replaceAll(/ +/g, " ");
    });
  }

  /** Returns everything in the document, visible or not: texts, attributes, values of fields. */
  document() {
    return this.page.evaluate(() => {
      const parts = [];
      const visit = (node) => {
        if (node.nodeType === Node.TEXT_NODE || node.nodeType === Node.COMMENT_NODE) parts.push(node.data);
        for (const { name, value } of node.attributes ?? []) parts.push(name, value);
        if (typeof node.value === "string") parts.push(node.value);
        if (node.shadowRoot) visit(node.shadowRoot);
        if (node.localName === "template") visit(node.content);
        node.childNodes.forEach(visit);
      };
      visit(document);
      return parts.join("\n");
    });
  }

  /** Returns everything that the browser stores for the page: storages, databases, the address, its history. */
  kept() {
    return this.page.evaluate(async () => {
      const databases = [];
      for (const { name } of await indexedDB.databases()) {
        const database = await new Promise((resolve, reject) => {
          const request = indexedDB.open(name);
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        for (const store of database.objectStoreNames) {
          const request = database.transaction(store).objectStore(store).getAll();
          await new Promise((resolve) => (request.onsuccess = resolve));
          databases.push([name, store, request.result]);
        }
        database.close();
      }
      const caches = await globalThis.caches.keys();
      const places = [document.cookie, location.href, history.state, caches];
      return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, databases, places]);
    });
  }

  /** Returns the name or the text of the focused element; "" if there is none. */
  focus() {
    return this.page.evaluate(() => {
      let at = document.activeElement;
      while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
      if (at === document.body) return "";
      const label = at?.labels?.[0]?.textContent;
      return (at?.getAttribute("aria-label") ?? label ?? at?.textContent ?? "").replaceAll(/\s+/g, " ").trim();
    });
  }

  /** Waits until the element with this name has the focus. */
  async focusIs(name) {
    for (const begun = Date.now(); !fits(await this.focus(), name); await pause(20)) {
      if (Date.now() - begun > PATIENCE)
        throw new Error(`the focus is not on ${name} but on ${JSON.stringify(await this.focus())}`);
    }
  }

  /** Presses a key, or one with Shift, such as `Shift+Tab`. */
  async press(keys) {
    const [key, ...modifiers] = keys.split("+").reverse();
    for (const modifier of modifiers) await this.page.keyboard.down(modifier);
    await this.page.keyboard.press(key);
    for (const modifier of modifiers) await this.page.keyboard.up(modifier);
  }

  type(text) {
    return this.page.keyboard.type(text);
  }

  /** Tabs until an element with this name has the focus. */
  async tabTo(name, keys = "Tab") {
    for (let step = 0; step < 80; step++) {
      if (fits(await this.focus(), name)) return;
      await this.press(keys);
    }
    throw new Error(`the tabulator does not lead to ${name}`);
  }

  /** From now on, keeps the text of the files that the page saves. */
  keepSaved() {
    return this.page.evaluate(() => {
      globalThis.saved = [];
      const make = URL.createObjectURL.bind(URL);
      URL.createObjectURL = (blob) => {
        blob.text().then((text) => globalThis.saved.push(text));
        return make(blob);
      };
    });
  }

  /** Resolves with the text of the first saved file, once there is one. */
  async saved() {
    const text = await this.page.waitForFunction(() => globalThis.saved[0]);
    return text.jsonValue();
  }

  /** Returns how often an operation has reached the tenant. */
  count(operation) {
    return this.sandbox.requests({ operation }).length;
  }

  /** Resolves with the body of the next response to a matching request. */
  async answer(pattern) {
    const response = await this.page.waitForResponse((one) => pattern.test(one.url()));
    return response.json();
  }
}

const holds = (text, part) => (part instanceof RegExp ? part.test(text) : text.includes(part));

const fits = (text, name) => (name instanceof RegExp ? name.test(text) : text === name);

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
