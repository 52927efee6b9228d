// Bundles the command line and its libraries into a few files: `node xtask/bundle-cli.mjs MODULES TO`. Each command is
// a chunk that is loaded when it runs. The package itself is not included: the command imports its entries, like other
// programs.
import { readFile, writeFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { root } from "./steps.mjs";

const [from, to] = process.argv.slice(2).map((folder) => resolve(folder));

const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const strings = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(strings));
/** The package's entries, by their paths among the modules. */
const entries = new Set(strings(exports).flatMap((path) => /^\.\/pkg\/dist\/esm\/(.*\.js)$/.exec(path)?.[1] ?? []));

/** All files are in one folder, so an entry has the same path from each of them. */
const outside = {
  name: "entries",
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir }) => {
      const name = relative(from, resolve(resolveDir, path)).replaceAll(sep, "/");
      return entries.has(name) ? { path: `../esm/${name}`, external: true } : undefined;
    });
  },
};

await build({
  entryPoints: [join(from, "cli/main.js")],
  outdir: to,
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  charset: "utf8",
  legalComments: "none",
  // The modules of the command are in a build folder without a node_modules.
  nodePaths: [join(root, "node_modules")],
  mainFields: ["module", "main"],
  // Libraries in CommonJS require Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);',
  },
  plugins: [outside],
  logLevel: "warning",
});

// Editors read the schema, because `keyturn.json` refers to it.
const { SCHEMA } = await import(pathToFileURL(join(from, "cli/config/schema.js")).href);
await writeFile(join(to, "keyturn.schema.json"), `${JSON.stringify(SCHEMA, null, 2)}\n`);
