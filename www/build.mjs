// Checks the console's types and bundles it: `node www/build.mjs`. The package must have been built.
import { execFileSync } from "node:child_process";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildPlayground } from "./playground/build.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const served = join(here, "../pkg/dist/console");
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

try {
  for (const project of [here, join(here, "playground")])
    execFileSync(process.execPath, [tsc, "--project", project], { stdio: "inherit" });
} catch {
  // The compiler has already reported the errors.
  process.exit(1);
}

/** The build options that both pages share. */
const common = {
  bundle: true,
  // Views and the engine are loaded on demand.
  splitting: true,
  chunkNames: "[name]-[hash]",
  minify: true,
  format: "esm",
  target: "es2022",
  // The core stays a separate file next to the script.
  loader: { ".wasm": "file" },
  assetNames: "[name]",
  // The package's manifest lists only the side effects of its own modules; the modules here define elements when
  // imported.
  ignoreAnnotations: true,
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
};

/**
 * Returns preload links for all modules that a page's script imports statically, so that the browser fetches them in
 * parallel.
 */
function modules({ outputs }) {
  const main = Object.keys(outputs).find((path) => basename(path) === "main.js");
  const found = new Set([main]);
  for (const path of found)
    for (const { path: imported, kind } of outputs[path].imports) if (kind === "import-statement") found.add(imported);
  found.delete(main);
  return [...found].map((path) => `<link rel="modulepreload" href="${basename(path)}">`);
}

/** Inserts links into a page, ahead of its script. */
function ahead(page, links) {
  const script = '    <script type="module"';
  return page.replace(script, [...links.map((link) => `    ${link}`), script].join("\n"));
}

await rm(dist, { recursive: true, force: true });
const { metafile } = await build({
  ...common,
  entryPoints: [join(here, "src/main.ts"), join(here, "src/page.css")],
  outdir: dist,
  sourcemap: "linked",
});
const page = await readFile(join(here, "src/index.html"), "utf8");
const core = '<link rel="preload" href="core.wasm" as="fetch" type="application/wasm" crossorigin>';
await writeFile(join(dist, "index.html"), ahead(page, [...modules(metafile), core]));
await cp(join(here, "src/icon.svg"), join(dist, "icon.svg"));

// The page of `keyturn console` ships with the command.
await rm(served, { recursive: true, force: true });
const { metafile: servedFiles } = await build({
  ...common,
  entryPoints: { main: join(here, "src/served/main.ts"), page: join(here, "src/page.css") },
  outdir: served,
});
await writeFile(
  join(served, "index.html"),
  ahead(page.replaceAll("keyturn-console", "keyturn-served"), modules(servedFiles)),
);
await cp(join(here, "src/icon.svg"), join(served, "icon.svg"));

await buildPlayground(join(dist, "playground"));
