// Bundles the function into one file that needs no `node_modules`.
import { dirname, join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

export async function buildFunction({ outfile = join(here, "dist/handler.mjs"), packages = [] } = {}) {
  await build({
    entryPoints: [join(here, "handler.mjs")],
    outfile,
    nodePaths: packages,
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
  });
  return outfile;
}

if (argv[1] === fileURLToPath(import.meta.url)) await buildFunction();
