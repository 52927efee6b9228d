// Runs in the page of `page.mjs`: suites by name, at the runner's request.
import * as keyturn from "keyturn";
import * as commercelayer from "keyturn/commercelayer";
import * as lifecycle from "keyturn/lifecycle";
import * as testing from "keyturn/lifecycle/testing";
import * as proxy from "keyturn/proxy";
import * as sandbox from "keyturn/sandbox";
import { runSuites } from "./suite.mjs";

const load = async (path) => (await fetch(`/repository/${path}`)).text();

/** Unhandled rejections, as results of failed tests. */
const uncaught = [];
addEventListener("unhandledrejection", ({ reason }) => {
  uncaught.push({ name: "the page", ms: 0, error: `a rejection that nobody handled: ${reason?.stack ?? reason}` });
});

/** The console's warnings from the start, since some are given only once. */
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
