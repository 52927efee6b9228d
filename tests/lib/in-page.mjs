// What the page of `page.mjs` runs: suites by name, when the runner asks.
import * as keyturn from "keyturn";
import * as commercelayer from "keyturn/commercelayer";
import * as lifecycle from "keyturn/lifecycle";
import * as testing from "keyturn/lifecycle/testing";
import * as proxy from "keyturn/proxy";
import * as sandbox from "keyturn/sandbox";
import { runSuites } from "./suite.mjs";

const load = async (path) => (await fetch(`/repository/${path}`)).text();

/** What nobody caught, as results of tests that failed. */
const uncaught = [];
addEventListener("unhandledrejection", ({ reason }) => {
  uncaught.push({ name: "the page", ms: 0, error: `a rejection that nobody handled: ${reason?.stack ?? reason}` });
});

/** What was warned of, from the beginning: some warnings are given once. */
globalThis.warnings = [];
const { warn } = console;
console.warn = (...texts) => {
  globalThis.warnings.push(texts.join(" "));
  warn.apply(console, texts);
};

globalThis.runInPage = async (names, runtime, filter) => {
  const suites = {};
  for (const name of names) suites[name] = (await import(`../conformance/${name}.mjs`)).default;
  const results = await runSuites(
    suites,
    { keyturn, sandbox, commercelayer, lifecycle, testing, proxy, runtime, url: location.origin, load },
    filter,
  );
  return [...results, ...uncaught];
};
