// Joins the package's modules to a few files, as opening a file costs more than reading what is in it:
// `node xtask/bundle.mjs FROM TO`. Each entry stays a file in its place, beside its types; what entries share is in TO/chunks.
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, posix, relative, resolve, sep } from "node:path";
import { build } from "esbuild";
import { root } from "./steps.mjs";

/**
 * The chunks, each by the modules that it begins with: it has those and what they import, as far as no chunk above has it. So
 * none imports one below. A bundler takes out of them what it needs; the division is for who loads the files as they are: with it
 * nobody gets the table of another API, and no slim entry the core's bytes.
 */
const CHUNKS = {
  // Alone, since it does things when it is loaded. In a larger chunk every bundle would do them.
  "core-glue": ["generated/core-glue.js"],
  // What clients of more than one kind have: of both APIs, or of C1 by both names of its operations.
  core: ["session.js", "driver.js", "encode.js", "unpack.js", "auth/page.js", "auth/secret.js", "call.js", "group.js", "generated/c1.js"],
  "core-bytes": ["inline.js"],
  c1: ["exports.js"],
  compat: ["compat/exports.js", "compat/func.js"],
  "compat-json": ["compat/json.js"],
  // With the generated classes of the resources, as one of those has the name of one in the chunk below.
  jsonapi: ["commercelayer/jsonapi/index.js", "generated/commercelayer.js"],
  commercelayer: ["commercelayer/exports.js"],
  sandbox: ["sandbox-tenant.js"],
};

/** What no module here is: the manifest says at run time which one `#core` is, and who loads a `.wasm` file gives it a meaning. */
const OUTSIDE = /^#|^node:|\.wasm$/;

/** An import or re-export, as the compiler writes it. One that this misses fails to build. */
const IMPORT = /^(?:import|export) (?:(?:\{([^}]*)\}|(\*)) from )?"(\.[^"]*\.js)";$/gm;

const [from, to] = process.argv.slice(2).map((folder) => resolve(folder));
const files = (await readdir(from, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => relative(from, join(entry.parentPath ?? entry.path, entry.name)).replaceAll(sep, "/"));
const entries = await entriesOfManifest();
const modules = await survey(files.filter((file) => file.endsWith(".js")));

/** Which output a module is in. Modules that only pass others' names on are in none: who imports one imports of those others. */
const places = new Map();
for (const [chunk, roots] of Object.entries(CHUNKS)) for (const module of roots) place(module, `chunks/${chunk}.js`);
const alone = [...entries].filter((entry) => !places.has(entry));
for (const entry of alone) places.set(entry, entry);
for (const entry of alone) for (const module of modules.get(entry).imports.keys()) place(module, entry);

for (const output of new Set([...places.values(), ...entries])) await bundle(output);
for (const file of files.filter((file) => file.endsWith(".d.ts"))) {
  await mkdir(dirname(join(to, file)), { recursive: true });
  await cp(join(from, file), join(to, file));
}

/** The modules that the package's manifest names. */
async function entriesOfManifest() {
  const { exports, imports, bin } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const strings = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(strings));
  return new Set(strings([exports, imports, bin]).flatMap((path) => /^(?:\.\/)?pkg\/dist\/esm\/(.*\.js)$/.exec(path)?.[1] ?? []));
}

