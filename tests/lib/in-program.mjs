// Started by `run.mjs` in another runtime: `in-program.mjs '{"runtime","folder","names","url","filter"}'`, with JSON
// that names the folder in which the package is installed. Writes each result as a line of JSON. It only uses parts of
// Node's API that the other runtimes have too.
import { readFile } from "node:fs/promises";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { runSuites } from "./suite.mjs";

const { runtime, folder, names, url, filter } = JSON.parse(process.argv.at(-1));
const say = (result) => console.log(JSON.stringify(result));

process.on("unhandledRejection", (reason) =>
  say({ name: "the program", ms: 0, error: `a rejection that nobody handled: ${reason?.stack ?? reason}` }),
);

const entries = await import(pathToFileURL(`${folder}/load.mjs`).href);
const load = (path) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");
const suites = {};
for (const name of names) suites[name] = (await import(`../conformance/${name}.mjs`)).default;
for (const result of await runSuites(suites, { ...entries, runtime, url, load }, filter)) say(result);
// Whatever keeps the program running after this was not released.
