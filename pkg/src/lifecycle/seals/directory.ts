/** Sealed copies in a folder, with a file for each. */

import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { codeOf } from "../../base/errno.js";
import { fileFailure, syncFolder } from "../journals/directory.js";
import type { SealStore } from "../ports.js";

/** Options of {@link directorySeals}. */
export interface DirectorySealsOptions {
  /** The mode of the folder, if it is created. Default: `0o700`. */
  readonly mode?: number | undefined;
}

/**
 * Creates a store of sealed copies in a folder, for the processes of one machine. Only its owner may access a file,
 * which is deleted once nobody needs the copy. The disk, its snapshots and backups may keep the content, but not the
 * key.
 *
 * ```ts
 * const seal = { store: directorySeals("/var/lib/keyturn/sealed"), key: await readFile("/etc/keyturn/seal.key") };
 * ```
 * Its methods reject with a {@link JournalError} that names the file.
 */
export function directorySeals(folder: string, { mode = 0o700 }: DirectorySealsOptions = {}): SealStore {
  const at = resolve(folder);
  // A marker may be too long for a file name, or have characters that a file name cannot have.
  const path = (marker: string): string => join(at, createHash("sha256").update(marker).digest("hex"));
  const attempt = async <T>(verb: string, marker: string, work: (path: string) => Promise<T>): Promise<T> => {
    const file = path(marker);
    try {
      return await work(file);
    } catch (error) {
      throw fileFailure(error, verb, file);
    }
  };
  return {
    put: (marker, sealed) =>
      attempt("write", marker, async (file) => {
        await mkdir(at, { recursive: true, mode });
        // Only one process seals for a marker, so a leftover file belongs to one that died, and `delete` removes it.
        let handle: FileHandle | undefined;
        try {
          handle = await open(`${file}.new`, "w", 0o600);
          await handle.writeFile(sealed);
          await handle.sync();
        } finally {
          await handle?.close();
        }
        await rename(`${file}.new`, file);
        await syncFolder(at);
      }),
    get: (marker) =>
      attempt("read", marker, async (file) => {
        try {
          return await readFile(file, "utf8");
        } catch (error) {
          if (codeOf(error) === "ENOENT") return undefined;
          throw error;
        }
      }),
    delete: (marker) =>
      attempt("delete", marker, async (file) => {
        await rm(`${file}.new`, { force: true });
        await rm(file, { force: true });
        await syncFolder(at).catch((error: unknown) => {
          if (codeOf((error as { cause?: unknown }).cause) !== "ENOENT") throw error;
        });
      }),
  };
}
