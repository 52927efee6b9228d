// The documentation: built from the current sources, complete, and usable from a disk.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { broken, build, framed, misfits, pages, reference, slug } from "../xtask/docs.mjs";
import { root } from "../xtask/steps.mjs";
import { launch } from "./lib/browsers.mjs";

const scratch = mkdtempSync(join(tmpdir(), "keyturn-site-"));
const facts = reference();
const site = join(scratch, "site");
build(site);
after(() => rmSync(scratch, { recursive: true }));

const read = (path) => readFileSync(join(site, path), "utf8");

describe("the reference", () => {
  test("has a page for each group and each resource, with every operation", () => {
    const names = (folder) => readdirSync(join(site, "reference", folder)).filter((name) => !name.startsWith("types-"));
    assert.equal(names("c1").length, 133);
    assert.equal(names("commercelayer").length, 10);
    let operations = 0;
    for (const [folder, groups] of [
      ["c1", facts.c1.groups],
      ["commercelayer", facts.commercelayer.resources],
    ]) {
      for (const group of groups) {
        const text = read(`reference/${folder}/${group.name}.html`);
        for (const { name, method, path } of group.operations) {
          operations++;
          assert.ok(text.includes(`<h2 id="${name}">`), `${group.name}.${name}`);
          assert.ok(text.includes(`<code>${method} ${path}</code>`), `${group.name}.${name}`);
        }
      }
    }
    assert.equal(operations, 638 + 70);
  });

  test("says how to use an operation safely", () => {
    const text = read("reference/c1/connector.html");
    const section = text.split('<h2 id="rotateCredential">')[1].split("</section>")[0];
    assert.match(section, /never sent again once it may have arrived/);
    assert.match(section, /OutcomeUnknownError/);
    assert.doesNotMatch(section, /console\.log\(answer/);
    assert.match(text.split('<h2 id="list">')[1].split("</section>")[0], /<h3>Paging<\/h3>/);
  });
});

test("an entry has the name that programs import, and lists what it exports", () => {
  const specifiers = [...read("reference/index.html").matchAll(/href="(entries\/[^"]+)"><code>([^<]+)<\/code>/g)];
  const pageOf = new Map(specifiers.map(([, page, specifier]) => [specifier, page]));
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const [name, page] of [
    ["keyturn", "entries/index.html"],
    ["keyturn (workerd)", "entries/workerd.html"],
    ["keyturn/enums", "entries/generated-enums.html"],
    ["keyturn/sandbox (node)", "entries/sandbox-node.html"],
    ["keyturn/sandbox", "entries/sandbox.html"],
  ])
    assert.equal(pageOf.get(name), page, name);
  for (const specifier of pageOf.keys())
    assert.ok(Object.hasOwn(exports, specifier.replace("keyturn", ".").split(" ")[0]), specifier);
  const lifecycle = read("reference/entries/lifecycle.html");
  assert.ok(lifecycle.includes("<h1><code>keyturn/lifecycle</code></h1>"));
  assert.ok(lifecycle.includes('<li><a href="#openLifecycle"><code>openLifecycle</code></a></li>'));
});

