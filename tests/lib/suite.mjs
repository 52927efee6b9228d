// Runs suites, the same way in every runtime: no module of any runtime is imported here.
import * as assert from "./assert.mjs";
import { tenantAt, tenantIn } from "./tenant.mjs";

const TIMEOUT_MS = 60_000;

/**
 * A suite is a module whose default export takes this and registers tests.
 *
 * @typedef {object} Suite
 * @property {(name: string, work: () => unknown) => void} test Registers a test; they run one after another.
 * @property {typeof import("./assert.mjs")} assert
 * @property {typeof import("keyturn")} keyturn The installed package, as this runtime loads it.
 * @property {typeof import("keyturn/sandbox")} sandbox
 * @property {typeof import("keyturn/commercelayer")} commercelayer
 * @property {typeof import("keyturn/lifecycle")} lifecycle
 * @property {typeof import("keyturn/lifecycle/testing")} testing
 * @property {typeof import("keyturn/proxy")} proxy
 * @property {(options?: object) => Promise<object>} tenant Starts a fresh sandbox tenant behind real HTTP: see
 *   `tenant.mjs`.
 * @property {(options?: object) => Promise<object>} inProcess Does the same in this process: its `options` contain a
 *   `fetch`.
 * @property {(path: string) => Promise<string>} load Returns the text of a file of the repository, below `tests/` or
 *   `api/`.
 * @property {string} runtime Where this runs: "esm", "cjs", "deno", "bun", "workerd", "chromium" or "firefox".
 */

/**
 * @param {Record<string, (suite: Suite) => void>} suites The default exports of the suites, by name.
 * @param {object} world What the runtime provides: `keyturn` and the other entries, `runtime`, `load`, and the `url` of
 *   a sandbox.
 * @param {string} [filter] Runs only tests whose full name contains this.
 * @returns {Promise<{ name: string, ms: number, error?: string }[]>}
 */
export async function runSuites(suites, { url, ...world }, filter = "") {
  const tests = [];
  for (const [suite, define] of Object.entries(suites)) {
    const test = (name, work) => tests.push({ name: `${suite}: ${name}`, work });
    define({
      ...world,
      test,
      assert,
      tenant: (options) => tenantAt(url, options),
      inProcess: (options) => tenantIn(world.sandbox, options),
    });
  }
  const results = [];
  for (const { name, work } of tests.filter((test) => test.name.includes(filter))) {
    const begun = Date.now();
    const error = await outcome(work);
    results.push({ name, ms: Date.now() - begun, error });
  }
  return results;
}

/** Resolves with the reason why a test fails, or with `undefined`. */
async function outcome(work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
  });
  try {
    await Promise.race([work(), late]);
    return undefined;
  } catch (error) {
    // Some engines leave the message out of the stack.
    const { message = String(error), stack = "" } = error ?? {};
    return stack.includes(message) ? stack : `${error?.name ?? "thrown"}: ${message}\n${stack}`;
  } finally {
    clearTimeout(timer);
  }
}
