/** Sinks that are one file: `.env` files and JSON. */

import { randomUUID } from "node:crypto";
import { type FileHandle, open, readdir, readFile, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { codeOf } from "../../base/errno.js";
import { type LockOptions, locked } from "../../base/lock.js";
import { type EnvDialect, envMerge, envRead, jsonRead, jsonWrite } from "../formats.js";
import type { Pair, Sink } from "../ports.js";
import { mayUse } from "./access.js";
import { SinkError, type SinkReason } from "./error.js";
import { BATON_NAMES, type Fields, type PairNames, type Stored, versionedSink } from "./versioned.js";

/** How long to wait for another process that writes the same file, in milliseconds. */
const LOCK_WAIT_MS = 10_000;

/** Returns how a file sink waits for another process that writes the same file. @internal */
export function lockOf(sink: string, waitMs: number | undefined, signal: AbortSignal): LockOptions {
  return {
    waitMs: waitMs ?? LOCK_WAIT_MS,
    signal,
    busy: (file) =>
      new SinkError(sink, "busy", `another process holds the lock ${file}`, {
        hint: "If it ran on another machine and has certainly ended, remove that file.",
      }),
  };
}

/** Options of sinks that are a file. */
export interface FileSinkOptions {
  /** The file. A symbolic link is followed. The file is created if it does not exist; its folder must exist. */
  readonly path: string;
  /** The file's mode. Default: its current mode, and `0o600` for a new file. */
  readonly mode?: number | undefined;
  /** How long to wait for another process that writes the file, in milliseconds. Default: 10 s. */
  readonly lockWaitMs?: number | undefined;
  /** The name of the sink. Default: `file:PATH`. */
  readonly name?: string | undefined;
}

/** Options of {@link envFile}. */
export interface EnvFileOptions extends FileSinkOptions {
  /** The names of the variables. Default: `BATON_CLIENT_ID` and `BATON_CLIENT_SECRET`. */
  readonly names?: PairNames | undefined;
  /** The program that reads the file. Default: `"portable"`, which only writes what all readers agree on. */
  readonly dialect?: EnvDialect | undefined;
}

/** Options of {@link jsonFile}. */
export interface JsonFileOptions extends FileSinkOptions {
  /**
   * The paths of the two values, as keys from the top level: `["c1", "clientId"]`. Default: `clientId` and
   * `clientSecret` at the top level.
   */
  readonly paths?: { readonly clientId: readonly string[]; readonly clientSecret: readonly string[] } | undefined;
}

/**
 * Creates a sink for a `.env` file. The two values are replaced in place; comments, order and everything else stay
 * exactly as they are. The file is replaced atomically, so readers find the old pair or the new one, and it keeps its
 * owner and mode.
 *
 * It compares under a lock that every process on the same machine using this package takes. An editor or a script that
 * takes no lock can write between the read and the replacement; its change is then lost.
 */
export function envFile(options: EnvFileOptions): Sink {
  const { names = BATON_NAMES, dialect = "portable" } = options;
  const name = options.name ?? `file:${options.path}`;
  return fileSink(name, options, {
    read(text) {
      const values = envRead(name, dialect, text);
      return { clientId: values.get(names.clientId), clientSecret: values.get(names.clientSecret) };
    },
    write: (text, { clientId, clientSecret }) =>
      envMerge(name, dialect, text, [
        [names.clientId, clientId],
        [names.clientSecret, clientSecret],
      ]),
  });
}

/**
 * Creates a sink for a JSON file. Works as {@link envFile} does, for two paths of a JSON text, whose style and numbers
 * are kept exactly.
 */
export function jsonFile(options: JsonFileOptions): Sink {
  const { paths = { clientId: ["clientId"], clientSecret: ["clientSecret"] } } = options;
  const name = options.name ?? `file:${options.path}`;
  return fileSink(name, options, {
    read: (text) => ({
      clientId: jsonRead(name, text, paths.clientId),
      clientSecret: jsonRead(name, text, paths.clientSecret),
    }),
    write: (text, { clientId, clientSecret }) =>
      jsonWrite(name, jsonWrite(name, text, paths.clientId, clientId), paths.clientSecret, clientSecret),
  });
}

interface Format {
  read(text: string): Fields;
  write(text: string, pair: Pair): string;
}

interface Content extends Stored {
  /** The file, with symbolic links resolved. */
  readonly path: string;
  readonly text: string;
  readonly mode: number | undefined;
  readonly owner: readonly [uid: number, gid: number] | undefined;
  readonly mtimeMs: number;
}

function fileSink(name: string, options: FileSinkOptions, format: Format): Sink {
  const given = resolve(options.path);
  const real = (): Promise<string> =>
    realpath(given).catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return given;
      throw fileFailure(name, "find", given, error);
    });
  return versionedSink<Content>({
    name,
    async load() {
      const path = await real();
      let handle: FileHandle | undefined;
      try {
        handle = await open(path, "r");
        const facts = await handle.stat({ bigint: true });
        const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await handle.readFile());
        return {
          path,
          text,
          // A replaced file has another inode, and a changed one another time; neither says anything about the content.
          version: `${facts.ino}.${facts.mtimeNs}.${facts.ctimeNs}`,
          mode: Number(facts.mode) & 0o7777,
          owner: [Number(facts.uid), Number(facts.gid)],
          mtimeMs: Number(facts.mtimeMs),
          ...format.read(text),
        };
      } catch (error) {
        if (codeOf(error) === "ENOENT")
          return { path, text: "", version: "none", mode: undefined, owner: undefined, mtimeMs: 0 };
        if (error instanceof TypeError) throw new SinkError(name, "malformed", `${path} is not UTF-8`);
        throw fileFailure(name, "read", path, error);
      } finally {
        await handle?.close();
      }
    },
    async check({ path }) {
      try {
        // The file is replaced by another one, so the permission to write in its folder counts.
        await mayUse(dirname(path), "write in");
      } catch (error) {
        throw fileFailure(name, "write in", dirname(path), error);
      }
    },
    async store({ path, text, mode, owner, mtimeMs }, pair) {
      // Values that the format cannot carry are refused before anything is touched.
      const content = format.write(text, pair);
      const found = format.read(content);
      if (found.clientId !== pair.clientId || found.clientSecret !== pair.clientSecret)
        throw new SinkError(name, "refused", "the two values are written to the same place");
      await replaceFile(name, path, content, options.mode ?? mode ?? 0o600, owner, mtimeMs);
      return true;
    },
    async alone(signal, work) {
      const path = await real();
      try {
        return await locked(path, lockOf(name, options.lockWaitMs, signal), work);
      } catch (error) {
        throw fileFailure(name, "lock", path, error);
      }
    },
  });
}

