// Checks the console's types and bundles it: `node www/build.mjs`. The package must have been built.
import { execFileSync } from "node:child_process";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
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
  // The compiler has said what is wrong.
  process.exit(1);
}

/** What both pages have in common. */
const common = {
  bundle: true,
  // Views and the engine are loaded when they are needed.
  splitting: true,
  chunkNames: "[name]-[hash]",
  minify: true,
  format: "esm",
  target: "es2022",
  // The core stays a file of its own, beside the script.
  loader: { ".wasm": "file" },
  assetNames: "[name]",
  // The package's manifest speaks of the package's own modules; these define elements when they are imported.
  ignoreAnnotations: true,
  legalComments: "none",
  logLevel: "warning",
};

await rm(dist, { recursive: true, force: true });
await build({
  ...common,
  entryPoints: [join(here, "src/main.ts"), join(here, "src/page.css")],
  outdir: dist,
  sourcemap: "linked",
});
for (const name of ["index.html", "icon.svg"]) await cp(join(here, "src", name), join(dist, name));

// The page of `keyturn console` is shipped with the command.
await rm(served, { recursive: true, force: true });
await build({
  ...common,
  entryPoints: { main: join(here, "src/served/main.ts"), page: join(here, "src/page.css") },
  outdir: served,
});
const page = await readFile(join(here, "src/index.html"), "utf8");
await writeFile(join(served, "index.html"), page.replaceAll("keyturn-console", "keyturn-served"));
await cp(join(here, "src/icon.svg"), join(served, "icon.svg"));

await buildPlayground(join(dist, "playground"));
