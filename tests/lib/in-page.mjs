// What the page of `page.mjs` runs: suites by name, when the runner asks.
import * as keyturn from "keyturn";
import * as sandbox from "keyturn/sandbox";
import { runSuites } from "./suite.mjs";

globalThis.runInPage = async (names, runtime, filter) => {
  const suites = {};
  for (const name of names) suites[name] = (await import(`/tests/conformance/${name}.mjs`)).default;
  return runSuites(suites, { keyturn, sandbox, runtime, url: location.origin }, filter);
};
