// Turns the package's ES modules into CommonJS, file by file: `node xtask/cjs.mjs FROM TO`.
// The types are the same files: the `package.json` beside them says which kind of module they describe.
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { transform } from "esbuild";

/** Entries that only exist as ES modules. */
const ESM_ONLY = [
  "cli.js",
  "sandbox.js",
  "workerd.js",
  "compat/workerd.js",
  "commercelayer/workerd.js",
  "lifecycle-workerd.js",
];

/** What the package's manifest gives to names of its own. The manifest that is beside these files hides that one. */
const IMPORTS = { "#core": "compat/provide.js" };

const [from, to] = process.argv.slice(2);

for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
  const source = join(entry.parentPath ?? entry.path, entry.name);
  const name = relative(from, source).replaceAll(sep, "/");
  if (!entry.isFile() || ESM_ONLY.includes(name.replace(".d.ts", ".js"))) continue;
  const target = join(to, name);
  await mkdir(dirname(target), { recursive: true });
  if (/\.(js|d\.ts)$/.test(entry.name)) {
    const text = imported(await readFile(source, "utf8"), dirname(target));
    await writeFile(target, entry.name.endsWith(".js") ? await commonJS(text) : text);
  } else {
    await cp(source, target);
  }
}
await writeFile(join(to, "package.json"), '{ "type": "commonjs" }\n');

function imported(source, folder) {
  return source.replaceAll(
    /^import ['"](#\w+)['"];$/gm,
    (_, name) => `import "./${relative(folder, join(to, IMPORTS[name])).replaceAll(sep, "/")}";`,
  );
}

async function commonJS(source) {
  const here =
    source.includes("import.meta.url") && 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;';
  const { code, warnings } = await transform(source, {
    format: "cjs",
    target: "es2022",
    charset: "utf8",
    define: { "import.meta.url": "importMetaUrl" },
    banner: here || undefined,
  });
  if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join("\n"));
  return code;
}
