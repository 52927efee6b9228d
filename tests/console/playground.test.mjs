// The playground: its programs, faults on request, and that it sends nothing to other origins.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { programs, programsOf } from "../../www/playground/programs.mjs";
import { programOf, reference } from "../../xtask/docs.mjs";
import { root } from "../../xtask/steps.mjs";
import { launch } from "../lib/browsers.mjs";
import { PATIENCE } from "../lib/patience.mjs";
import { serveFolder } from "../lib/static.mjs";
import { until } from "../lib/until.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = join(root, "www/dist/playground");
const TURN = `import { ConductorOne } from "keyturn";
const c1 = ConductorOne.fromEnv();
const { CONDUCTORONE_APP_ID: appId, CONDUCTORONE_CONNECTOR_ID: connectorId } = process.env;

await c1.connector.rotateCredential({ appId, connectorId });
`;

let server;
let browser;
let firefox;
before(async () => {
  server = await serveFolder(folder);
  browser = await launch("chromium");
});
after(async () => {
  await browser?.close();
  await firefox?.close();
  await server?.close();
});

/** A person who uses the playground. */
class Visitor {
  trouble = [];

  constructor(page) {
    this.page = page;
    page.on("pageerror", (error) => this.trouble.push(String(error)));
    page.on("console", (message) => message.type() === "error" && this.trouble.push(message.text()));
  }

  /** Evaluates `work` in the page, with the shadow root of the page's element. */
  inside(work, ...args) {
    const text = `(${work})(document.querySelector("keyturn-playground").shadowRoot, ...${JSON.stringify(args)})`;
    return this.page.evaluate(text);
  }

  /**
   * Waits until a condition holds for the page's element. Under the page's policy, the driver's own method fails in
   * Firefox.
   */
  until(work, ...args) {
    return until(String(work), () => this.inside(work, ...args));
  }

  click(role, name) {
    return this.page.locator(`::-p-aria([name="${name}"][role="${role}"])`).click();
  }

  output() {
    return this.inside((shadow) => shadow.querySelector(".output").textContent);
  }

  requests() {
    return this.inside((shadow) => shadow.querySelector("[aria-labelledby=requests]").textContent);
  }

  status(pattern) {
    return this.until(
      (shadow, text) => new RegExp(text).test(shadow.querySelector("[role=status]").textContent),
      pattern.source,
    );
  }

  async choose(at) {
    await this.inside((shadow, value) => {
      const select = shadow.querySelector("select");
      select.value = value;
      select.dispatchEvent(new Event("change"));
    }, String(at));
  }

  /** Puts a program into the editor, as if it had been typed, and runs it. */
  async run(program) {
    await this.write(program);
    await this.click("button", "Run");
  }

  async write(program) {
    await this.page.locator('::-p-aria([name="Program"][role="textbox"])').click();
    await this.page.keyboard.down("Control");
    await this.page.keyboard.press("a");
    await this.page.keyboard.up("Control");
    await this.page.keyboard.sendCharacter(program);
  }
}

/** Runs `work` with the playground open. */
async function withPlayground(
  work,
  { address = `${server.url}/`, features = [], width = 1280, troubles = false, within = browser } = {},
) {
  const context = await within.createBrowserContext();
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    // Firefox supports neither of these calls.
    if (within === browser) {
      await page.setViewport({ width, height: 900 });
      await page.emulateMediaFeatures(features);
    }
    const visitor = new Visitor(page);
    await page.goto(address);
    await visitor.until((shadow) => shadow?.querySelector("button.primary")?.disabled === false);
    await work(visitor);
    if (!troubles) assert.deepEqual(visitor.trouble, []);
  } finally {
    await context.close();
  }
}

