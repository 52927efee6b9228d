// Puts the package's types beside its files: `node xtask/declarations.mjs MODULES ESM CJS`.
// They exist once, as those of the CommonJS files, because the types of an ES module can be re-exported from CommonJS
// but not the reverse. A class is therefore the same for both, and a value of an ES module can be passed to a CommonJS
// one.
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

const [modules, esm, cjs] = process.argv.slice(2);

/** Entries that exist only as ES modules, and the entries whose types they share. */
const ALIKE = { workerd: "index", "compat/workerd": "compat/index", "commercelayer/workerd": "commercelayer/index" };

/**
 * Entries with a default export, and the name under which they also export it. For an ES module, the default export of
 * a CommonJS module is the module itself.
 */
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
