// `examples/next` in Chromium: what its route handler permits to whom, what a page gets, and what stays on the server.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { PATIENCE } from "../lib/patience.mjs";
import { startSandbox, variablesOf } from "../lib/sandbox.mjs";

/** Starts a tenant, and returns the variables by which the example finds it. */
export async function tenantOf(at) {
  const sandbox = await startSandbox(at.folder);
  at.stopLater(sandbox.stop);
  return { ...variablesOf(sandbox), SESSION_SECRET: "a secret of the tests" };
}

/** Uses the example as two people do, and as a visitor without a session. */
export async function useNextConsole(at, url) {
  const { page, errors } = await at.open(url);
  page.setDefaultTimeout(PATIENCE);
  const click = (name) => page.locator(`::-p-aria([name="${name}"][role="button"])`).click();

  await click("Sign in as Ada");
  await click("Rotate");
  const secret = await page.waitForSelector("section code").then((code) => code.evaluate((node) => node.textContent));
  assert.match(secret, /^secret-token:/);
  await click("I stored it");
  await page.waitForFunction(() => !document.querySelector("section"));
  assert.ok(!(await page.content()).includes(secret));
  assert.deepEqual(errors, [], "nothing went wrong, and nothing was against the policy");

  await click("Sign out");
  await click("Sign in as Ben");
  await click("Rotate");
  await page.waitForFunction(() => document.querySelector("[role=alert]")?.textContent.includes("outcome: none"));
  await page.close();

  const headers = { "content-type": "application/json", "keyturn-proxy": "1", origin: url };
  const answer = await fetch(`${url}/keyturn`, { method: "POST", headers, body: '{"operation":"x","input":{}}' });
  assert.equal(answer.status, 401);
  const forged = { ...headers, cookie: `session=ada.${Date.now() + 60_000}.${"A".repeat(43)}` };
  assert.equal((await fetch(`${url}/keyturn`, { method: "POST", headers: forged, body: "{}" })).status, 401);

  const scripts = readdirSync(join(at.folder, ".next/static"), { recursive: true }).filter((file) =>
    /\.js$/.test(file),
  );
  assert.ok(scripts.length > 0);
  for (const file of scripts)
    assert.doesNotMatch(at.read(join(".next/static", file)), /SESSION_SECRET|fromEnv\(\)/, file);
}
