// Builds the playground: plain files, which need no server. Called by www/build.mjs.
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { libraries, licenceText } from "../../xtask/notices.mjs";
import { programs } from "./programs.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

/** @param {string} dist the output folder */
export async function buildPlayground(dist) {
  const common = {
    bundle: true,
    minify: true,
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
    ignoreAnnotations: true,
    metafile: true,
  };
  await mkdir(dist, { recursive: true });
  // A page opened from disk cannot load module scripts. The workers' script is embedded as text, from which the frame
  // creates it.
  const scripts = await build({
    ...common,
    format: "iife",
    entryPoints: [join(here, "src/playground.ts"), join(here, "src/stage.ts"), join(here, "src/page.css")],
    outdir: dist,
    plugins: [{ name: "programs", setup: offer }],
  });
  const runner = await build({
    ...common,
    format: "iife",
    entryPoints: [join(here, "src/runner/main.ts")],
    write: false,
    outdir: dist,
  });
  await writeFile(
    join(dist, "runner.js"),
    `globalThis.keyturnRunner = ${JSON.stringify(runner.outputFiles[0].text)};\n`,
  );
  for (const name of ["index.html", "stage.html"]) await cp(join(here, name), join(dist, name));
  await cp(join(here, "../src/icon.svg"), join(dist, "icon.svg"));
  await writeFile(join(dist, "notices.txt"), await notices([...Object.keys(scripts.metafile.inputs)]));
}

/** Provides the documents' programs as a module. */
function offer(build) {
  build.onResolve({ filter: /^playground:programs$/ }, ({ path }) => ({ path, namespace: "programs" }));
  build.onLoad({ filter: /.*/, namespace: "programs" }, () => ({
    contents: JSON.stringify(programs()),
    loader: "json",
  }));
}

/** Returns the package's notices, and those of the libraries that are bundled into the scripts. */
async function notices(inputs) {
  const names = inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean);
  const joined = libraries([...new Set(names)]).filter(({ name }) => names.includes(name));
  const own = joined.map((one) => `${one.name} ${one.version} (${one.license})\n\n${licenceText(one)}\n`);
  const text = await readFile(join(here, "../../THIRD-PARTY-NOTICES.txt"), "utf8");
  return `The playground's page contains:\n\n${own.join("\n")}\nIts programs run with the package. ${text}`;
}
