// Puts the package's types beside its files: `node xtask/declarations.mjs MODULES ESM CJS`.
//
// They are there once, as those of the CommonJS files: an ES module's types can be said by what CommonJS has, and not the other way
// round. So a class is one and the same for both, and what an ES module made can be handed to a CommonJS one.
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

const [modules, esm, cjs] = process.argv.slice(2);

/** Entries that exist as ES modules alone, and whose types they have. */
const ALIKE = { workerd: "index", "compat/workerd": "compat/index", "commercelayer/workerd": "commercelayer/index" };

/** Entries with a default export, and its other name. A CommonJS module's default is to an ES module the module itself. */
const DEFAULTS = {
  "commercelayer/index": "CommerceLayerProvisioning",
  "commercelayer/slim": "CommerceLayerProvisioning",
};

for (const file of await readdir(modules, { recursive: true })) {
  if (!file.endsWith(".d.ts")) continue;
  const name = file.slice(0, -".d.ts".length).replaceAll(sep, "/");
  // Nobody imports the command.
  if (name === "cli" || name.startsWith("cli/")) continue;
  if (ALIKE[name] === undefined) await cp(join(modules, file), join(cjs, file));
  if (!existsSync(join(esm, `${name}.js`))) continue;
  const types = ALIKE[name] ?? name;
  const from = relative(join(esm, dirname(name)), join(cjs, `${types}.js`)).replaceAll(sep, "/");
  const byName = DEFAULTS[types] === undefined ? "" : `export { ${DEFAULTS[types]} as default } from "${from}";\n`;
  await mkdir(dirname(join(esm, file)), { recursive: true });
  await writeFile(join(esm, file), `export * from "${from}";\n${byName}`);
}
