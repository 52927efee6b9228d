// Bundles the package's modules into a few files, because opening a file costs more than reading its content: `node
// xtask/bundle.mjs FROM TO`. Each entry remains a file in its place; the code that entries share is in TO/chunks.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { rollup } from "rollup";
import { root } from "./steps.mjs";

/**
 * The chunks, each given by the modules that it begins with: it contains those and their imports, unless an earlier
 * chunk does. Users' bundlers take only what they need. The division matters to users who load the files as they are:
 * nobody loads the other API's table, and no slim entry loads the core's bytes.
 */
const CHUNKS = {
  // The code that marks official errors as failures of this package, for users who have those errors and no client.
  failure: ["base/failure"],
  // The code that several kinds of client share: those of both APIs, or those of C1 by both names of its operations.
  core: [
    // For programs that answer requests: the proxy, and a lifecycle on a server.
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
    // The lifecycle's imports from each API besides types. A separate file would cost more than these few lines.
    "c1/auth/limits",
    "commercelayer/succession",
    // For users of a journal without a lifecycle.
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
  // For a journal that checks before another credential is issued, and for the lifecycle.
  "provider-error": ["lifecycle/providers/error", "lifecycle/journals/forgotten"],
  postgres: ["postgres/exports"],
  // The code that the entries of the lifecycle share.
  lifecycle: ["lifecycle/exports", "lifecycle/formats"],
  // The code that all elements share. Their library is a separate file, because it is third-party code.
  lit: ["lit", "lit/directives/repeat.js"],
  elements: ["elements/base", "elements/icons", "elements/masked", "elements/row", "elements/theme", "elements/words"],
};

/**
 * Libraries that are bundled into the package, each in the variant that its manifest names for browsers. Importing them
 * has no effect without a document, so that a page can be rendered on a server too.
 */
const LIBRARIES = /^(?:lit|lit-html|lit-element|@lit\/reactive-element)(?=\/|$)/;

/**
 * Imports that stay external: the manifest resolves `#core` at run time, and the user's tools resolve `.wasm` files.
 */
const OUTSIDE = /^#|^node:|\.wasm$/;

/** The command line is a separate bundle, which `xtask/bundle-cli.mjs` makes. */
const COMMAND = "cli/main.js";

const [from, to] = process.argv.slice(2).map((folder) => resolve(folder));

const names = await entries();
const bundle = await rollup({
  input: Object.fromEntries([...names].map((name) => [name.replace(/\.js$/, ""), join(from, name)])),
  external: (id) => OUTSIDE.test(id) || id === join(from, COMMAND),
  preserveEntrySignatures: "strict",
  plugins: [{ name: "libraries", resolveId: (id) => (LIBRARIES.test(id) ? library(id) : null), transform: sheltered }],
  // Only a program, and modules that define elements, have effects when they are loaded.
  treeshake: {
    moduleSideEffects: (module) =>
      module === join(from, "cli.js") || module.startsWith(join(from, "elements")) || isLibrary(module),
  },
  onwarn(warning) {
    // Entries that consist of types only.
    if (warning.code !== "EMPTY_BUNDLE") throw new Error(warning.message);
  },
});
/** The chunk of each module. */
const chunkOf = new Map();
await bundle.write({
  dir: to,
  format: "es",
  paths: { [join(from, COMMAND)]: `../${COMMAND}` },
  // A namespace is an ordinary object. Freezing it would be an effect.
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

/** Returns the modules that the package's manifest names. */
async function entries() {
  const { exports, imports, bin } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const strings = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(strings));
  return new Set(
    strings([exports, imports, bin]).flatMap((path) => /^(?:\.\/)?pkg\/dist\/esm\/(.*\.js)$/.exec(path)?.[1] ?? []),
  );
}

/** Returns the file of a library. */
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

/**
 * Makes a library importable where the platform has no elements: its element classes then extend an empty class, and
 * nothing accesses the document before there is one.
 */
function sheltered(code, module) {
  if (!isLibrary(module)) return null;
  const text = code
    .replaceAll(/\bextends HTMLElement\b/g, "extends (globalThis.HTMLElement ?? class {})")
    .replaceAll(/\b(\w+)=document(?=,)/g, "$1=globalThis.document??{createTreeWalker:()=>({})}")
    .replaceAll(/^\/\/# sourceMappingURL=.*$/gm, "");
  return { code: text, map: null };
}

/** Adds a module to a chunk, together with those of its imports that belong to none. */
function assign(module, chunk, getModuleInfo) {
  if (chunkOf.has(module) || OUTSIDE.test(module)) return;
  chunkOf.set(module, chunk);
  for (const imported of getModuleInfo(module).importedIds) assign(imported, chunk, getModuleInfo);
}

/**
 * Marks classes with computed member names as free of effects. Bundlers assume that evaluating such names may have
 * effects, and would keep every class of a chunk that has some.
 */
function freed(code) {
  return code.replaceAll(/^class (\w+)( (?:extends \w+ )?\{\n[^]*?^\})$/gm, (declaration, name, body) =>
    /^ {4}(?:static |async )*\[/m.test(body)
      ? `const ${name} = /* @__PURE__ */ (() => class ${name}${body})();`
      : declaration,
  );
}