test("every page of docs/ is a guide", () => {
  for (const file of readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md")))
    assert.match(read(`docs/${file.replace(/md$/, "html")}`), /<h1 id=/, file);
});

describe("build failures", () => {
  const page = (body) => new Map([["a.html", framed("a.html", { title: "a", body })]]);
  const found = (body) =>
    broken(page(body)).filter((text) => text.includes("nowhere.html") || !/leads nowhere/.test(text));

  test("a broken link or anchor, and external resources", () => {
    assert.deepEqual(found('<a href="#b">b</a><h2 id="b">b</h2>'), []);
    assert.equal(found('<a href="nowhere.html">b</a>').length, 1);
    assert.equal(found('<a href="#b">b</a>').length, 1);
    assert.equal(found('<img src="https://example.com/a.png">').length, 1);
  });

  test("a guide's link to a missing file", () => {
    const files = new Map([["README.md", "# A\n\n[gone](docs/gone.md)\n"]]);
    const all = pages({ c1: { groups: [], types: [], enums: [] }, commercelayer: { resources: [] } }, new Map(), files);
    const texts = new Map([...all].map(([path, one]) => [path, framed(path, one)]));
    assert.ok(broken(texts).some((text) => text.includes("docs/gone.html")));
  });

  test("an example that does not compile", () => {
    const group = (example) => ({
      c1: { groups: [{ name: "apps", operations: [{ name: "list", example }] }] },
      commercelayer: { resources: [] },
    });
    assert.equal(misfits(group("await c1.apps.list({ pageSize: 1 });"), join(scratch, "good")), "");
    assert.match(misfits(group("await c1.apps.list({ pageSiz: 1 });"), join(scratch, "bad")), /pageSiz/);
  });
});

test("ids of headings are those that links on GitHub use", () => {
  assert.equal(slug("Options of a `client`"), "options-of-a-client");
  assert.equal(slug("A call's way through it"), "a-calls-way-through-it");
});

describe("in a browser, from the disk", () => {
  let browser;
  before(async () => {
    browser = await launch("chromium");
  });
  after(() => browser.close());

  /** Opens a page, and records errors and requests to other places. */
  async function open(path) {
    const page = await browser.newPage();
    const trouble = [];
    page.on("pageerror", (error) => trouble.push(error.message));
    page.on("console", (message) => message.type() === "error" && trouble.push(message.text()));
    page.on("request", (request) => request.url().startsWith("file:") || trouble.push(request.url()));
    await page.goto(pathToFileURL(join(site, path)).href);
    return { page, trouble };
  }

  test("the search finds an operation and leads there", async () => {
    const { page, trouble } = await open("index.html");
    await page.type("#search", "rotatecredential");
    const [first] = await page.$$eval("#found a", (links) => links.map((link) => link.textContent));
    assert.match(first, /^connector\.rotateCredential POST /);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    assert.match(page.url(), /reference\/c1\/connector\.html#rotateCredential$/);
    await page.type("#search", "apicredential");
    assert.notEqual((await page.$$("#found a")).length, 0);
    assert.deepEqual(trouble, []);
  });

  test("the search finds what an entry exports, and leads to its declaration", async () => {
    const { page, trouble } = await open("index.html");
    await page.type("#search", "openlifecycle");
    const [first] = await page.$$eval("#found a", (links) => links.map((link) => link.textContent));
    assert.match(first, /^openLifecycle function of keyturn\/lifecycle$/);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    assert.match(page.url(), /reference\/entries\/lifecycle\.html#openLifecycle$/);
    assert.match(await page.$eval(":target", (target) => target.parentElement.textContent), /function openLifecycle\(/);
    assert.deepEqual(trouble, []);
  });

  test("the search finds what a guide says in its text and its tables", async () => {
    const { page, trouble } = await open("index.html");
    for (const [words, guide] of [
      ["retryCodes", "docs/client.html#"],
      ["pgbouncer", "docs/fleet.html#"],
      ["sandbox --exec", "index.html#use"],
    ]) {
      await page.$eval("#search", (input) => (input.value = ""));
      await page.type("#search", words);
      const links = await page.$$eval("#found a", (found) => found.map(({ href }) => href));
      assert.ok(
        links.some((link) => link.includes(`/${guide}`)),
        `${words}: ${links.join(" ")}`,
      );
    }
    assert.deepEqual(trouble, []);
  });

  test("fits a narrow screen, and shows the contents on request", async () => {
    for (const path of ["index.html", "CONTRIBUTING.html", "docs/runtimes.html", "reference/c1/connector.html"]) {
      const { page, trouble } = await open(path);
      await page.setViewport({ width: 390, height: 700 });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, path);
      const shown = () => page.$eval("nav", (nav) => nav.checkVisibility());
      assert.equal(await shown(), false);
      await page.click("#menu");
      assert.equal(await shown(), true);
      assert.deepEqual(trouble, []);
      await page.close();
    }
  });

  test("an operation's example opens in the playground, and runs there", async () => {
    const { page, trouble } = await open("reference/c1/apps.html");
    const selector = "#list ~ p a[href*=playground]";
    await Promise.all([page.waitForNavigation(), page.click(selector)]);
    const inside = (text) =>
      page.waitForFunction(`(${text})(document.querySelector("keyturn-playground")?.shadowRoot)`);
    await inside((shadow) => shadow?.querySelector("button.primary")?.disabled === false);
    await inside((shadow) => /c1\.apps\.list/.test(shadow.querySelector(".cm-content").textContent));
    await page.locator('::-p-aria([name="Run"][role="button"])').click();
    await inside((shadow) => shadow.querySelector("[role=status]").textContent === "Done");
    assert.deepEqual(
      trouble.filter((text) => !text.startsWith("blob:")),
      [],
    );
  });

  test("follows the system's light or dark scheme until the user chooses", async () => {
    const { page, trouble } = await open("reference/commercelayer/api_credentials.html");
    const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const seen = [];
    for (const value of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
      seen.push(await back());
    }
    assert.notEqual(seen[0], seen[1]);
    await page.click("#theme");
    assert.equal(await back(), seen[0]);
    assert.deepEqual(trouble, []);
  });
});
