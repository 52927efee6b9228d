// Converts the package's ES modules to CommonJS, file by file: `node xtask/cjs.mjs FROM TO`. A `package.json` beside
// them declares the type of the modules and of their declarations.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { transform } from "esbuild";

/** Entries that exist only as ES modules. */
const ESM_ONLY = [
  "cli.js",
  "workerd.js",
  "compat/workerd.js",
  "compat/carried-workerd.js",
  "commercelayer/workerd.js",
  "lifecycle-workerd.js",
];

/** The targets of the package's own `imports`. The manifest beside these files hides that of the package. */
const IMPORTS = { "#core": "compat/carried.js" };

const [from, to] = process.argv.slice(2);

for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
  const source = join(entry.parentPath ?? entry.path, entry.name);
  const name = relative(from, source).replaceAll(sep, "/");
  if (!name.endsWith(".js") || ESM_ONLY.includes(name)) continue;
  const target = join(to, name);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, await commonJS(imported(await readFile(source, "utf8"), dirname(target))));
}
await writeFile(join(to, "package.json"), '{ "type": "commonjs" }\n');

function imported(source, folder) {
  return source.replaceAll(
    /^(import .* from) ['"](#\w+)['"];$/gm,
    (_, names, name) => `${names} "./${relative(folder, join(to, IMPORTS[name])).replaceAll(sep, "/")}";`,
  );
}

async function commonJS(source) {
  const { code, warnings } = await transform(source, { format: "cjs", target: "es2022", charset: "utf8" });
  if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join("\n"));
  return code;
}
