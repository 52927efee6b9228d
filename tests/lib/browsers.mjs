// Real browsers, driven by puppeteer-core.
import puppeteer from "puppeteer-core";
import { browser, CHROMIUM_FLAGS } from "../../xtask/browsers.mjs";

/** A limit above the time that any suite takes. */
const PROTOCOL_TIMEOUT_MS = 600_000;

/** How often a browser is started that crashes before it can be used. */
const STARTS = 3;

/**
 * Starts a browser. On a busy machine Chromium may crash as it starts, which says nothing about what is tested; it is
 * started again then. A browser that is missing or does not start at all fails each time.
 *
 * @param {import("puppeteer-core").LaunchOptions} options
 */
export async function startBrowser(options) {
  for (let start = 1; ; start++) {
    try {
      return await puppeteer.launch(options);
    } catch (error) {
      if (start === STARTS || !/Failed to launch the browser process/.test(error.message)) throw error;
      console.error(`start ${start} of ${options.executablePath} failed:\n${error.message}`);
    }
  }
}

/**
 * Starts a browser of the tests.
 *
 * @param {"chromium" | "firefox"} name
 * @param {{ flags?: readonly string[] }} [options] Chromium's flags; by default those of all tests.
 */
export function launch(name, { flags = CHROMIUM_FLAGS } = {}) {
  const common = { executablePath: browser(name), headless: true, protocolTimeout: PROTOCOL_TIMEOUT_MS };
  if (name === "chromium") return startBrowser({ ...common, browser: "chrome", args: flags });
  return startBrowser({ ...common, browser: "firefox" });
}
