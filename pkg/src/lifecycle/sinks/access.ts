/** A check of what this process may do with a path, made before anything is issued. */

import { access, constants, stat } from "node:fs/promises";

/** The access modes for the uses of a path: entries of a folder are created and replaced, or a program is run. */
const MODES = { "write in": constants.W_OK | constants.X_OK, run: constants.X_OK };

/**
 * Resolves if a path can be used, as far as this can be known. Deno's `access` needs `--allow-sys=uid`, and without it
 * throws an error that cannot be caught. In Deno, the path therefore only has to exist, and the use itself shows
 * whether it is allowed.
 *
 * @throws The system's error, such as `ENOENT` or `EACCES`.
 */
export async function mayUse(path: string, verb: keyof typeof MODES): Promise<void> {
  await ("Deno" in globalThis ? stat(path) : access(path, MODES[verb]));
}