/** Of each module: the names that it exports, those that it imports of others, its classes, and if it does nothing but pass names on. */
async function survey(entryPoints) {
  const { metafile } = await run({ entryPoints, outdir: to, external: ["#*", "*.wasm", "node:*"] });
  const names = new Map(Object.values(metafile.outputs).map(({ entryPoint, exports }) => [entryPoint, exports]));
  const found = new Map();
  for (const module of entryPoints) {
    const imports = new Map();
    const text = await readFile(join(from, module), "utf8");
    // An object of all that a module exports stays in every bundle that has something of the chunk.
    if (/^import \* as \w+ from "\./m.test(text)) throw new Error(`${module} imports a whole module: it has to name what it needs`);
    for (const [, list, all, path] of text.matchAll(IMPORT)) {
      const imported = posix.join(posix.dirname(module), path);
      const taken = all ? names.get(imported).filter(isShared) : (list ?? "").split(",").flatMap((item) => item.match(/\w+/) ?? []);
      imports.set(imported, [...(imports.get(imported) ?? []), ...taken]);
    }
    const classes = [...text.matchAll(/^(?:export )?class (\w+)/gm)].map(([, name]) => name);
    const isEmpty = text.replace(IMPORT, "").replace(/^export \{\};$|\/\*[^]*?\*\/|\/\/.*/gm, "").trim() === "";
    found.set(module, { names: names.get(module), imports, classes, isEmpty });
  }
  return found;
}

/** Puts a module into an output, and what it imports, as far as that is in none. */
function place(module, output) {
  const before = places.get(module);
  if (before === undefined) {
    if (!modules.get(module).isEmpty) places.set(module, output);
    for (const imported of modules.get(module).imports.keys()) place(imported, output);
  } else if (entries.has(before) && before !== module && before !== output) {
    throw new Error(`${module} is in ${before}, and ${output} needs it too: it belongs into a chunk`);
  }
}

/** Writes an output: an entry, or a chunk, which exports all that its modules do. */
async function bundle(output) {
  const own = modulesIn(output);
  const classes = own.flatMap((module) => modules.get(module).classes);
  // An entry whose module is in a chunk passes on what that exports.
  const imports = own.length > 0 ? importsOf(own) : [[output, modules.get(output).names]];
  const taken = (wanted) => [...new Set(imports.flatMap(([module, names]) => (wanted(module) ? names : [])))];
  const plugin = {
    name: "outputs",
    setup(build) {
      // What is imported of a module elsewhere is taken from one import of the output that has it.
      build.onResolve({ filter: /./ }, ({ path, importer, namespace, resolveDir }) => {
        if (namespace === "module") return { path: places.get(importer), namespace: "output", sideEffects: entries.has(importer) };
        if (namespace === "output") return outside(output, importer);
        if (OUTSIDE.test(path)) return { path, external: true };
        const module = relative(from, resolve(resolveDir, path)).replaceAll(sep, "/");
        if ((places.get(module) ?? output) === output) return { path: join(from, module) };
        return { path: module, namespace: "module", sideEffects: entries.has(module) };
      });
      build.onLoad({ filter: /./, namespace: "module" }, ({ path }) => ({ contents: passing(taken((module) => module === path), []) }));
      build.onLoad({ filter: /./, namespace: "output" }, ({ path }) => ({ contents: passing(taken((module) => places.get(module) === path), classes) }));
    },
  };
  const all = own.map((module) => `export * from "./${module}";`).join("\n");
  const input = entries.has(output) ? { entryPoints: [output] } : { stdin: { contents: all, resolveDir: from } };
  const { outputFiles } = await run({ ...input, outfile: join(to, output), plugins: [plugin] });
  const text = tidied(outputFiles[0].text);

  const exported = /^export \{\n([^}]*)\};\n$/m.exec(text)?.[1].match(/\w+(?=,?\n)/g) ?? [];
  const expected = entries.has(output) ? modules.get(output).names : own.flatMap((module) => modules.get(module).names).filter(isShared);
  const missing = expected.filter((name) => !exported.includes(name));
  if (missing.length > 0) throw new Error(`${output} does not export ${missing.join(", ")}: do two of its modules export that?`);
  const renamed = classes.filter((name) => !new RegExp(`^var ${name} = (?:.* )?class(?: ${name})?(?: extends \\w+)? \\{`, "m").test(text));
  if (renamed.length > 0) throw new Error(`${output} has another name for ${renamed.join(", ")}: do two of its modules have one?`);
  await mkdir(dirname(join(to, output)), { recursive: true });
  await writeFile(join(to, output), text);
}

/** What comes of an output, as it should be. */
function tidied(text) {
  // A class that speaks of itself gets its name back, which shows when something is printed.
  const hidden = [...text.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => name);
  const named = hidden.reduce((text, name) => text.replaceAll(new RegExp(`\\b_${name}\\b`, "g"), name), text);
  // Computed names of members might do something, for all that bundlers know: they are told that the class may be left out.
  const free = named.replaceAll(/^var (\w+) = class(?: \1)?( (?:extends \w+ )?\{\n[^]*?^\});$/gm, (declaration, name, body) =>
    /^ {2}(?:static )?\[/m.test(body) ? `var ${name} = /* @__PURE__ */ (() => class ${name}${body})();` : declaration,
  );
  // The same for enumerations.
  const enums = free.replaceAll(/^var (\w+);\n\(function\((\w+)\) (\{\n[^]*?\n)\}\)\(\1 \|\| \(\1 = \{\}\)\);$/gm, "var $1 = /* @__PURE__ */ (function($2) $3  return $2;\n})({});");
  return enums.replaceAll(/^\/\/ output:.*\n/gm, "");
}

/** Whether `export *` has a name. */
function isShared(name) {
  return name !== "default";
}

function modulesIn(output) {
  return [...places.keys()].filter((module) => places.get(module) === output);
}

/** What some modules import of those that are in an output. */
function importsOf(some) {
  return some.flatMap((module) => [...modules.get(module).imports].flatMap((taken) => (places.has(taken[0]) ? [taken] : importsOf([taken[0]]))));
}

/** How one output imports another. Only entries do something when they are loaded. */
function outside(output, place) {
  const path = posix.relative(posix.dirname(output), place);
  return { path: path.startsWith(".") ? path : `./${path}`, external: true, sideEffects: entries.has(place) };
}

/** A module that passes names on. Without any it is imported for what it does. Names that are `reserved` stay free for others. */
function passing(names, reserved) {
  const other = (name) => (reserved.includes(name) ? `other${name}` : name);
  const list = (as) => names.map(as).join(", ");
  if (names.length === 0) return 'import "it";';
  return `import { ${list((name) => `${name} as ${other(name)}`)} } from "it"; export { ${list((name) => `${other(name)} as ${name}`)} };`;
}

function run(options) {
  const shared = { absWorkingDir: from, bundle: true, format: "esm", platform: "neutral", target: "es2022", charset: "utf8" };
  // Modules of types alone leave imports behind of which nothing is taken.
  const log = { logLevel: "warning", logOverride: { "ignored-bare-import": "silent" } };
  return build({ ...shared, ...log, metafile: true, write: false, ...options });
}