test("offers the documents' programs as they stand, but for those that a page cannot run", () => {
  const all = programs();
  assert.ok(all.length >= 20);
  const readme = readFileSync(join(root, "README.md"), "utf8");
  assert.ok(all.filter(({ group }) => group === "README").every(({ code }) => readme.includes(code)));
  const text = (code) => `# A\n\n## B\n\n\`\`\`js\n${code}\`\`\`\n\n\`\`\`js\n${code}\`\`\`\n`;
  const fits = 'import { ConductorOne } from "keyturn";\nnew ConductorOne();\n';
  assert.deepEqual(
    programsOf(text(fits), "docs/a.md").map(({ group, title }) => [group, title]),
    [
      ["A", "B"],
      ["A", "B (2)"],
    ],
  );
  assert.deepEqual(programsOf(text('import pg from "pg";\n'), "docs/a.md"), []);
  assert.deepEqual(programsOf(text("nothing is imported\n"), "docs/a.md"), []);
});

for (const [where, address] of [
  ["from a server", () => `${server.url}/`],
  ["from a disk", () => pathToFileURL(join(folder, "index.html")).href],
])
  test(`every program runs without an error, ${where}`, { timeout: 120_000 }, () =>
    withPlayground(
      async (visitor) => {
        for (const [at, { group, title }] of programs().entries()) {
          await visitor.choose(at);
          await visitor.click("button", "Run");
          await visitor.until((shadow) => {
            // Allows permissions that are requested.
            shadow.querySelector(".output button")?.click();
            return /Done|Ended/.test(shadow.querySelector("[role=status]").textContent);
          });
          const status = await visitor.inside((shadow) => shadow.querySelector("[role=status]").textContent);
          assert.equal(status, "Done", `${group}: ${title}: ${await visitor.output()}`);
        }
        assert.match(await visitor.requests(), /connector\.rotateCredential|api_credentials/i);
      },
      { address: address() },
    ),
  );

test("the main way in Firefox: a program, a fault, an edit, and the clock", async () => {
  firefox ??= await launch("firefox");
  await withPlayground(
    async (visitor) => {
      const press = async (name) => assert.ok(await visitor.inside(clicked, name), `there is no ${name}`);
      await press("Run");
      await visitor.status(/Done/);
      assert.match(await visitor.output(), /has its secret/);
      assert.match(await visitor.requests(), /RotateCredential/);

      await press("C1 refuses rotations: 403");
      await press("Run");
      await visitor.status(/Ended with an error/);
      assert.match(await visitor.output(), /forbidden/);
      await press("C1 refuses rotations: 403");

      await visitor.inside((shadow) => shadow.querySelector(".cm-content").focus());
      const { keyboard } = visitor.page;
      await keyboard.down("Control");
      await keyboard.press("a");
      await keyboard.up("Control");
      await keyboard.type("throw Date.now;");
      await press("Run");
      await visitor.status(/Ended with an error/);

      await press("Restore");
      await press("+ 1 day");
      await press("Run");
      await visitor.status(/Done/);
      assert.match(await visitor.output(), /has its secret/);
    },
    { within: firefox },
  );
});

/** Clicks the button or the label of this name in a shadow root, if it is there. */
function clicked(shadow, name) {
  const all = [...shadow.querySelectorAll("button, label")];
  const found = all.find((one) => one.textContent.trim() === name && !one.disabled);
  found?.click();
  return found !== undefined;
}

test("a fault that is switched on shows its error, with code, outcome, hint and line", () =>
  withPlayground(async (visitor) => {
    await visitor.click("switch", "C1 rotates, and the answer is lost");
    await visitor.run(TURN);
    await visitor.status(/Ended with an error/);
    const output = await visitor.output();
    for (const part of [/OutcomeUnknownError/, /outcome_unknown/, /unknown/, /hint/, /Go to line 5/])
      assert.match(output, part);
    await visitor.until((shadow) => /no answer/.test(shadow.querySelector("[aria-labelledby=requests]").textContent));
    await visitor.click("button", "Go to line 5");
    const line = await visitor.inside((shadow) => shadow.querySelector(".cm-activeLineGutter").textContent);
    assert.equal(line, "5");

    await visitor.click("switch", "C1 rotates, and the answer is lost");
    await visitor.click("switch", "Every request is answered 503");
    await visitor.run(TURN);
    await visitor.status(/Ended with an error/);
    assert.match(await visitor.output(), /authentication_failed|server_error/);
    await visitor.click("button", "Reset");
    await visitor.run(TURN);
    await visitor.status(/Done/);
  }));

