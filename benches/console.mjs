/**
 * `node benches/console.mjs [--targets 500 --targets 5000] [--slowed 4] [--rounds 1] [--profile FOLDER]`: measures the
 * console over a sandbox with many targets, in Chromium with a throttled CPU. Prints when the page is first painted,
 * when its table responds to a click, when all targets are listed, the longest task until then, how long each
 * interaction of a session takes until the next paint (Event Timing), and how many elements the document has. Fails if
 * an interaction takes longer than 200 ms. `--profile` writes CPU profiles of the loading and of the session, for
 * Chromium's developer tools.
 */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { launch } from "../tests/lib/browsers.mjs";
import { fillConsole, keepCredentials } from "../tests/lib/many-targets.mjs";
import { serveConsole } from "../www/server.mjs";
import { CHROMIUM_FLAGS } from "../xtask/browsers.mjs";

const { values } = parseArgs({
  options: {
    targets: { type: "string", multiple: true, default: ["500", "5000"] },
    slowed: { type: "string", default: "4" },
    rounds: { type: "string", default: "1" },
    profile: { type: "string" },
  },
});
const SLOWED = Number(values.slowed);
const ROUNDS = Number(values.rounds);

/** The longest that an interaction may take, in milliseconds: the limit of what web.dev calls good. */
const LIMIT = 200;

const rows = [];
const steps = {};
// Tests disable smooth scrolling, so that a key scrolls at once. Here it is enabled, as it is for people.
const browser = await launch("chromium", {
  flags: CHROMIUM_FLAGS.filter((flag) => flag !== "--disable-smooth-scrolling"),
});
try {
  for (const targets of values.targets.map(Number)) await measure(targets);
} finally {
  await browser.close();
}
console.log(`the console on a processor that is ${SLOWED} times slower, in milliseconds`);
console.table(rows);
console.log("the slowest interaction of each step");
console.table(steps);
process.exitCode = rows.some((row) => row.INP > LIMIT) ? 1 : 0;

async function measure(targets) {
  const server = await serveConsole();
  const context = await browser.createBrowserContext();
  try {
    fillConsole(server.sandbox, targets);
    await keepCredentials(await context.newPage(), server);
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    await page.setViewport({ width: 1280, height: 900 });
    const cdp = await page.createCDPSession();
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWED });
    await page.evaluateOnNewDocument(observe);
    if (values.profile) {
      await cdp.send("Profiler.enable");
      await cdp.send("Profiler.setSamplingInterval", { interval: 500 });
      await cdp.send("Profiler.start");
    }
    const profile = async (name) => {
      if (!values.profile) return;
      const { profile } = await cdp.send("Profiler.stop");
      await mkdir(values.profile, { recursive: true });
      await writeFile(join(values.profile, `${name}-${targets}.cpuprofile`), JSON.stringify(profile));
    };
    await page.goto(server.url);
    const pick = await page.waitForFunction(() => globalThis.table()?.querySelector("tbody input"));
    await pick.click();
    await page.waitForFunction(() => globalThis.table().querySelector("tr[data-selected]"));
    const interactive = await page.evaluate(() => performance.now());
    await page.waitForFunction((all) => globalThis.listed() === all, {}, targets);
    const listed = await page.evaluate(() => performance.now());
    await idle(page);
    const { paint, task } = await page.evaluate(() => ({
      paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
      task: Math.max(0, ...globalThis.tasks),
    }));
    await profile("load");
    if (values.profile) await cdp.send("Profiler.start");
    const figures = await sessions(page, cdp);
    await profile("session");
    rows.push({
      targets,
      "first contentful paint": Math.round(paint),
      interactive: Math.round(interactive),
      "all listed": Math.round(listed),
      "longest task": Math.round(task),
      INP: Math.max(...Object.values(figures).map(({ took }) => took)),
      elements: await page.evaluate(() => globalThis.elements()),
    });
    for (const [step, { took, worked }] of Object.entries(figures))
      Object.assign((steps[step] ??= {}), {
        [`${targets}: until the next paint`]: took,
        [`${targets}: processor`]: worked,
      });
  } finally {
    await context.close();
    await server.close();
  }
}

