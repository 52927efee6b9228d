// examples/admin-console in Chromium, with a sandbox as the tenant: what a page gets through its proxy, what stays in
// the page, and what a page of another origin can do.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../../xtask/steps.mjs";
import { launch } from "../lib/browsers.mjs";
import { installed } from "../lib/installed.mjs";
import { PATIENCE } from "../lib/patience.mjs";

const folder = installed();
const example = mkdtempSync(join(folder, "admin-console-"));
const ROTATE = "connector.rotateCredential";

let browser;
let keyturn;
let createSandbox;
let createApp;
let serve;

before(async () => {
  cpSync(join(root, "examples/admin-console"), example, {
    recursive: true,
    filter: (path) => !/(node_modules|dist)$/.test(path),
  });
  // Keyturn is resolved from the installation around the copy; the rest is the repository's.
  const { devDependencies } = createRequire(join(example, "package.json"))("./package.json");
  for (const name of Object.keys(devDependencies)) {
    const at = join(example, "node_modules", name);
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(join(root, "node_modules", name), at);
  }
  execFileSync(process.execPath, [join(example, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn"], {
    cwd: example,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const from = createRequire(join(example, "server/main.js"));
  const load = (name) => import(pathToFileURL(from.resolve(name)).href);
  keyturn = await import(pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm/index.js")).href);
  ({ createSandbox } = await import(
    pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm/sandbox-node.js")).href
  ));
  ({ serve } = await load("@hono/node-server"));
  ({ createApp } = await import(pathToFileURL(join(example, "server/app.js")).href));
  browser = await launch("chromium");
});
after(async () => {
  await browser?.close();
  rmSync(example, { recursive: true, force: true });
});

/** Records everything that goes over the network, with bodies, as the browser's tools show it. */
async function networkLog(cdp) {
  const log = [];
  const bodies = [];
  await cdp.send("Network.enable", { maxTotalBufferSize: 1 << 26, maxResourceBufferSize: 1 << 25 });
  for (const event of [
    "requestWillBeSent",
    "requestWillBeSentExtraInfo",
    "responseReceived",
    "responseReceivedExtraInfo",
  ])
    cdp.on(`Network.${event}`, (facts) =>
      log.push({ event, url: facts.request?.url ?? facts.response?.url, text: JSON.stringify(facts) }),
    );
  cdp.on("Network.loadingFinished", ({ requestId }) =>
    bodies.push(
      cdp.send("Network.getResponseBody", { requestId }).then(
        ({ body, base64Encoded }) =>
          log.push({ event: "body", text: base64Encoded ? Buffer.from(body, "base64").toString("latin1") : body }),
        // A preflight, or a response without a body, has none.
        () => undefined,
      ),
    ),
  );
  return async () => {
    await Promise.all(bodies);
    return log;
  };
}

/** Returns the page's heap as text, after garbage collection. */
async function heap(cdp) {
  for (let i = 0; i < 3; i++) await cdp.send("HeapProfiler.collectGarbage");
  const chunks = [];
  const add = ({ chunk }) => chunks.push(chunk);
  cdp.on("HeapProfiler.addHeapSnapshotChunk", add);
  await cdp.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false, captureNumericValue: true });
  cdp.off("HeapProfiler.addHeapSnapshotChunk", add);
  return chunks.join("");
}

/** Opens the console. `work` gets the page and its surroundings. */
async function withConsole(work) {
  const sandbox = await createSandbox({ seed: "demo" });
  const { clientId: clientID, clientSecret, url: serverURL, fetch } = sandbox;
  const tokens = new Set();
  const client = new keyturn.ConductorOne({
    clientID,
    clientSecret,
    serverURL,
    fetch: async (url, init) => {
      const token = new Headers(init.headers).get("authorization");
      if (token) tokens.add(token.replace(/^\w+ /, ""));
      return fetch(url, init);
    },
  });
  const records = [];
  const app = await createApp({ client, files: join(example, "dist"), record: (record) => records.push(record) });
  let server;
  await new Promise((resolve) => {
    server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, resolve);
  });
  const url = `http://127.0.0.1:${server.address().port}`;
  const context = await browser.createBrowserContext();
  const trouble = [];
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on("pageerror", (error) => trouble.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "warn" || /content security policy/i.test(message.text())) trouble.push(message.text());
    });
    // The memory of the package's core, which no heap snapshot contains.
    await page.evaluateOnNewDocument(() => {
      globalThis.memories = [];
      WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
        construct(Instance, args) {
          const instance = new Instance(...args);
          globalThis.memories.push(instance.exports.memory);
          return instance;
        },
      });
    });
    const cdp = await page.createCDPSession();
    await page.goto(url);
    const person = {
      click: (name) => page.locator(`::-p-aria([name="${name}"][role="button"])`).setTimeout(PATIENCE).click(),
      find: (role, name) => page.waitForSelector(`::-p-aria([name="${name}"][role="${role}"])`, { visible: true }),
      reads: (pattern) =>
        page.waitForFunction((source) => new RegExp(source).test(document.body.textContent), {}, pattern.source),
    };
    await work({ sandbox, page, cdp, context, url, person, records, secrets: [clientSecret, ...tokens], app });
    assert.deepEqual(trouble, []);
  } finally {
    await context.close();
    await new Promise((resolve) => server.close(resolve));
    sandbox.close();
  }
}