test("a program that never ends can be stopped, and the page stays usable while it runs", () =>
  withPlayground(async (visitor) => {
    await visitor.run('import "keyturn";\nconsole.log("before");\nfor (;;) console.log("again");\n');
    await visitor.until((shadow) => /2000 lines/.test(shadow.querySelector(".output").textContent));
    assert.match(await visitor.inside((shadow) => shadow.querySelector("[role=status]").textContent), /Running/);
    await visitor.click("button", "+ 1 day");
    await visitor.click("button", "Stop");
    await visitor.status(/Stopped/);
    await visitor.run(TURN);
    await visitor.status(/Done/);
  }));

test("the clock of the sandbox and of programs goes forward together", () =>
  withPlayground(async (visitor) => {
    const shown = `import { ConductorOne } from "keyturn";
const { systemLog } = ConductorOne.fromEnv();
await ConductorOne.fromEnv().auth.introspect();
console.log(Date.now(), new Date().getTime(), new Date(0).getTime(), typeof systemLog);`;
    await visitor.click("button", "+ 30 days");
    await visitor.run(shown);
    await visitor.status(/Done/);
    const [now, again, zero] = (await visitor.output()).split(" ").map(Number);
    const days = (now - Date.now()) / 86_400_000;
    assert.ok(days > 29 && days < 31, String(days));
    assert.ok(again >= now);
    assert.equal(zero, 0);
  }));

test("what cannot be run says why, with its line", () =>
  withPlayground(async (visitor) => {
    await visitor.run('\nimport pg from "pg";\n');
    await visitor.status(/Not run/);
    assert.match(await visitor.output(), /has no module "pg"[^]*Go to line 2/);
    await visitor.run("\n\nconst = 1;\n");
    await visitor.status(/Not run/);
    assert.match(await visitor.output(), /Go to line 3/);
    await visitor.run('import { Nothing } from "keyturn";\n');
    await visitor.status(/Ended with an error/);
    assert.match(await visitor.output(), /SyntaxError[^]*Nothing/);
    await visitor.run('import "keyturn";\nsetTimeout(() => { throw new RangeError("later"); });\n');
    await visitor.until((shadow) => /RangeError/.test(shadow.querySelector(".output").textContent));
    await visitor.run("process.exit(3);\n");
    await visitor.status(/Ended with an error/);
  }));

test("a program reaches no server and nothing that the page's origin has stored", async () => {
  const other = await serveFolder(folder);
  try {
    await withPlayground(
      async (visitor) => {
        const attempts = `const said = [];
const attempt = async (name, work) => said.push(name + ": " + (await work().then(() => "went", () => "refused")));
const url = "${other.url}/leak";
await attempt("fetch", () => fetch(url));
const plain = Object.getPrototypeOf(Object.getPrototypeOf(globalThis)).fetch ?? Object.getPrototypeOf(globalThis).fetch;
await attempt("request", () => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  request.onload = resolve;
  request.onerror = reject;
  request.open("GET", url);
  request.send();
}));
await attempt("socket", () => new Promise((resolve, reject) => {
  const socket = new WebSocket(url.replace("http", "ws"));
  socket.onopen = resolve;
  socket.onerror = reject;
}));
const address = url + ".js";
await attempt("module", async () => { const load = (to) => import(to); await load(address); });
await attempt("script", async () => importScripts(address));
await attempt("eval", async () => Function("return 1")());
const kept = ["indexedDB", "caches", "BroadcastChannel", "Worker", "SharedWorker"].filter((name) => name in globalThis);
console.log(said.join("; "), "kept:", kept.join(), "storage" in navigator, "locks" in navigator);
`;
        await visitor.run(attempts);
        await visitor.status(/Done|Ended/);
        const output = await visitor.output();
        assert.doesNotMatch(output, /went/);
        assert.equal(output.match(/refused/g)?.length, 6, output);
        assert.match(output, /kept: {2}false false/);
      },
      // The policy reports what it blocks.
      { troubles: true },
    );
    assert.deepEqual(other.requests, []);
  } finally {
    await other.close();
  }
});