/** Records long tasks and interactions. Runs in the page before any other script. */
function observe() {
  const watch = (type, take, options) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...options });
  globalThis.tasks = [];
  globalThis.interactions = [];
  watch("longtask", ({ duration }) => globalThis.tasks.push(duration));
  watch(
    "event",
    ({ name, duration, startTime, interactionId }) => {
      if (interactionId) globalThis.interactions.push({ name, duration, startTime });
    },
    { durationThreshold: 16 },
  );
  const overview = () => document.querySelector("keyturn-console")?.shadowRoot?.querySelector("keyturn-overview");
  globalThis.table = () => overview()?.shadowRoot?.querySelector("keyturn-credentials")?.shadowRoot;
  /** Returns the number of rows in the table once everything has loaded. */
  globalThis.listed = () => (overview()?.estate.loading ? undefined : globalThis.table()?.host.rows.length);
  globalThis.elements = () => {
    const count = (node) =>
      [...node.querySelectorAll("*")].reduce(
        (sum, { shadowRoot }) => sum + 1 + (shadowRoot ? count(shadowRoot) : 0),
        0,
      );
    return count(document);
  };
}

/** Waits until the page has painted and is idle. */
function idle(page) {
  return page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestIdleCallback(() => setTimeout(done, 100)))),
  );
}

/**
 * Repeats the session for the given number of rounds and returns two figures for each step: the time until the next
 * paint and the CPU time. Each interaction counts with its fastest round, and each step with its slowest interaction.
 * On a busy machine, the time until the next paint includes waiting for a processor.
 */
async function sessions(page, cdp) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await session(page, cdp));
  const figures = {};
  for (const [at, { step }] of rounds[0].entries()) {
    const most = (figures[step] ??= { took: 0, worked: 0 });
    for (const figure of Object.keys(most))
      most[figure] = Math.max(most[figure], Math.min(...rounds.map((round) => round[at][figure])));
  }
  return figures;
}

/** Uses the overview as people do, and leaves it as it was. Returns the times of each interaction. */
async function session(page, cdp) {
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => {
    const { metrics } = await cdp.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  };
  const acts = [];
  let step;
  const act = async (work) => {
    const [from, before] = [await page.evaluate(() => performance.now()), await busy()];
    await work();
    await idle(page);
    acts.push({ step, from, worked: Math.round((await busy()) - before) });
  };
  const find = (selector) => page.waitForSelector(`:root >>> ${selector}`, { visible: true });
  const click = async (selector) => {
    const element = await find(selector);
    await act(() => element.click());
  };
  const keys = async (...names) => {
    for (const name of names) await act(() => page.keyboard.press(name));
  };

  step = "sort";
  for (const column of ["target", "target", "group", "state", "expires", "used", "owner"])
    await click(`thead th.${column} button`);
  step = "search";
  await click("input[type=search]");
  await keys(..."connector 49", ...Array(5).fill("Backspace"));
  await act(() => page.keyboard.type("or 7", { delay: 30 }));
  await keys(...Array(11).fill("Backspace"));
  step = "filter";
  for (const at of [2, 3, 4, 1]) await click(`keyturn-counters:not([compact]) >>> button:nth-child(${at})`);
  step = "scroll";
  await (await find(".scroller")).focus();
  await keys("PageDown", "PageDown", "End", "PageUp", "Home");
  await (await find(".scroller tbody tr:nth-child(3)")).hover();
  for (let turn = 0; turn < 10; turn++) await page.mouse.wheel({ deltaY: 2_000 });
  await idle(page);
  await (await find(".scroller")).focus();
  await keys("Home");
  await page.waitForFunction(() => globalThis.table().querySelector(".scroller").scrollTop === 0);
  step = "select";
  for (const at of [1, 2]) await click(`tbody tr:nth-child(${at}) input[type=checkbox]`);
  await click("thead input[type=checkbox]");
  await click("thead input[type=checkbox]");
  step = "columns";
  await click("details summary");
  for (const at of [2, 6, 10, 10, 6, 2]) await click(`.choices label:nth-child(${at})`);
  await keys("Escape");
  step = "timeline";
  await page.evaluate(() => scrollTo(0, 0));
  await (await find("[part=lanes]")).focus();
  await keys("+", "+", "ArrowRight", "ArrowLeft", "-", "-", "-", "+", "Home");
  await click("[aria-label='Next targets']");
  await click("[aria-label='Previous targets']");
  for (let turn = 0; turn < 2; turn++) await click("keyturn-timeline >>> button[aria-pressed]");

  // The browser reports an interaction some time after it has been painted.
  await page.evaluate(() => new Promise((done) => setTimeout(done, 1_000)));
  const interactions = await page.evaluate(() => globalThis.interactions);
  return acts.map(({ from, ...known }, at) => {
    const to = acts[at + 1]?.from ?? Number.POSITIVE_INFINITY;
    const within = interactions.filter(({ startTime }) => startTime >= from && startTime < to);
    return { ...known, took: Math.max(0, ...within.map(({ duration }) => duration)) };
  });
}
