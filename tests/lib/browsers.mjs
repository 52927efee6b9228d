// Real browsers, driven by puppeteer-core.
import puppeteer from "puppeteer-core";
import { browser, CHROMIUM_FLAGS } from "../../xtask/browsers.mjs";

/** Longer than any suite takes. */
const PROTOCOL_TIMEOUT_MS = 600_000;

/**
 * @param {"chromium" | "firefox"} name
 * @param {{ flags?: readonly string[] }} [options] Chromium's flags; by default those of all tests.
 */
export function launch(name, { flags = CHROMIUM_FLAGS } = {}) {
  const common = { executablePath: browser(name), headless: true, protocolTimeout: PROTOCOL_TIMEOUT_MS };
  if (name === "chromium") return puppeteer.launch({ ...common, browser: "chrome", args: flags });
  return puppeteer.launch({ ...common, browser: "firefox" });
}
