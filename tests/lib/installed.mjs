// The package as its users get it: packed, and installed into another folder.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { npm } from "../../xtask/steps.mjs";

const VARIABLE = "KEYTURN_INSTALLED";

/** The entries that the suites get, by the names under which they get them. */
const ENTRIES = {
  keyturn: "keyturn",
  sandbox: "keyturn/sandbox",
  commercelayer: "keyturn/commercelayer",
  lifecycle: "keyturn/lifecycle",
  testing: "keyturn/lifecycle/testing",
  proxy: "keyturn/proxy",
};

/**
 * Returns a folder with the packed package in its `node_modules`, and the tarball as `keyturn.tgz`. The test command
 * creates one for all its parts and names it in the environment; a test file that runs by itself creates its own.
 */
export function installed() {
  const given = process.env[VARIABLE];
  if (given !== undefined) return given;
  const folder = install();
  process.env[VARIABLE] = folder;
  process.on("exit", () => uninstall(folder));
  return folder;
}

/** Packs and installs. Nothing is downloaded: the package has no dependencies. */
export function install() {
  const folder = mkdtempSync(join(tmpdir(), "keyturn-installed-"));
  const quiet = { stdio: ["ignore", "ignore", "inherit"] };
  npm(["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], quiet);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  npm(["install", "--silent", "--ignore-scripts", "--offline", "--no-audit", "--no-fund", join(folder, tarball)], {
    ...quiet,
    cwd: folder,
  });
  // One file for each way to load the package, so that it is resolved from here and not from the repository.
  const entries = Object.entries(ENTRIES);
  const load = (line) => `${entries.map(([name, entry]) => line(name, entry)).join("\n")}\n`;
  writeFileSync(
    join(folder, "load.mjs"),
    load((name, entry) => `export * as ${name} from "${entry}";`),
  );
  writeFileSync(
    join(folder, "load.cjs"),
    load((name, entry) => `exports.${name} = require("${entry}");`),
  );
  return folder;
}

/**
 * Imports a module from which the package was bundled, with separate state: for tests of what no file of the package
 * exports.
 */
export function module(name) {
  return import(new URL(`../../target/keyturn/package/modules/${name}`, import.meta.url));
}

/**
 * Imports a chunk of the installed package, by its name in `xtask/bundle.mjs`: for what its entries load but do not
 * export.
 */
export function chunk(folder, name) {
  return import(pathToFileURL(join(folder, `node_modules/keyturn/pkg/dist/esm/chunks/${name}.js`)).href);
}

/**
 * Watches for the core's instance, and returns a function that returns its memory, which the package does not expose.
 * Must be called before the first client is created, since that creates the instance.
 */
export function coreMemory() {
  let memory;
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(Instance, args) {
      const instance = new Instance(...args);
      if ("session_authorize" in instance.exports) memory = instance.exports.memory;
      return instance;
    },
  });
  return () => memory;
}

/** Removes what `install` made. */
export function uninstall(folder) {
  rmSync(folder, { recursive: true, force: true });
}

/** Returns the environment in which test files find this installation. */
export function withInstalled(folder) {
  return { ...process.env, [VARIABLE]: folder };
}
