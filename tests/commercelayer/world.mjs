// What the tests of `keyturn/commercelayer` share: the installed package, and a server that is only a function.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installed } from "../lib/installed.mjs";

export const folder = installed();

const loader = join(folder, "load-commercelayer.mjs");
writeFileSync(loader, "export const load = (name) => import(name);\n");

/** Imports a module as a program in the folder of the installation does. */
export const { load } = await import(pathToFileURL(loader).href);

/** The same for `require`. */
export const require = createRequire(join(folder, "load.cjs"));

/** A resource object; `related` names linkage: `{ organization: "organizations/o1", roles: ["roles/r1"], role: null }`. */
export function resource(type, id, attributes = {}, related = {}, more = {}) {
  const linkage = (text) => text && { type: text.split("/")[0], id: text.split("/")[1] };
  const relationships = Object.fromEntries(
    Object.entries(related).map(([name, to]) => [name, { data: Array.isArray(to) ? to.map(linkage) : linkage(to) }]),
  );
  return { id, type, attributes, relationships, ...more };
}
