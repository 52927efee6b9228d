// The Worker that `worker.mjs` bundles and starts: runs suites on request, and responds with the results.
import * as keyturn from "keyturn";
import * as commercelayer from "keyturn/commercelayer";
import * as lifecycle from "keyturn/lifecycle";
import * as testing from "keyturn/lifecycle/testing";
import * as proxy from "keyturn/proxy";
import * as entry from "keyturn/sandbox";
import module from "keyturn/sandbox.wasm";
import suites from "suites";
import { runSuites } from "./suite.mjs";

// A Worker cannot compile bytes, so the sandbox is given its compiled module as well.
const sandbox = { ...entry, createSandbox: (options) => entry.createSandbox({ wasm: module, ...options }) };

const uncaught = [];
addEventListener("unhandledrejection", ({ reason }) => {
  uncaught.push({ name: "the Worker", ms: 0, error: `a rejection that nobody handled: ${reason?.stack ?? reason}` });
});

export default {
  async fetch(request, { REPOSITORY }) {
    const { url, filter } = await request.json();
    const load = async (path) => (await REPOSITORY.fetch(`http://repository/${path}`)).text();
    const world = { keyturn, sandbox, commercelayer, lifecycle, testing, proxy, runtime: "workerd", url, load };
    const results = await runSuites(suites, world, filter);
    return Response.json([...results, ...uncaught]);
  },
};
