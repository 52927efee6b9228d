// The extension of `examples/extension`, in both browsers: a person logs in and rotates, and the background is stopped in between.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildExtension } from "../examples/extension/build.mjs";
import { CHROMIUM_FLAGS, browser as program } from "../xtask/browsers.mjs";
import { startBrowser } from "./lib/browsers.mjs";
import { installed } from "./lib/installed.mjs";
import { PATIENCE } from "./lib/patience.mjs";
import { startSandbox } from "./lib/sandbox.mjs";
import { tenantAt } from "./lib/tenant.mjs";

const folder = installed();
const scratch = mkdtempSync(join(tmpdir(), "keyturn-extension-"));
const HOSTS = "http://127.0.0.1/*";
const ROTATE = "connector.rotateCredential";
/** The extension's id in Firefox, so that its pages' addresses are known in advance. */
const GECKO_UUID = "6a1f4c1e-6d9d-4d42-9f0a-3a4a3f2f6c11";

let sandbox;
before(async () => {
  const packages = [join(folder, "node_modules")];
  await buildExtension({ outdir: join(scratch, "sandbox"), packages, sandbox: true });
  await buildExtension({ outdir: join(scratch, "released"), packages });
  sandbox = await startSandbox(folder);
});
after(async () => {
  await sandbox.stop();
  rmSync(scratch, { recursive: true, force: true });
});

/** How each browser is started with the extension, and how a host permission is granted. */
const BROWSERS = {
  chromium: {
    async start() {
      const browser = await startBrowser({
        executablePath: program("chromium"),
        headless: true,
        args: CHROMIUM_FLAGS,
        pipe: true,
        protocolTimeout: 60_000,
        enableExtensions: [join(scratch, "sandbox/chromium")],
      });
      const target = await background(browser);
      const { host } = new URL(target.url());
      // Grants the permission on the browser's own page for extensions, so that there is no prompt.
      const consent = await browser.newPage();
      await consent.goto("chrome://extensions");
      await consent.evaluate((id, hosts) => chrome.developerPrivate.addHostPermission(id, hosts), host, HOSTS);
      await consent.close();
      return { browser, panel: `chrome-extension://${host}/panel.html` };
    },
  },
  firefox: {
    async start() {
      const browser = await startBrowser({
        executablePath: program("firefox"),
        browser: "firefox",
        headless: true,
        protocolTimeout: 60_000,
        extraPrefsFirefox: {
          "extensions.webextensions.uuids": JSON.stringify({ "connector-credentials@example.com": GECKO_UUID }),
          // Grants every requested host.
          "extensions.webextOptionalPermissionPrompts": false,
          // The default is half a minute; the tests do not wait that long.
          "extensions.background.idle.timeout": 3_000,
        },
      });
      await browser.installExtension(join(scratch, "sandbox/firefox"));
      return { browser, panel: `moz-extension://${GECKO_UUID}/panel.html` };
    },
  },
};

function background(browser) {
  return browser.waitForTarget((target) => target.type() === "service_worker", { timeout: PATIENCE });
}

/** Waits until a condition holds, and returns its value. */
async function until(what, look, page) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = await look();
    if (found) return found;
  }
  const shown = await page?.evaluate(() => document.body.textContent);
  throw new Error(`waited in vain: ${what}. The panel shows:\n${shown}`);
}

/** Opens the panel. Firefox does not report when a page of an extension has been loaded. */
async function open(page, panel) {
  void page.goto(panel).catch(() => {});
  const loaded = () => page.evaluate((url) => location.href === url && document.readyState === "complete", panel);
  await until("the panel", () => loaded().catch(() => false));
  await page.bringToFront();
}

/** Creates a person at the panel. */
function person(page, tenant) {
  const text = (selector) => page.evaluate((selector) => document.querySelector(selector)?.textContent ?? "", selector);
  /** Uses the mouse, since browsers only ask for a permission while they handle a click. */
  const press = async (label, within = "body") => {
    const { x, y } = await until(
      `a button ${label}`,
      () =>
        page.evaluate(
          (label, within) => {
            const buttons = [...document.querySelectorAll(`${within} button`)];
            const button = buttons.find((one) => one.textContent === label && one.checkVisibility());
            button?.scrollIntoView({ block: "center", behavior: "instant" });
            const { left, top, width, height } = button?.getBoundingClientRect() ?? {};
            return button && { x: left + width / 2, y: top + height / 2 };
          },
          label,
          within,
        ),
      page,
    );
    await page.mouse.click(x, y);
  };
  return {
    text,
    press,
    async logIn(minutes) {
      for (const [name, value] of [
        ["tenant", tenant.url],
        ["clientID", "program"],
        ["minutes", String(minutes)],
      ])
        await page.evaluate(
          (name, value) => {
            document.querySelector("#open").elements[name].value = value;
          },
          name,
          value,
        );
      await press("Work with this tenant");
      await press("Log in");
      const code = await until("a code", () => text("#code strong"), page);
      await tenant.device(code);
      await press("List connectors");
      await until("connectors", () => page.evaluate(() => document.querySelector("#connectors li") !== null), page);
    },
    /** Requests a rotation of the first connector, and waits until the secret is shown. */
    async rotate() {
      const name = `${tenant.appId}/${tenant.connectorId}`;
      await press("Rotate", `[data-name="${name}"]`);
      return until("a secret", () => page.evaluate(() => document.querySelector("article")?.dataset.clientId), page);
    },
    progress: () => text(`[data-name="${tenant.appId}/${tenant.connectorId}"] .progress`),
  };
}

