// Runs the conformance suites against the installed package: `node tests/run.mjs [RUNTIME...] [--filter TEXT]`.
// The runtimes are esm, cjs (both in this Node), deno, bun, workerd, chromium and firefox; all of them if none is named.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { root } from "../xtask/steps.mjs";
import { installed } from "./lib/installed.mjs";
import { program } from "./lib/runtimes.mjs";
import { startSandbox } from "./lib/sandbox.mjs";
import { runSuites } from "./lib/suite.mjs";

const SUITES = readdirSync(join(root, "tests/conformance"))
  .filter((name) => name.endsWith(".mjs"))
  .map((name) => name.slice(0, -4));

/** How each runtime runs the suites, given where the package is installed, a sandbox's URL and a filter. */
const RUNTIMES = {
  esm: async (folder, url, filter) =>
    runHere("esm", await import(pathToFileURL(join(folder, "load.mjs")).href), url, filter),
  cjs: async (folder, url, filter) =>
    runHere("cjs", createRequire(join(folder, "load.cjs"))("./load.cjs"), url, filter),
  // Without permission to read the environment: a program that passes options does not need it.
  deno: (folder, url, filter) =>
    runProgram(
      "deno",
      ["run", "--no-prompt", "--no-lock", `--allow-net=${new URL(url).host}`, `--allow-read=${folder},${root}`],
      folder,
      url,
      filter,
    ),
  bun: (folder, url, filter) => runProgram("bun", ["run"], folder, url, filter),
  workerd: runInWorker,
  chromium: (folder, url, filter) => runInBrowser("chromium", folder, url, filter),
  firefox: (folder, url, filter) => runInBrowser("firefox", folder, url, filter),
};

async function runHere(runtime, entries, url, filter) {
  const load = (path) => readFile(join(root, path), "utf8");
  const suites = {};
  for (const name of SUITES) suites[name] = (await import(`./conformance/${name}.mjs`)).default;
  return runSuites(suites, { ...entries, runtime, url, load }, filter);
}

/** Runs the suites in a separate program, which writes one result per line. */
async function runProgram(runtime, args, folder, url, filter) {
  const task = JSON.stringify({ runtime, folder, names: SUITES, url, filter });
  // The current folder is that of the installation, so that no settings of the repository are found.
  const child = spawn(program(runtime), [...args, join(root, "tests/lib/in-program.mjs"), task], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const results = [];
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith("{")) results.push(JSON.parse(line));
    else console.log(line);
  }
  const [code, signal] = await ended;
  if (code !== 0) results.push({ name: "the program", ms: 0, error: `${runtime} ended with ${code ?? signal}` });
  return results;
}

async function runInWorker(folder, url, filter) {
  const { startWorker } = await import("./lib/worker.mjs");
  const suites = SUITES.map((name) => `export { default as ${name} } from "./tests/conformance/${name}.mjs";`).join(
    "\n",
  );
  const modules = {
    suites: 'import * as suites from "all suites"; export default { ...suites };',
    "all suites": suites,
  };
  const worker = await startWorker(folder, { file: join(root, "tests/lib/in-worker.mjs") }, modules);
  try {
    const answer = await fetch(worker.url, { method: "POST", body: JSON.stringify({ url, filter }) });
    if (!answer.ok) throw new Error(`the Worker answered ${answer.status}: ${await answer.text()}`);
    return await answer.json();
  } finally {
    await worker.stop();
  }
}

async function runInBrowser(name, folder, sandbox, filter) {
  const { launch } = await import("./lib/browsers.mjs");
  const { servePage } = await import("./lib/page.mjs");
  const browser = await launch(name);
  const page = await servePage(folder, sandbox);
  try {
    const tab = await browser.newPage();
    const unexpected = [];
    tab.on("pageerror", (error) =>
      unexpected.push({ name: "the page", ms: 0, error: `an error that nobody caught: ${error.message}` }),
    );
    const said = [];
    tab.on("console", (message) => said.push(message.text()));
    // The page has loaded once its module has run. Its policy rules out puppeteer's own wait functions.
    await tab.goto(page.url);
    if (!(await tab.evaluate(() => "runInPage" in globalThis)))
      throw new Error(`the page's module did not run: ${said.join("\n")}`);
    const results = await tab.evaluate(
      (names, runtime, filter) => globalThis.runInPage(names, runtime, filter),
      SUITES,
      name,
      filter,
    );
    return [...results, ...unexpected];
  } finally {
    await browser.close();
    await page.close();
  }
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { filter: { type: "string", default: "" } },
});
const folder = installed();
let failed = 0;
let passed = 0;
for (const runtime of positionals.length > 0 ? positionals : Object.keys(RUNTIMES)) {
  if (!(runtime in RUNTIMES)) throw new Error(`no runtime ${runtime}; there are ${Object.keys(RUNTIMES).join(", ")}`);
  const sandbox = await startSandbox(folder);
  try {
    for (const { name, ms, error } of await RUNTIMES[runtime](folder, sandbox.url, values.filter)) {
      console.log(`${error === undefined ? "ok  " : "FAIL"} ${runtime} ${name} (${ms} ms)`);
      if (error === undefined) passed++;
      else failed++;
      if (error !== undefined) console.log(error.replace(/^/gm, "     "));
    }
  } finally {
    await sandbox.stop();
  }
}
console.log(`# pass ${passed}\n# fail ${failed}`);
// A run without a single test must not count as a success.
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