test("a link brings a program, and the server does not learn of it", () =>
  withPlayground(async (visitor) => {
    await visitor.write("console.log('with ü and 🧾');");
    await visitor.click("button", "Copy link");
    await visitor.status(/link/);
    const address = visitor.page.url();
    assert.match(address, /#program=[\w-]+$/);
    server.requests.length = 0;
    await withPlayground(
      async (other) => {
        await other.click("button", "Run");
        await other.status(/Done/);
        assert.match(await other.output(), /with ü and 🧾/);
      },
      { address },
    );
    assert.ok(server.requests.every((path) => !path.includes("program")));
    await withPlayground(
      async (other) => {
        await other.click("button", "Run");
        await other.status(/Done/);
        assert.match(await other.output(), /has its secret/);
      },
      { address: `${server.url}/#program=not-a-program` },
    );
  }));

test(
  "every example of the reference can be tried: it ends by itself, or with an error of the package",
  { timeout: 300_000 },
  () =>
    withPlayground(async (visitor) => {
      const facts = reference();
      const examples = [
        ...facts.c1.groups.map((group) => ["c1", group]),
        ...facts.commercelayer.resources.map((group) => ["commercelayer", group]),
      ].map(([api, { name, operations }]) => [name, programOf(api, operations[0].example)]);
      // One of each group, and all of those that rotate credentials.
      for (const [name, program] of examples.filter(
        ([name], at) => at % 12 === 0 || /connector|credential/i.test(name),
      )) {
        await visitor.run(program);
        await visitor.status(/Done|Ended/);
        assert.doesNotMatch(
          await visitor.output(),
          /SyntaxError|TypeError|ReferenceError|invalid_/,
          `${name}: ${program}`,
        );
      }
    }),
);

describe("everybody can use it", () => {
  for (const value of ["light", "dark"])
    for (const width of [1280, 320])
      test(`axe finds nothing, ${value}, ${width} pixels wide`, () =>
        withPlayground(
          async (visitor) => {
            await visitor.click("switch", "C1 rotates, and the answer is lost");
            await visitor.run(
              `import { writeFile } from "node:fs/promises";\nawait writeFile("/a.txt", "text");\nconsole.warn("careful");\n${TURN}`,
            );
            await visitor.status(/Ended/);
            await visitor.page.evaluate(axe);
            const { violations } = await visitor.page.evaluate(() =>
              globalThis.axe.run(document, {
                runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
              }),
            );
            assert.deepEqual(
              violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("; ")}`),
              [],
            );
            const wide = await visitor.page.evaluate(() => document.documentElement.scrollWidth);
            assert.ok(wide <= width, `${wide} pixels`);
          },
          { features: [{ name: "prefers-color-scheme", value }], width },
        ));

  test("by the keyboard alone", () =>
    withPlayground(async (visitor) => {
      const { keyboard } = visitor.page;
      const focused = () =>
        visitor.inside((shadow) => {
          const { activeElement: at } = shadow;
          return at?.ariaLabel ?? at?.textContent.trim() ?? "";
        });
      const tabTo = async (name) => {
        for (let presses = 0; (await focused()) !== name; presses++) {
          assert.ok(presses < 40, `${name} is not reached; ${await focused()} has the focus`);
          await keyboard.press("Tab");
        }
      };
      await tabTo("Program");
      // Tab belongs to the editor, until Escape gives it back.
      await keyboard.press("Tab");
      assert.equal(await focused(), "Program");
      await keyboard.press("Escape");
      await keyboard.press("Tab");
      assert.notEqual(await focused(), "Program");
      await visitor.write(TURN);
      await keyboard.down("Control");
      await keyboard.press("Enter");
      await keyboard.up("Control");
      await visitor.status(/Done/);
      await keyboard.press("Escape");
      await tabTo("+ 1 day");
      await keyboard.press("Enter");
      await keyboard.press("Tab");
      await keyboard.press("Tab");
      await keyboard.press("Space");
      assert.equal(await visitor.inside((shadow) => shadow.querySelectorAll("input:checked").length), 1);
    }));
});
