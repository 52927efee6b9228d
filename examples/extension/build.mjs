// Builds the extension for both browsers: `node build.mjs [--sandbox]` writes dist/chromium and dist/firefox, ready to
// load.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

/** The common part of both manifests. */
const COMMON = {
  manifest_version: 3,
  name: "Connector credentials",
  version: "0.1.0",
  description: "Rotates the credentials of C1 connectors, from a panel beside the page.",
  permissions: ["storage", "alarms"],
  // Allows compiling WebAssembly, and nothing else that the default policy forbids.
  content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'" },
};

/** The hosts of tenants. The extension requests access to one when a person names it. */
const TENANTS = ["https://*.conductor.one/*"];
const SANDBOX = ["http://127.0.0.1/*"];

/** The additional fields of each browser's manifest. */
const MANIFESTS = {
  chromium: {
    minimum_chrome_version: "120",
    permissions: [...COMMON.permissions, "sidePanel"],
    background: { service_worker: "worker.js" },
    side_panel: { default_path: "panel.html" },
    action: { default_title: "Connector credentials" },
  },
  firefox: {
    browser_specific_settings: { gecko: { id: "connector-credentials@example.com", strict_min_version: "128.0" } },
    background: { scripts: ["worker.js"] },
    sidebar_action: { default_panel: "panel.html", default_title: "Connector credentials", open_at_install: false },
    action: { default_title: "Connector credentials" },
  },
};

/**
 * @param {object} [options]
 * @param {string} [options.outdir] where the browsers' folders are written
 * @param {string[]} [options.packages] additional folders in which to look for `keyturn`
 * @param {boolean} [options.sandbox] whether a sandbox on this machine is accepted as a tenant too
 */
export async function buildExtension({ outdir = join(here, "dist"), packages = [], sandbox = false } = {}) {
  rmSync(outdir, { recursive: true, force: true });
  for (const [browser, manifest] of Object.entries(MANIFESTS)) {
    const folder = join(outdir, browser);
    mkdirSync(folder, { recursive: true });
    const hosts = { optional_host_permissions: sandbox ? [...TENANTS, ...SANDBOX] : TENANTS };
    writeFileSync(join(folder, "manifest.json"), `${JSON.stringify({ ...COMMON, ...manifest, ...hosts }, null, 2)}\n`);
    for (const file of ["panel.html", "panel.css"]) cpSync(join(here, "src", file), join(folder, file));
    await build({
      entryPoints: ["worker.js", "panel.js"].map((file) => join(here, "src", file)),
      outdir: folder,
      nodePaths: packages,
      bundle: true,
      minify: true,
      format: "iife",
      target: ["chrome120", "firefox128"],
      logLevel: "warning",
    });
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) await buildExtension({ sandbox: argv.includes("--sandbox") });
