// `keyturn console`: a page that rotates the targets in `keyturn.json`, with the command line's own journal.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { strays, tooWide } from "../console/mirrored.mjs";
import { Person, pause } from "../console/person.mjs";
import { launch } from "../lib/browsers.mjs";
import { run, scratch, setOn, start, tenant, writeProject } from "../lib/cli.mjs";
import { PATIENCE } from "../lib/patience.mjs";

const HOUR = 3_600_000;

/** Each view: its address, a text that it shows once it is complete, and its element. */
const VIEWS = [
  ["#/", /Age of the credentials in use/, "keyturn-served-overview"],
  ["#/targets/github-production", /holds a credential of this target/, "keyturn-served-target"],
  ["#/rotate/github-production", /Rotate credential/, "keyturn-rotate"],
  ["#/jobs", /There is no job in progress/, "keyturn-jobs"],
  ["#/apps", /\d found/, "keyturn-served-discover"],
  ["#/targets/nobody", /There is no such target/, "keyturn-served-target"],
];

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe("keyturn console", () => {
  const cwd = scratch("console");
  let sandbox;
  let env;
  let served;
  let browser;
  /** Child processes, so that those that a failed test leaves behind are ended too. */
  const children = [];
  before(async () => {
    sandbox = await tenant();
    ({ env } = sandbox);
    writeProject(cwd, sandbox);
    served = await console();
    browser = await launch("chromium");
  });
  after(async () => {
    await browser?.close();
    served.child.kill("SIGTERM");
    assert.equal((await served.done).status, 0, "it ends as it was asked to");
    for (const child of children) child.kill("SIGKILL");
    await sandbox.stop();
    rmSync(cwd, { recursive: true });
  });

  /** Starts the command, and reads its first line. */
  async function console() {
    const { child, done } = start(["console", "--json"], { cwd, env });
    children.push(child);
    const line = await new Promise((resolve, reject) => {
      child.stdout.once("data", resolve);
      done.then(({ stderr }) => reject(new Error(stderr)), reject);
    });
    return { child, done, ...JSON.parse(line) };
  }
  const keyturn = async (args) => JSON.parse((await run([...args, "-o", "json"], { cwd, env })).stdout);
  const secrets = () => [
    env.CONDUCTORONE_CLIENT_SECRET,
    env.COMMERCELAYER_CLIENT_SECRET,
    /BATON_CLIENT_SECRET=(\S+)/.exec(readFileSync(join(cwd, "github.env"), "utf8"))[1],
  ];
  /** Starts another console, and opens it as a person. */
  async function again() {
    const next = await console();
    const person = await open(next.link);
    const servers = async () => {
      assert.deepEqual(person.trouble, []);
      await person.close();
      next.child.kill("SIGTERM");
      await next.done;
    };
    return { servers, person };
  }
  async function open(link, more) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.setViewport({ width: 1280, height: 900, ...more });
    const person = new Person(page, { url: new URL(link).origin });
    person.close = () => context.close();
    await page.goto(link);
    return person;
  }

  const go = (person, hash) =>
    person.page.evaluate((to) => {
      location.hash = to;
    }, hash);
  /** Waits until a predicate of the command line's status of all targets holds. */
  async function stands(isSo) {
    for (;;) {
      const statuses = await keyturn(["status"]);
      if (isSo(Object.fromEntries(statuses.map((one) => [one.target, one])))) return;
      await pause(100);
    }
  }

  test("its link works once, and the token does not stay in the address", async () => {
    const person = await open(served.link);
    await person.reads(/github-production/);
    assert.equal(person.page.url(), `${served.url}/#/`);
    await person.page.reload();
    await person.reads(/github-production/);
    const other = await open(served.link);
    await other.reads(/This page has no session/);
    await other.close();
    await person.close();
    assert.deepEqual(person.trouble, []);
  });

  test("a page rotates, the command line sees it, and no secret is on the page", async () => {
    const again = await console();
    served.child.kill("SIGTERM");
    await served.done;
    served = again;
    const answers = [];
    const person = await open(served.link);
    person.page.on("response", (response) => answers.push(response.text().catch(() => "")));
    await person.reads(/What needs attention/);
    await person.click("link", "github-production");
    await person.reads(/The journal has no events for this target yet/);
    await person.click("link", "Rotate");
    await person.click("button", "Create credential");
    await person.reads(/The credential is stored/);
    const [status] = await keyturn(["status", "github-production"]);
    assert.equal(readFileSync(join(cwd, "github.env"), "utf8").includes(status.current.clientId), true);
    const reopen = async () => {
      await person.click("link", "← All targets");
      await person.click("link", "github-production");
      await person.reads(/holds a credential of this target/);
      await person.clickEither("link", "Continue the rotation", "Rotate");
    };
    await reopen();
    // The policy of this target requires no approval.
    await person.reads(/stays valid for 1 day\. After that, it ends automatically/);
    await person.click("button", "Rotate credential");
    await person.reads(/Both credentials work/);
    assert.equal((await keyturn(["status", "github-production"]))[0].phase, "grace");
    // The command line finishes what the page started, and the page shows it.
    await setOn(sandbox.url, 25 * HOUR);
    env.KEYTURN_NOW = new Date(Date.now() + 25 * HOUR).toISOString();
    await keyturn(["advance"]);
    const [{ progress }] = await keyturn(["status", "github-production"]);
    assert.deepEqual([progress.state, progress.last], ["idle", "done"]);
    await reopen();
    await person.reads(/Rotate credential/);
    const client = await person.page.createCDPSession();
    const { result } = await client.send("Runtime.evaluate", {
      expression:
        "JSON.stringify([document.documentElement.innerHTML, { ...localStorage }, { ...sessionStorage }, location.href])",
    });
    const all = [result.value, await person.text(), ...(await Promise.all(answers)), ...person.console].join("\n");
    for (const secret of secrets()) assert.equal(all.includes(secret), false);
    assert.deepEqual(person.trouble, []);
    const { broken } = (await keyturn(["journal", "verify"]))[0];
    assert.equal(broken ?? undefined, undefined);
    await person.close();
  });

  test("what `keyturn rotate` refuses is refused to the page, and what it replaces is replaced", async () => {
    const path = join(cwd, "keyturn.json");
    const before = readFileSync(path, "utf8");
    const config = JSON.parse(before);
    config.targets["github-production"].sinks[0].path = "./nowhere/to/be/found.env";
    writeFileSync(path, JSON.stringify({ ...config, journal: "./another-journal" }));
    const { url, link, child, done } = await console();
    writeFileSync(path, before);
    const post = async (what, body, session = "") => {
      const headers = { "content-type": "application/json", origin: url, "x-keyturn-session": session };
      const response = await fetch(`${url}/_keyturn/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
      return response.json();
    };
    const { session } = await post("session", { token: new URL(link).hash.slice(7) });
    const call = (name, ...args) => post(`lifecycle/${name}`, args, session);
    const { value } = await call("plan", ["github-production", "order-export"]);
    const why = /nowhere\/to\/be is not a folder, so nothing was issued/;
    assert.match(value[0].refusal, why);
    // The only credential left that `keyturn.json` names.
    assert.deepEqual([value[1].old.id, value[1].refusal], [sandbox.credential, undefined]);
    const { error } = await call("rotate", "github-production");
    assert.deepEqual([error.code, error.outcome], ["lifecycle_stopped", "none"]);
    assert.match(error.message, why);
    assert.equal((await call("rotate", "order-export")).value.state, "waiting");
    const statuses = (await call("status")).value;
    assert.deepEqual(
      statuses.map(({ sequence, current }) => [sequence > 0, current?.id]),
      [
        [false, undefined],
        [true, sandbox.credential],
      ],
    );
    child.kill("SIGTERM");
    await done;
  });

  test("what nobody rotates yet is found, with the entry to paste, and the page says when the file has changed", async () => {
    const { servers, person } = await again();
    await person.click("link", "Add targets");
    await person.reads(/\d+ found/);
    await person.reads(/GitHub archive/);
    const words = await person.text();
    assert.doesNotMatch(words, /order-export/);
    await person.click("searchbox", "Search");
    await person.type("okta preview");
    await person.click("checkbox", "Okta / Okta preview c1-connector");
    await person.reads(/For keyturn\.json/);
    const entries = await person.page.evaluate(
      () =>
        document
          .querySelector("keyturn-served")
          .shadowRoot.querySelector("keyturn-served-discover")
          .shadowRoot.querySelector("pre").textContent,
    );
    const path = join(cwd, "keyturn.json");
    const before = readFileSync(path, "utf8");
    // Pasted at the place that the page names, the entries make a valid file.
    writeFileSync(path, before.replace('"targets": {', `"targets": {\n${entries},`));
    const names = (await keyturn(["status"])).map(({ target }) => target);
    assert.deepEqual(names, ["okta-preview", "github-production", "order-export"]);
    await person.click("link", "Overview");
    await person.reads(/keyturn\.json has changed since this server read it/);
    writeFileSync(path, before);
    await person.reads(/^(?![^]*has changed since)/);
    await servers();
  });

  test("many are rotated together: what would change, the first, the others, and no more after a failure", async () => {
    const path = join(cwd, "keyturn.json");
    const before = readFileSync(path, "utf8");
    await keyturn(["init", "--all"]);
    const config = JSON.parse(readFileSync(path, "utf8"));
    const connectors = Object.keys(config.targets).filter((name) => config.targets[name].kind === "c1-connector");
    const [first, second, broken, never] = connectors.filter((name) => name !== "github-production");
    const chosen = [first, second, broken, never];
    config.targets[broken].sinks = [{ kind: "env-file", path: "./nowhere/to/be/found.env" }];
    config.targets = Object.fromEntries(chosen.map((name) => [name, config.targets[name]]));
    writeFileSync(path, JSON.stringify(config));
    const { servers, person } = await again();
    await person.reads(/4 targets/);
    await person.click("checkbox", "Select all shown targets");
    await person.click("button", "Rotate 4 together");
    // The dry run: nothing has been started.
    await person.reads(new RegExp(`It is written to file:\\./${first}\\.env`));
    await person.reads(/No credential is known, so none ends/);
    await person.reads(/nowhere\/to\/be is not a folder, so nothing was issued/);
    await stands((all) => chosen.every((name) => all[name].sequence === 0));
    const order = await person.page.evaluate(() =>
      [
        ...document
          .querySelector("keyturn-served")
          .shadowRoot.querySelector("keyturn-jobs")
          .shadowRoot.querySelectorAll("tbody bdi"),
      ].map((one) => one.textContent),
    );
    const names = order.filter((name) => chosen.includes(name));
    await person.click("button", "Start with 1 target");
    await person.reads(/The first ones are stored|Stopped: too many failed/);
    // The canary is the first of the list; no other target was touched.
    await stands((all) => names.slice(1).every((name) => all[name].sequence === 0));
    const isBroken = names.indexOf(broken);
    if (isBroken > 0) await person.click("button", "They work: continue with the others");
    await person.reads(/Stopped: too many failed/);
    await stands(
      (all) =>
        names.slice(0, isBroken).every((name) => all[name].current !== undefined && all[name].phase === undefined) &&
        names.slice(isBroken).every((name) => all[name].sequence === 0),
    );
    // After a reload, the job is still there and says why it stopped.
    await person.page.reload();
    await person.reads(/Stopped: too many failed/);
    await servers();
    writeFileSync(path, before);
  });

  test("axe finds nothing, in light and dark, wide and narrow", async () => {
    const again = await console();
    for (const [scheme, width] of [
      ["light", 1280],
      ["dark", 1280],
      ["light", 320],
    ]) {
      const next = scheme === "light" && width === 1280 ? again : await console();
      const person = await open(next.link, { width });
      await person.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await person.reads(/github-production/);
      for (const [hash, sign] of VIEWS) {
        await go(person, hash);
        await person.reads(sign);
        await person.page.evaluate(axe);
        const { violations } = await person.page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
        assert.deepEqual(
          violations.map(
            ({ id, nodes }) => `${scheme} ${width} ${hash} ${id}: ${nodes.map(({ html }) => html).join(" ")}`,
          ),
          [],
        );
        const wide = await person.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${hash} is ${wide} px too wide at ${width}`);
      }
      await person.close();
      next.child.kill("SIGTERM");
      await next.done;
    }
  });

  test("is in German, and mirrored in right-to-left languages, without untranslated texts", async () => {
    for (const [lang, direction, findings] of [
      ["de", "ltr", /Was Aufmerksamkeit braucht/],
      ["en-XB", "rtl", /What needs attention/],
    ]) {
      const next = await console();
      const person = await open(next.link.replace("/#", `/?lang=${lang}#`), { width: 320 });
      await person.reads(/github-production/);
      await person.reads(findings);
      for (const [hash, , element] of VIEWS) {
        await go(person, hash);
        await person.page.waitForFunction(
          (element) => document.querySelector("keyturn-served").shadowRoot.querySelector(element),
          {},
          element,
        );
        await pause(300);
        const found = await person.page.evaluate(tooWide);
        if (direction === "rtl") found.push(...(await person.page.evaluate(strays)));
        assert.deepEqual(found, [], `${lang} ${hash}`);
      }
      assert.equal(await person.page.evaluate(() => document.documentElement.dir), direction);
      await person.close();
      next.child.kill("SIGTERM");
      await next.done;
    }
  });

  test("requests without a session or from elsewhere get nothing", async () => {
    const { url } = served;
    const json = { "content-type": "application/json", origin: url };
    const send = (path, headers = {}, body = "[]", method = "POST") =>
      fetch(url + path, { method, headers: { ...json, ...headers }, ...(method === "POST" ? { body } : {}) });
    const token = JSON.stringify({ token: new URL(served.link).hash.slice(7) });
    const table = [
      [401, send("/_keyturn/lifecycle/status")],
      [401, send("/_keyturn/lifecycle/rotate", { "x-keyturn-session": "guess" }, '["github-production"]')],
      [403, send("/_keyturn/lifecycle/status", { origin: "http://evil.test" })],
      [403, send("/_keyturn/lifecycle/status", { "sec-fetch-site": "cross-site" })],
      [403, send("/_keyturn/session", { origin: "http://evil.test" }, token)],
      [403, send("/_keyturn/session", {}, token)],
      [403, send("/_keyturn/session", {}, '{"token":"guess"}')],
      [403, send("/_keyturn/session", {}, "{}")],
      [403, send("/_keyturn/session", {}, JSON.stringify({ token: "x".repeat(5000) }))],
      [401, send("/_keyturn/about", {}, undefined, "GET")],
      [401, send("/_keyturn/discover")],
      [401, send("/_keyturn/discover", { "x-keyturn-session": "guess" })],
      [403, send("/_keyturn/discover", { origin: "http://evil.test" })],
      [403, send("/_keyturn/discover", { origin: "null" })],
      [405, send("/_keyturn/discover", {}, undefined, "GET")],
      [404, send("/..%2f..%2fpackage.json", {}, undefined, "GET")],
      [404, send("/cli.js", {}, undefined, "GET")],
      [404, send("/.hidden", {}, undefined, "GET")],
      [405, send("/index.html")],
    ];
    for (const [index, [status, response]] of table.entries()) {
      const answer = await response;
      assert.equal(answer.status, status, `${index}`);
      assert.equal((await answer.text()).includes("github-production"), false);
    }
    // A foreign host name that resolves to this server. `fetch` does not allow setting it.
    const { request } = await import("node:http");
    const answered = await new Promise((resolve) =>
      request(url, { headers: { host: "evil.test" } }, ({ statusCode }) => resolve(statusCode)).end(),
    );
    assert.equal(answered, 421);
  });
});
