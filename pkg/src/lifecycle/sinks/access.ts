/** What this process may do with a path, before anything is issued. */

import { access, constants, stat } from "node:fs/promises";

/** What is done with a path: entries of a folder are made and replaced, or a program is run. */
const MODES = { "write in": constants.W_OK | constants.X_OK, run: constants.X_OK };

/**
 * Resolves if a path can be used, as far as this can be known. Deno's `access` needs `--allow-sys=uid`, and without it throws where nobody
 * can catch it: there, the path has to exist, and the use itself shows whether it is allowed.
 *
 * @throws The system's error, such as `ENOENT` or `EACCES`.
 */
export async function mayUse(path: string, verb: keyof typeof MODES): Promise<void> {
  await ("Deno" in globalThis ? stat(path) : access(path, MODES[verb]));
}