/** Returns everything that the extension stores, as text. */
function kept(page) {
  return page.evaluate(async () => {
    const rows = async ({ name }) => {
      const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const all = [];
      for (const store of database.objectStoreNames)
        all.push(
          await new Promise((resolve) => {
            const request = database.transaction(store).objectStore(store).getAll();
            request.onsuccess = () => resolve(request.result);
          }),
        );
      database.close();
      return all;
    };
    const databases = await Promise.all((await indexedDB.databases()).map(rows));
    return {
      databases: JSON.stringify(databases),
      session: JSON.stringify(await chrome.storage.session.get()),
      local: JSON.stringify(await chrome.storage.local.get()),
      web: JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
    };
  });
}

describe("the manifests", () => {
  for (const name of Object.keys(BROWSERS)) {
    test(`${name}: one tenant at a time, WebAssembly, and nothing for pages`, () => {
      const manifest = JSON.parse(readFileSync(join(scratch, "released", name, "manifest.json"), "utf8"));
      assert.deepEqual(manifest.optional_host_permissions, ["https://*.conductor.one/*"]);
      assert.deepEqual(manifest.content_security_policy, {
        extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'",
      });
      for (const none of ["host_permissions", "content_scripts", "web_accessible_resources", "externally_connectable"])
        assert.equal(manifest[none], undefined, none);
      assert.deepEqual(manifest.permissions.slice(0, 2), ["storage", "alarms"]);
      assert.deepEqual(manifest.permissions.slice(2), name === "chromium" ? ["sidePanel"] : []);
      assert.deepEqual(readdirSync(join(scratch, "released", name)).sort(), [
        "manifest.json",
        "panel.css",
        "panel.html",
        "panel.js",
        "worker.js",
      ]);
    });
  }
});

for (const [name, { start }] of Object.entries(BROWSERS)) {
  describe(name, () => {
    let browser;
    let panel;
    let tenant;
    before(async () => {
      ({ browser, panel } = await start());
      tenant = await tenantAt(sandbox.url);
      tenant.device = async (code) => {
        const body = JSON.stringify({ userCode: code, approve: true });
        const headers = { "content-type": "application/json" };
        const { status } = await fetch(`${sandbox.url}/_sandbox/device`, { method: "POST", headers, body });
        assert.equal(status, 200);
      };
    });
    after(() => browser?.close());

    /** Stops the background as the browser does when it is idle. */
    async function stopBackground() {
      // Firefox has no command for this: it ends the background by itself after the time in the preference above.
      if (name === "firefox") return;
      const { client } = await (await background(browser)).worker();
      const session = await browser.target().createCDPSession();
      const { targetInfos } = await session.send("Target.getTargets");
      const { targetId } = targetInfos.find(({ type }) => type === "service_worker");
      // A worker with an attached debugger may never stop.
      await client.detach();
      await session.send("Target.closeTarget", { targetId });
      await session.detach();
    }

    const issued = async () => (await tenant.requests({ operation: ROTATE })).length;

    test("rotates twice, with the background stopped while the secret is shown and during the grace period", async () => {
      const page = await browser.newPage();
      const errors = [];
      page.on("pageerror", (error) => errors.push(error.message));
      await open(page, panel);
      const { logIn, rotate, press, progress, text } = person(page, tenant);
      await logIn(0.1);

      const first = await rotate();
      assert.match(await text("article"), /Client secret •+/);
      await press("I stored it");
      await until("the end of the first", async () => (await progress()).startsWith(first));
      assert.equal(await issued(), 1);

      const second = await rotate();
      await press("Show", "article");
      const secret = /secret-token:\S+/.exec(await text("article"))[0].replace(/(Show|Hide|Copy).*$/, "");
      // On a slow machine, the browser may already have stopped a worker by itself.
      const workers = () => page.evaluate(() => Number(document.body.dataset.workers));
      const met = await workers();
      await stopBackground();
      // The panel reconnects to another worker, which gets the pair from it.
      if (name === "chromium") await until("another worker", async () => (await workers()) > met, page);
      await press("I stored it");
      await until("the time of both", async () => (await progress()).startsWith("grace"));
      assert.equal(await issued(), 2);
      for (const [place, all] of Object.entries(await kept(page))) {
        assert.ok(!all.includes("secret-token:") && !all.includes(secret.slice(-20)), `${place} has no secret`);
        assert.equal(all.includes("Bearer "), place === "session", `${place}: tokens are in memory alone`);
      }
      assert.equal((await kept(page)).local, "{}");
      await page.close();
      await stopBackground();

      // No panel is open: the alarm wakes the background.
      const ended = async () => (await tenant.requests({ operation: "connector.revokeCredential" })).length === 1;
      await until("the old one's end", ended);
      const later = await browser.newPage();
      await open(later, panel);
      await until("the end of the second", async () => (await person(later, tenant).progress()).startsWith(second));
      assert.equal(await issued(), 2);
      assert.deepEqual(errors, []);
    });
  });
}
