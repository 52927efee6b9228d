// Takes screenshots of each state of the console, for people to look at:
// `node tests/console/screenshots.mjs [--folder DIR] [--look NAME,...] [WAY ...]`. The ways are the tours that axe
// takes as well, the playground, and the page of `keyturn console`.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../../xtask/steps.mjs";
import { launch } from "../lib/browsers.mjs";
import { scratch, start, tenant, writeProject } from "../lib/cli.mjs";
import { PATIENCE } from "../lib/patience.mjs";
import { serveFolder } from "../lib/static.mjs";
import { LOOKS as CHECKED, look } from "./looks.mjs";
import { closeBrowser, lookUpExamples, Person, painted, withBrowse } from "./person.mjs";
import { BROWSE, OVERVIEW, PROVISIONING } from "./tours.mjs";

/** The looks that tests check, and more for screenshots: a phone, and other languages, one of which is mirrored. */
const LOOKS = {
  ...CHECKED,
  phone: { width: 400, scheme: "light" },
  german: { width: 1280, scheme: "light", language: "de" },
  "german-narrow": { width: 320, scheme: "light", language: "de" },
  mirrored: { width: 1280, scheme: "light", language: "en-XB" },
  "mirrored-narrow": { width: 320, scheme: "light", language: "en-XB" },
};

const { values, positionals } = parseArgs({
  options: { folder: { type: "string" }, look: { type: "string", default: "light,dark,narrow" } },
  allowPositionals: true,
});
const folder = values.folder ?? mkdtempSync(join(tmpdir(), "keyturn-screenshots-"));
const looks = values.look.split(",");

/**
 * Chooses a language as a person does in the header, even one that is not offered there. Pages without a choice stay as
 * they are.
 */
async function speak(page, language) {
  await page.evaluate((language) => {
    const visit = (node) => [node, ...[...(node.shadowRoot ?? node).children].flatMap(visit)];
    const select = visit(document.body).find((node) => node.matches("select.language"));
    if (!select) return;
    const option = new Option(language, language);
    select.append(option);
    select.value = language;
    select.dispatchEvent(new Event("change"));
    option.remove();
  }, language);
  const spoken = () => page.evaluate(() => document.documentElement.lang);
  for (let tries = 0; tries < 50 && (await spoken()) !== language; tries++)
    await new Promise((later) => setTimeout(later, 50));
  await painted(page);
}

/** Returns a function that takes screenshots of a page in each look, under the name of its state. */
async function camera(page, way) {
  const session = await page.createCDPSession();
  await look(session, page, LOOKS.light);
  let number = 0;
  return async (state) => {
    number++;
    for (const name of looks) {
      await look(session, page, LOOKS[name]);
      if (LOOKS[name].language) await speak(page, LOOKS[name].language);
      const file = `${way}-${String(number).padStart(2, "0")}-${state.replaceAll(/\W+/g, "-")}-${name}.png`;
      await page.screenshot({ path: join(folder, file), fullPage: true });
      if (LOOKS[name].language) await speak(page, "en");
    }
    await look(session, page, LOOKS.light);
  };
}

/** Takes a tour of the console with its sandbox. */
const guided =
  ({ guide }) =>
  (way) =>
    withBrowse({}, async (person) => guide(person, await camera(person.page, way)));

/** Runs `work` with a page in a separate browser. */
async function withPage(url, work) {
  const browser = await launch("chromium");
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.setViewport({ width: 1280, height: 900 });
    const person = new Person(page, { url: new URL(url).origin });
    await page.goto(url);
    await work(person);
  } finally {
    await browser.close();
  }
}

async function playground(way) {
  const server = await serveFolder(join(root, "www/dist/playground"));
  try {
    await withPage(`${server.url}/`, async (person) => {
      const seen = await camera(person.page, way);
      await person.page.waitForFunction(
        () =>
          document.querySelector("keyturn-playground")?.shadowRoot.querySelector("button.primary").disabled === false,
      );
      await seen("a program");
      await person.click("button", "Run");
      await person.reads(/Ended|Done/);
      await seen("a program that has run");
    });
  } finally {
    await server.close();
  }
}

