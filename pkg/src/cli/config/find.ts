/** Finds `keyturn.json`, without reading it. */

import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Context } from "../context.js";

/** The name of the file. */
export const CONFIG_FILE = "keyturn.json";

/** Finds the configuration that `--config` or `KEYTURN_CONFIG` names, or the nearest in this folder and its parents. */
export function findConfig({ manner, env, cwd }: Context): string | undefined {
  const named = manner.config ?? (env.KEYTURN_CONFIG || undefined);
  if (named !== undefined) return resolve(cwd, named);
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, CONFIG_FILE);
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
    if (dirname(folder) === folder) return undefined;
  }
}
