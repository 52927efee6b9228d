// Joins the package's modules to a few files, as opening a file costs more than reading what is in it:
// `node xtask/bundle.mjs FROM TO`. Each entry stays a file in its place; what entries share is in TO/chunks.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { rollup } from "rollup";
import { root } from "./steps.mjs";

/**
 * The chunks, each by the modules that it begins with: it has those and what they import, as far as no chunk above has it. A
 * bundler takes out of them what it needs; the division is for who loads the files as they are: with it nobody gets the table of
 * another API, and no slim entry the core's bytes.
 */
const CHUNKS = {
  // What makes official errors failures of this package: for who has those errors and no client.
  failure: ["base/failure"],
  // What clients of more than one kind have: of both APIs, or of C1 by both names of its operations.
  core: [
    // For who answers requests: the proxy, and a lifecycle on a server.
    "base/body",
    "base/dispose",
    "base/enclosed",
    "base/loopback",
    "base/origin",
    "base/text",
    "auth/session",
    "http/driver",
    "http/port",
    "http/relay",
    "core/encode",
    "core/module",
    "core/unpack",
    "auth/page",
    "auth/secret",
    "auth/sealing",
    "c1/engine",
    "c1/group",
    // What the lifecycle has of each API beside types. A file of its own would cost more than its few lines do here.
    "c1/auth/limits",
    "commercelayer/succession",
    // For who has a journal and no lifecycle.
    "lifecycle/journals/error",
  ],
  "core-bytes": ["core/inline"],
  "core-load": ["core/load"],
  c1: ["c1/client", "c1/exports"],
  compat: ["compat/client", "compat/exports", "compat/func"],
  "compat-json": ["compat/json"],
  jsonapi: ["commercelayer/jsonapi/index", "generated/commercelayer"],
  commercelayer: [
    "commercelayer/client",
    "commercelayer/auth/revoke",
    "commercelayer/auth/verify",
    "commercelayer/exports",
  ],
  "sandbox-bytes": ["sandbox/inline"],
  sandbox: ["sandbox/tenant"],
  "lifecycle-glue": ["generated/lifecycle-glue"],
  "lifecycle-bytes": ["lifecycle/inline"],
  // For a journal that looks before another credential is issued, and for the lifecycle.
  "provider-error": ["lifecycle/providers/error"],
  postgres: ["postgres/exports"],
  // What the entries of the lifecycle share.
  lifecycle: ["lifecycle/exports", "lifecycle/formats"],
  // What all elements share. The library that they are made with is a file of its own: what is in it is not ours.
  lit: ["lit", "lit/directives/repeat.js"],
  elements: ["elements/base", "elements/icons", "elements/masked", "elements/row", "elements/theme", "elements/words"],
};

/**
 * Libraries that are joined into the package, each as its manifest names it for a browser. An import of them does nothing where there is
 * no document, so that a page can be rendered on a server too.
 */
const LIBRARIES = /^(?:lit|lit-html|lit-element|@lit\/reactive-element)(?=\/|$)/;

/** What no module here is: the manifest says at run time which one `#core` is, and who loads a `.wasm` file gives it a meaning. */
const OUTSIDE = /^#|^node:|\.wasm$/;

/** The command line: a bundle of its own, which `xtask/bundle-cli.mjs` makes. */
const COMMAND = "cli/main.js";

const [from, to] = process.argv.slice(2).map((folder) => resolve(folder));

const names = await entries();
const bundle = await rollup({
  input: Object.fromEntries([...names].map((name) => [name.replace(/\.js$/, ""), join(from, name)])),
  external: (id) => OUTSIDE.test(id) || id === join(from, COMMAND),
  preserveEntrySignatures: "strict",
  plugins: [{ name: "libraries", resolveId: (id) => (LIBRARIES.test(id) ? library(id) : null), transform: sheltered }],
  // Only a program does something when it is loaded, and what defines elements.
  treeshake: {
    moduleSideEffects: (module) =>
      module === join(from, "cli.js") || module.startsWith(join(from, "elements")) || isLibrary(module),
  },
  onwarn(warning) {
    // Entries of types alone.
    if (warning.code !== "EMPTY_BUNDLE") throw new Error(warning.message);
  },
});
/** Each module's chunk. */
const chunkOf = new Map();
await bundle.write({
  dir: to,
  format: "es",
  paths: { [join(from, COMMAND)]: `../${COMMAND}` },
  // A namespace is an object like others: to freeze it is to do something.
  freeze: false,
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name].js",
  manualChunks(module, { getModuleInfo }) {
    if (chunkOf.size === 0) {
      for (const [chunk, modules] of Object.entries(CHUNKS)) {
        for (const begin of modules) {
          const file = LIBRARIES.test(begin) ? library(begin) : join(from, `${begin}.js`);
          assign(file, chunk, getModuleInfo);
        }
      }
    }
    return chunkOf.get(module);
  },
  onlyExplicitManualChunks: true,
  hoistTransitiveImports: false,
  minifyInternalExports: false,
  plugins: [{ name: "free-classes", renderChunk: freed }],
});

/** The modules that the package's manifest names. */
async function entries() {
  const { exports, imports, bin } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const strings = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(strings));
  return new Set(
    strings([exports, imports, bin]).flatMap((path) => /^(?:\.\/)?pkg\/dist\/esm\/(.*\.js)$/.exec(path)?.[1] ?? []),
  );
}

/** The file of a library. */
function library(id) {
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(id)[0];
  const folder = join(root, "node_modules", name);
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const entry = exports[`.${id.slice(name.length)}`];
  return join(folder, (entry.browser ?? entry).default);
}

function isLibrary(module) {
  return module.startsWith(join(root, "node_modules"));
}

/** Where there are no elements, a class of them extends an empty one, and nothing asks for the document before there is one. */
function sheltered(code, module) {
  if (!isLibrary(module)) return null;
  const text = code
    .replaceAll(/\bextends HTMLElement\b/g, "extends (globalThis.HTMLElement ?? class {})")
    .replaceAll(/\b(\w+)=document(?=,)/g, "$1=globalThis.document??{createTreeWalker:()=>({})}")
    .replaceAll(/^\/\/# sourceMappingURL=.*$/gm, "");
  return { code: text, map: null };
}

/** Puts a module into a chunk, and what it imports, as far as that is in none. */
function assign(module, chunk, getModuleInfo) {
  if (chunkOf.has(module) || OUTSIDE.test(module)) return;
  chunkOf.set(module, chunk);
  for (const imported of getModuleInfo(module).importedIds) assign(imported, chunk, getModuleInfo);
}

/**
 * Computed names of members might do something, for all that bundlers know, so they would keep every class of a chunk that has
 * some: they are told that it may be left out.
 */
function freed(code) {
  return code.replaceAll(/^class (\w+)( (?:extends \w+ )?\{\n[^]*?^\})$/gm, (declaration, name, body) =>
    /^ {4}(?:static |async )*\[/m.test(body)
      ? `const ${name} = /* @__PURE__ */ (() => class ${name}${body})();`
      : declaration,
  );
}
