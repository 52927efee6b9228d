// The browsers that the tests drive, a Redis, and shells: Debian's packages where they can be installed, otherwise the
// installed programs.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { installPackages } from "./debian.mjs";
import { findProgram, root, StepError } from "./steps.mjs";

/** Each program: its Debian package, and the variable that names another copy. */
const BROWSERS = {
  chromium: {
    package: "chromium",
    variable: "CHROMIUM",
    names: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  },
  chromedriver: { package: "chromium-driver", variable: "CHROMEDRIVER", names: ["chromedriver"] },
  firefox: { package: "firefox-esr", variable: "FIREFOX", names: ["firefox-esr", "firefox"] },
  redis: { package: "redis-server", variable: "REDIS_SERVER", names: ["redis-server", "valkey-server"] },
  zsh: { package: "zsh", variable: "ZSH", names: ["zsh"] },
  fish: { package: "fish", variable: "FISH", names: ["fish"] },
};

/**
 * The arguments of Chromium: no network use of its own, and suitable for a root account without a display.
 * wasm-bindgen's test runner reads the same file.
 */
export const CHROMIUM_FLAGS = JSON.parse(readFileSync(join(root, "tests/webdriver.json"), "utf8"))["goog:chromeOptions"]
  .args;

/** Returns the full path of a program. A missing one is an error: no test is skipped because of it. */
export function browser(name) {
  const { variable, names } = BROWSERS[name];
  const path = process.env[variable] ?? findProgram(...names);
  if (path === undefined || !existsSync(path)) {
    throw new StepError(
      `${name} is needed by the tests and not found. Install it, or name its program in the variable ${variable}`,
    );
  }
  return path;
}

/** Installs the missing browsers (as root on Debian), or says what to install. */
export function setUpBrowsers() {
  const missing = Object.values(BROWSERS).filter(
    ({ variable, names }) => !process.env[variable] && !findProgram(...names),
  );
  if (missing.length === 0) return;
  const packages = missing.map((browser) => browser.package);
  installPackages(
    packages,
    "the programs that the tests drive",
    `the tests drive real browsers, a Redis and shells, and these are missing: ${missing.map(({ names }) => names[0]).join(", ")}.\n` +
      `  On Debian: sudo apt-get install ${packages.join(" ")}\n` +
      `  Elsewhere: install Chromium, the ChromeDriver of the same version, Firefox, Redis, zsh and fish, and put them in PATH\n` +
      `  or name the programs in ${Object.values(BROWSERS)
        .map(({ variable }) => variable)
        .join(", ")}`,
  );
}