/** Returns a part of a secret that can be found in whatever form the heap has the rest. */
const glimpse = (secret) => secret.slice(-48);

const holds = (text, secret) => text.includes(glimpse(secret));

test("a secret is only in the response that issues it, and the server's secret is nowhere", async () => {
  await withConsole(async ({ sandbox, page, cdp, url, person, records, secrets }) => {
    const log = await networkLog(cdp);
    await page.reload();
    await person.click("Sign in as Ada");
    await person.click("Rotate the credential of GitHub production");
    await person.find("heading", "New credential of GitHub production");
    const value = () =>
      page.$eval("keyturn-secret:last-of-type", ({ shadowRoot }) =>
        shadowRoot.querySelector("output").textContent.trim(),
      );
    assert.match(await value(), /^•+/, "it is masked at first");
    await person.click("Show client secret");
    await person.find("button", "Hide client secret");
    const issued = await value();
    assert.match(issued, /^secret-token:conductorone\.com:v1:/);
    assert.equal(sandbox.requests({ operation: ROTATE }).length, 1);

    const during = await heap(cdp);
    assert.ok(holds(during, issued), "a snapshot finds what the page shows");
    for (const secret of secrets) assert.ok(!holds(during, secret), "a secret of the server is in the page");
    // A second rotation while the first dialog is open would create another secret; there is none.
    await person.click("I stored it");
    await person.reads(/Connectors/);
    // React keeps the previous state, so another person goes on working.
    await person.click("Sign out");
    await person.click("Sign in as Ben");
    await person.reads(/GitHub production/);

    const afterwards = await heap(cdp);
    assert.ok(afterwards.includes("GitHub production"), "it is a snapshot of this page");
    for (const secret of [issued, ...secrets])
      assert.ok(!holds(afterwards, secret), "a secret stayed in the page's memory");
    const inCore = await page.evaluate(
      (texts) =>
        globalThis.memories.map((memory) => {
          const text = new TextDecoder("latin1").decode(memory.buffer);
          return [text.includes("must not be a dot segment"), texts.filter((one) => text.includes(one)).length];
        }),
      [issued, ...secrets].map(glimpse),
    );
    assert.deepEqual(inCore, [[true, 0]], "it is the core's memory, and no secret stayed in it");

    const entries = await log();
    const found = entries.filter(({ text }) => holds(text, issued));
    assert.deepEqual(
      found.map(({ event }) => event),
      ["body"],
      "in one answer",
    );
    for (const secret of secrets)
      assert.ok(!entries.some(({ text }) => holds(text, secret)), "a secret of the server went over the network");
    const answers = entries.filter(({ event, url: to }) => event === "responseReceived" && to === `${url}/keyturn`);
    assert.ok(answers.length >= 3);
    for (const { text } of answers) assert.match(text, /"cache-control":"no-store"/);
    const sent = entries.filter(({ event, text }) => event === "requestWillBeSent" && text.includes("/keyturn"));
    for (const { text } of sent) assert.doesNotMatch(text, /"authorization"/i);

    const kept = await page.evaluate(async () => {
      const databases = await indexedDB.databases();
      const caches_ = await caches.keys();
      const { length, state } = history;
      return JSON.stringify([
        { ...localStorage },
        { ...sessionStorage },
        databases,
        caches_,
        length,
        state,
        document.cookie,
        location.href,
        window.name,
        performance.getEntries(),
      ]);
    });
    for (const secret of [issued, ...secrets]) assert.ok(!holds(kept, secret));
    assert.match(kept, /^\[\{\},\{\},\[\],\[\],/, "nothing is stored");
    assert.ok(!holds(JSON.stringify(records), issued));
    assert.deepEqual(
      records.filter(({ operation }) => operation === ROTATE).map(({ status, principal }) => [status, principal.name]),
      [[200, "Ada"]],
    );
  });
});

test("a user without permission gets an error without effect, and an ended session leads to the login", async () => {
  await withConsole(async ({ sandbox, context, person, page, url, records }) => {
    await person.click("Sign in as Ben");
    await person.find("button", "Rotate the credential of GitHub production");
    const names = await page.$$eval("button[aria-label]", (buttons) =>
      buttons.map((button) => button.getAttribute("aria-label")),
    );
    const other = names.find((name) => !name.includes("GitHub"));
    await person.click(other);
    await person.reads(/not allowed with this input.* Outcome: none/);
    assert.equal(sandbox.requests({ operation: ROTATE }).length, 0);
    assert.equal(records.at(-1).reason, "not_permitted");
    // The page itself cannot call another operation, or send anything to the tenant.
    const by = (init) => page.evaluate(async (given) => (await fetch("/keyturn", given)).status, init);
    const body = JSON.stringify({ operation: "c1.api.app.v1.Apps.Delete", input: { id: sandbox.appId } });
    const headers = { "content-type": "application/json", "keyturn-proxy": "1" };
    assert.equal(await by({ method: "POST", headers, body }), 403);
    assert.equal(sandbox.requests({ operation: "apps.delete" }).length, 0);

    await context.deleteCookie(...(await context.cookies()));
    await person.click("Rotate the credential of GitHub production");
    await person.find("heading", "Sign in");
    assert.equal(sandbox.requests({ operation: ROTATE }).length, 0);
    assert.ok((await page.url()).startsWith(url));
  });
});

test("a lost response is reported as unknown, and the tenant got one request", async () => {
  await withConsole(async ({ sandbox, cdp, person }) => {
    await person.click("Sign in as Ada");
    await person.find("button", "Rotate the credential of GitHub production");
    await cdp.send("Fetch.enable", { patterns: [{ urlPattern: "*/keyturn", requestStage: "Response" }] });
    const lost = new Promise((resolve) => {
      cdp.on("Fetch.requestPaused", async ({ requestId }) => {
        await cdp.send("Fetch.failRequest", { requestId, errorReason: "ConnectionReset" });
        resolve();
      });
    });
    await person.click("Rotate the credential of GitHub production");
    await lost;
    await person.reads(/Look for a credential.* Outcome: unknown/);
    assert.equal(sandbox.requests({ operation: ROTATE }).length, 1);
  });
});

test("a page of another origin reaches nothing with a visitor's session", async () => {
  // Another port is another origin but the same site: the cookie is sent, so it is the proxy that refuses.
  const evil = createServer((_request, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Evil</title>"),
  );
  await new Promise((resolve) => evil.listen(0, "127.0.0.1", resolve));
  try {
    await withConsole(async ({ sandbox, context, url, person, records }) => {
      await person.click("Sign in as Ada");
      await person.find("button", "Rotate the credential of GitHub production");
      const before = sandbox.requests().length;
      const page = await context.newPage();
      const port = evil.address().port;
      const { appId, connectorId } = sandbox;
      const body = JSON.stringify({
        operation: "c1.api.app.v1.ConnectorService.RotateCredential",
        input: { appId, connectorId },
      });
      for (const host of ["127.0.0.1", "localhost"]) {
        await page.goto(`http://${host}:${port}/`);
        const outcomes = await page.evaluate(
          async (target, text) => {
            const to = `${target}/keyturn`;
            const attempt = (init) =>
              fetch(to, { method: "POST", credentials: "include", body: text, ...init }).then(
                ({ type, status }) => `${type} ${status}`,
                () => "failed",
              );
            const json = { "content-type": "application/json", "keyturn-proxy": "1" };
            return [
              await attempt({ mode: "no-cors" }),
              await attempt({ mode: "no-cors", headers: { "content-type": "text/plain" } }),
              await attempt({ mode: "no-cors", headers: json }),
              await attempt({ headers: { "content-type": "text/plain" } }),
              await attempt({ headers: json }),
              await attempt({ mode: "no-cors", body: new Blob([text], { type: "application/json" }) }),
              String(navigator.sendBeacon(to, new Blob([text], { type: "text/plain" }))),
            ];
          },
          url,
          body,
        );
        assert.ok(
          outcomes.every((outcome) => /^(failed|opaque 0|true)$/.test(outcome)),
          outcomes.join("; "),
        );
        // A form's text can be made to look like JSON, but its headers cannot.
        await page.evaluate(
          (target, text) => {
            const form = Object.assign(document.createElement("form"), {
              method: "post",
              action: `${target}/keyturn`,
              enctype: "text/plain",
            });
            form.append(Object.assign(document.createElement("input"), { name: text.slice(0, -1), value: '"x":"}' }));
            document.body.append(form);
            form.submit();
          },
          url,
          body,
        );
        await page.waitForFunction((to) => location.href === to, {}, `${url}/keyturn`);
      }
      await page.close();
      assert.equal(sandbox.requests().length, before, "nothing reached the tenant");
      const refused = records.filter(({ reason }) => reason === "cross_site");
      assert.ok(refused.length >= 6, `${refused.length} were refused`);
      // The session is still valid for the page to which it belongs.
      await person.click("Rotate the credential of GitHub production");
      await person.find("heading", "New credential of GitHub production");
    });
  } finally {
    evil.close();
  }
});
