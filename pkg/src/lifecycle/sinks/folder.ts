/** A folder with a file for each value, as Docker, Kubernetes and systemd pass secrets to programs. */

import { randomUUID } from "node:crypto";
import { lstat, mkdir, open, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { codeOf } from "../../base/errno.js";
import { locked } from "../../base/lock.js";
import type { Pair, Sink } from "../ports.js";
import { mayUse } from "./access.js";
import { SinkError } from "./error.js";
import { fileFailure, lockOf, readIfThere, syncFolder } from "./files.js";
import { type PairNames, type Stored, versionedSink } from "./versioned.js";

/** Options of {@link secretFolder}. */
export interface SecretFolderOptions {
  /** The folder. It is created if it does not exist. */
  readonly path: string;
  /** The names of the files. Default: `client-id` and `client-secret`. */
  readonly names?: PairNames | undefined;
  /** The mode of the files. Default: `0o600`. */
  readonly mode?: number | undefined;
  /** The mode of new folders. Default: `0o700`. */
  readonly folderMode?: number | undefined;
  /** How long to wait for another process that writes the folder, in milliseconds. Default: 10 s. */
  readonly lockWaitMs?: number | undefined;
  /** The name of the sink. Default: `folder:PATH`. */
  readonly name?: string | undefined;
}

const DATA = "..data";
const GENERATION = /^\.\.\d+_[0-9a-f-]{36}$/;

/**
 * Creates a sink for a folder with a file for each value, in the layout of the kubelet:
 *
 * ```text
 * client-id     -> ..data/client-id
 * client-secret -> ..data/client-secret
 * ..data        -> ..12_0b5e...
 * ..12_0b5e.../    the files
 * ```
 * Replacing `..data` changes both values atomically, so a program that opens the folder `..data` and reads both from
 * there gets a pair that belongs together. The previous generation is kept until the next write, for `restore` to go
 * back to. Values are written without a line feed. The sink compares as {@link envFile} does.
 */
export function secretFolder(options: SecretFolderOptions): Sink {
  const {
    names = { clientId: "client-id", clientSecret: "client-secret" },
    mode = 0o600,
    folderMode = 0o700,
  } = options;
  const folder = resolve(options.path);
  const name = options.name ?? `folder:${options.path}`;
  for (const file of Object.values(names))
    if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(file))
      throw new SinkError(name, "refused", `${file} is not a file name`);
  const current = (): Promise<string | undefined> =>
    readlink(join(folder, DATA)).catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    });
  const pairAt = async (generation: string): Promise<{ clientId?: string; clientSecret?: string }> => {
    const [clientId, clientSecret] = await Promise.all(
      [names.clientId, names.clientSecret].map((file) => readIfThere(join(folder, generation, file))),
    );
    return { ...(clientId !== undefined && { clientId }), ...(clientSecret !== undefined && { clientSecret }) };
  };
  const guarded = async <T>(verb: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw fileFailure(name, verb, folder, error);
    }
  };
  return versionedSink<Stored>({
    name,
    load: () =>
      guarded("read", async () => {
        for (;;) {
          const generation = await current();
          // Without the layout, the files in the folder itself count, so that a folder that somebody else filled is
          // recognized.
          const pair = await pairAt(generation ?? ".");
          if ((await current()) === generation) return { version: generation ?? "none", ...pair };
        }
      }),
    check: async () => {
      // The folder is created with its parents, so the nearest one that exists counts.
      for (let place = folder; ; place = dirname(place)) {
        try {
          return await mayUse(place, "write in");
        } catch (error) {
          if (codeOf(error) !== "ENOENT" || place === dirname(place)) throw fileFailure(name, "write in", place, error);
        }
      }
    },
    store: ({ version }, pair) =>
      guarded("write", async () => {
        const number = Number(/^\.\.(\d+)_/.exec(version)?.[1] ?? 0) + 1;
        const generation = `..${number}_${randomUUID()}`;
        // Removes files that a dead process left, and generations before the current one.
        for (const entry of await readdir(folder))
          if ((GENERATION.test(entry) && entry !== version) || entry.startsWith(`${DATA}_`))
            await rm(join(folder, entry), { recursive: true, force: true });
        await mkdir(join(folder, generation), { mode: folderMode });
        for (const key of ["clientId", "clientSecret"] as const)
          await writeFile(join(folder, generation, names[key]), pair[key], mode);
        await syncFolder(join(folder, generation));
        for (const file of Object.values(names)) await point(folder, file, `${DATA}/${file}`);
        await point(folder, DATA, generation);
        await syncFolder(folder);
        return true;
      }),
    recall: (clientId, { version }) =>
      guarded("read", async (): Promise<Pair | undefined> => {
        for (const entry of await readdir(folder)) {
          if (!GENERATION.test(entry) || entry === version) continue;
          const found = await pairAt(entry);
          if (found.clientId === clientId && found.clientSecret !== undefined)
            return { clientId, clientSecret: found.clientSecret };
        }
        return undefined;
      }),
    alone: (signal, work) =>
      guarded("lock", async () => {
        await mkdir(folder, { recursive: true, mode: folderMode });
        return locked(join(folder, "..keyturn"), lockOf(name, options.lockWaitMs, signal), work);
      }),
  });
}

/** Creates a symbolic link, atomically replacing any file or link of that name. */
async function point(folder: string, link: string, to: string): Promise<void> {
  const path = join(folder, link);
  const before = await readlink(path).catch(() => undefined);
  if (before === to) return;
  const there = await lstat(path).catch(() => undefined);
  if (there?.isDirectory()) throw Object.assign(new Error(`${path} is a folder`), { code: "EISDIR" });
  const temporary = join(folder, `${DATA}_${randomUUID()}`);
  await symlink(to, temporary);
  await rename(temporary, path);
}

async function writeFile(path: string, text: string, mode: number): Promise<void> {
  const handle = await open(path, "wx", mode);
  try {
    await handle.chmod(mode);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