/** Replaces a file, or creates it, atomically and durably. The caller must hold the lock. */
async function replaceFile(
  sink: string,
  path: string,
  content: string,
  mode: number,
  owner: readonly [number, number] | undefined,
  after: number,
): Promise<void> {
  const folder = dirname(path);
  const prefix = `.${basename(path)}.keyturn-`;
  const temporary = join(folder, prefix + randomUUID());
  let handle: FileHandle | undefined;
  try {
    // A process that died halfway leaves a temporary file with a secret in it.
    for (const name of await readdir(folder))
      if (name.startsWith(prefix)) await rm(join(folder, name), { force: true });
    handle = await open(temporary, "wx", 0o600);
    await handle.writeFile(content);
    if (owner !== undefined) {
      const made = await handle.stat();
      if (made.uid !== owner[0] || made.gid !== owner[1]) await handle.chown(...owner);
    }
    await handle.chmod(mode);
    // File system clocks are coarse, but two states of the file must not have the same time.
    const { mtimeMs } = await handle.stat();
    if (mtimeMs <= after + 1) await handle.utimes((after + 2) / 1000, (after + 2) / 1000);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    throw fileFailure(sink, "write", path, error);
  } finally {
    await handle?.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Makes names in a folder durable. @internal */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders, and writes names through.
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const REASONS: Record<string, readonly [SinkReason, string]> = {
  ENOSPC: ["full", "the disk is full"],
  EDQUOT: ["full", "the user's disk quota is exceeded"],
  EROFS: ["denied", "the file system is read-only"],
  EACCES: ["denied", "permission denied"],
  EPERM: ["denied", "permission denied, or this user may not keep the file's owner"],
  ENOENT: ["missing", "the folder does not exist"],
  ENOTDIR: ["missing", "a file is where a folder should be"],
  EISDIR: ["malformed", "a folder is where a file should be"],
};

/** Converts a Node error to the error of a sink. @internal */
export function fileFailure(sink: string, verb: string, path: string, error: unknown): Error {
  const code = codeOf(error);
  // Errors of this package are passed on, including the caller's abort.
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error as Error;
  const [reason, why] = REASONS[code] ?? (["unavailable", code] as const);
  return new SinkError(sink, reason, `cannot ${verb} ${path}: ${why}`, {
    cause: error,
    outcome: verb === "write" ? "unknown" : "none",
  });
}

/** Reads a text file; resolves with `undefined` if it does not exist. @internal */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