async function served(way) {
  const cwd = scratch("screenshots");
  const sandbox = await tenant();
  writeProject(cwd, sandbox);
  const { child, done } = start(["console", "--json"], { cwd, env: sandbox.env });
  try {
    const line = await new Promise((resolve, reject) => {
      child.stdout.once("data", resolve);
      done.then(({ stderr }) => reject(new Error(stderr)), reject);
    });
    const { link, url } = JSON.parse(line);
    await withPage(link, async (person) => {
      const seen = await camera(person.page, way);
      await person.reads(/github-production/);
      await seen("all targets");
      await person.click("link", "github-production");
      await person.reads(/The journal has no events for this target yet/);
      await seen("a target's page");
      await person.click("link", "Rotate");
      await person.find("heading", "Create credential");
      await seen("a plan");
      await person.click("button", "Create credential");
      await person.reads(/The credential is stored/);
      await seen("stored");
      await person.click("link", "Facts");
      await person.reads(/holds a credential of this target/);
      await seen("a target's page afterwards");
      await person.click("link", "← All targets");
      await person.reads(/github-production/);
      await seen("all targets afterwards");
      await person.page.evaluate(() => {
        location.hash = "#/targets/nobody";
      });
      await person.reads(/There is no such target/);
      await seen("no such target");
    });
    await withPage(`${url}/`, async (person) => {
      const seen = await camera(person.page, `${way}-closed`);
      await person.reads(/This page has no session/);
      await seen("no session");
    });
  } finally {
    child.kill("SIGTERM");
    await done;
    await sandbox.stop();
    rmSync(cwd, { recursive: true });
  }
}

/** A job with each of its outcomes, among targets of which some have the same name. */
const jobs = guided({
  guide: async (person, seen) => {
    const { sandbox } = person;
    await person.page.evaluate(() => (location.hash = "#/"));
    await person.find("heading", "Overview");
    await lookUpExamples(person);
    for (const name of ["ERP sync (Live)", "ERP sync (Test)", "AWS account 1"]) {
      await person.click("searchbox", "Search");
      await person.page.$eval("::-p-aria(Search)", (input) => input.select());
      await person.type(name.replace(/ \(.*/, ""));
      await person.click("checkbox", `Select ${name}`);
    }
    await seen("targets that are selected");
    await person.click("button", "Rotate 3 together");
    await person.click("button", "Start with 1 target");
    await person.reads(/To be stored/);
    await person.click("link", /^Store/);
    await person.find("heading", "Store the new credential");
    await person.click("checkbox", "I stored the client ID and the secret");
    await person.click("button", "Continue");
    await person.find("heading", "Both credentials work");
    await person.click("button", "Close");
    await person.reads(/The first ones are stored/);
    await seen("a job whose first target is stored");
    sandbox.fault({ operation: "*", times: "always", action: { status: 403 } });
    await person.click("button", "They work: continue with the others");
    await person.reads(/Stopped: too many failed/);
    await seen("a job that has stopped");
    await person.page.evaluate(() => (location.hash = "#/"));
    await person.find("heading", "Overview");
    await person.click("checkbox", "Select Okta");
    await seen("a target to add to a job");
  },
});

const WAYS = {
  overview: guided(OVERVIEW),
  browse: guided(BROWSE),
  commercelayer: guided(PROVISIONING),
  jobs,
  playground,
  served,
};

for (const name of positionals) if (!(name in WAYS)) throw new Error(`${name} is none of ${Object.keys(WAYS)}`);
for (const name of looks) if (!(name in LOOKS)) throw new Error(`${name} is none of ${Object.keys(LOOKS)}`);
mkdirSync(folder, { recursive: true });
for (const [way, go] of Object.entries(WAYS)) if (positionals.length === 0 || positionals.includes(way)) await go(way);
await closeBrowser();
process.stdout.write(`${folder}\n`);
