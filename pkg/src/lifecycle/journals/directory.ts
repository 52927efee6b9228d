/**
 * A journal in a folder, for any number of processes of one machine.
 *
 * ```text
 * FOLDER/streams/order-export/0000000001.json   an event and a line feed
 * FOLDER/places/0000000001.json                 which folder this is
 * FOLDER/temporary/8d5c...                      files that are being written
 * ```
 * An event is written to a temporary file, synced, and given its name with `link()`, which fails if the name is taken:
 * this is the compare-and-set, without a lock that a dead process could leave behind. Then the folder is synced, so
 * that the name is durable too. A file that has its name is therefore complete, and never changes.
 *
 * A folder that was restored from a backup lacks what came later. The last file in `places` says so, with the length of
 * each stream at that moment, because somebody declared it or a copy was noticed. To notice copies, each of these files
 * states its own inode and creation time, which a copy does not share.
 *
 * Small files are read on the main thread, which would block the program if a network file system did not answer. Each
 * call therefore begins with a request on another thread.
 */

import { randomUUID } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { codeOf } from "../../base/errno.js";
import type { Clock } from "../../base/options.js";
import type { Journal, Provider, Sink, StreamHead } from "../ports.js";
import { checkAppend, gap, JournalError, type JournalReason } from "./error.js";
import { guarded, LOOK_BACK_MS } from "./forgotten.js";

/** The number of digits in the name of an event's file, so that a listing is in order. */
const DIGITS = 10;
/**
 * How much older than a new temporary file another one must be to count as abandoned, in milliseconds. If its process
 * is still alive, it writes another.
 */
const LEFT_BEHIND_MS = 60_000;
/**
 * The number of files that are read before other work gets a turn. Each is small and takes a few microseconds; through
 * threads, it would take a hundred times that.
 */
const AT_ONCE = 64;

/** Options of {@link directoryJournal}. */
export interface DirectoryJournalOptions {
  /** The mode of new folders. Default: `0o700`; events name credentials, though they hold no secret. */
  readonly mode?: number | undefined;
  /**
   * How far back a control plane's records are searched for credentials that the journal has forgotten, in
   * milliseconds: longer than the age of the oldest backup that is ever restored. Default: 7 days.
   */
  readonly lookBackMs?: number | undefined;
  /**
   * Whether to notice that the folder is a copy, such as one that a backup program restored, and to treat it as one
   * that lacks events ({@link declareRestored}). All processes that use the journal need the same setting. Not for a
   * folder that is routinely copied, such as a branch of a repository or a cache of a CI system, nor for a file system
   * that does not keep creation times. Default: false.
   */
  readonly noticeCopies?: boolean | undefined;
  /** Called when `noticeCopies` has noticed a copy. */
  readonly onRestored?: (() => void) | undefined;
}

/** Options of {@link declareRestored}. */
export interface RestoreOptions {
  /**
   * False if the folder has every event that was ever acknowledged, as after a move to another disk: this undoes what
   * was noticed or declared before. Default: true.
   */
  readonly lost?: boolean | undefined;
}

/**
 * Opens a journal in a folder, which is created if it does not exist. Any number of processes of one machine may use it
 * at the same time. The file system needs hard links and must keep what was synced, as local disks do, and NFS from
 * version 3 on.
 *
 * Its methods reject with a {@link JournalError} that names the file: if the disk is full, if a folder is not writable,
 * or if a file is torn, is missing, or was put there by somebody else.
 */
export function directoryJournal(folder: string, options: DirectoryJournalOptions = {}): Journal {
  return new DirectoryJournal(resolve(folder), options);
}

/**
 * States that the folder of a journal was restored from a backup, so that the journal may lack events. From then on, a
 * credential is issued for a target only if its control plane's list or records show that none was forgotten, or a
 * person has resumed its rotation or adopted a credential.
 *
 * Call it before any process uses the journal again. With `noticeCopies`, no call is needed for a folder whose files
 * were copied there by `cp`, `tar`, `rsync` or a backup program. A call is always needed after a restore that keeps the
 * file system as it is, such as an earlier snapshot of the whole disk, or that only removes newer files, such as
 * `rsync --delete` into the same folder.
 *
 * @throws {@link JournalError} as the journal does; `unavailable` if there is no such folder.
 */
export async function declareRestored(folder: string, { lost = true }: RestoreOptions = {}): Promise<void> {
  await new DirectoryJournal(resolve(folder), {}).declare(lost);
}

/** The content of a file in `places`. */
interface Place {
  /** The inode number of this very file. */
  readonly inode: string;
  /** When it was created, in milliseconds since 1970; 0 where the file system does not say. */
  readonly born: number;
  /** How many events each stream had when the journal was restored; absent if nothing is missing. */
  readonly restored?: readonly (readonly [stream: string, length: number])[] | undefined;
}

class DirectoryJournal implements Journal {
  readonly #streams: string;
  readonly #places: string;
  readonly #temporary: string;
  readonly #mode: number;
  readonly #lookBackMs: number;
  readonly #noticeCopies: boolean;
  readonly #onRestored: (() => void) | undefined;
  /** The folders that are known to be durable. */
  readonly #made = new Set<string>();
  /** How many events each stream had when it was last read. */
  readonly #lengths = new Map<string, number>();
  #cleaned = false;
  /** Whether this process knows that the folder states which one it is. */
  #placed = false;

  constructor(folder: string, options: DirectoryJournalOptions) {
    const { mode = 0o700, lookBackMs = LOOK_BACK_MS, noticeCopies = false, onRestored } = options;
    this.#streams = join(folder, "streams");
    this.#places = join(folder, "places");
    this.#temporary = join(folder, "temporary");
    this.#mode = mode;
    this.#lookBackMs = lookBackMs;
    this.#noticeCopies = noticeCopies;
    this.#onRestored = onRestored;
  }

  guard(target: string, provider: Provider, sinks: readonly Sink[], clock: Clock): Provider {
    const recollection = {
      what: "folder",
      // Without a restore, credentials that people create by hand at the control plane must not stop a rotation.
      always: false,
      lookBackMs: this.#lookBackMs,
      read: (stream: string) => this.read(stream, 1),
      restoredAt: async (stream: string) => {
        const restored = (await this.#place())?.restored;
        return restored && (restored.find(([name]) => name === stream)?.[1] ?? 0);
      },
    } as const;
    return guarded(recollection, target, provider, sinks, clock);
  }

  async append(stream: string, sequence: number, event: string): Promise<boolean> {
    checkAppend(stream, sequence, event);
    const folder = join(this.#streams, encodeName(stream));
    const path = join(folder, fileName(sequence));
    if (await isThere(path)) {
      // The process that wrote it may have died before the name was durable.
      await syncFolder(folder);
      return false;
    }
    // Events are never removed, so an event that exists now still exists when the new one gets its name.
    if (sequence > 1 && !exists(join(folder, fileName(sequence - 1)))) throw gap(stream, sequence, path);
    if (this.#noticeCopies && !this.#placed) await this.#place();
    return this.#store(folder, path, () => `${event}\n`);
  }

  async read(stream: string, from: number): Promise<readonly string[]> {
    const folder = join(this.#streams, encodeName(stream));
    const first = Math.max(1, from);
    await isThere(join(folder, fileName(first)));
    const last = await this.#length(folder, first - 1);
    const numbers = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
    return some(numbers, async (number) => {
      const path = join(folder, fileName(number));
      return eventOf(path, number === first ? await bytesOf(path) : bytesAtOnce(path));
    });
  }

  async streams(): Promise<readonly StreamHead[]> {
    const heads = await some(await list(this.#streams), async (name) => {
      const stream = decodeName(name);
      const path = join(this.#streams, name);
      if (stream === undefined)
        throw new JournalError("foreign", `${path} is not a stream of the journal`, { path, hint: MOVE });
      return { stream, length: await this.#length(path, 0) };
    });
    // A process may have created a folder without writing the event.
    return heads.flatMap(({ stream, length }) => (length > 0 ? [{ stream, version: String(length) }] : []));
  }

  /**
   * Returns how many events a stream has. The folder is listed at most once, and checked for files that do not belong
   * there; from then on, only the names of possible next events are tried.
   */
  async #length(folder: string, least: number): Promise<number> {
    let length = this.#lengths.get(folder);
    if (length === undefined) {
      if (least > 0 && !exists(join(folder, fileName(least)))) least = 0;
      length = least > 0 ? least : count(folder, await list(folder));
    }
    while (exists(join(folder, fileName(length + 1)))) length++;
    if (length > 0) this.#lengths.set(folder, length);
    return length;
  }

  /** Records that the folder was restored, whatever it looks like; or that nothing is missing from it. */
  async declare(lost: boolean): Promise<void> {
    const root = dirname(this.#streams);
    if (!(await isThere(root))) throw new JournalError("unavailable", `there is no journal in ${root}`, { path: root });
    while ((await this.#stay(count(this.#places, await list(this.#places)) + 1, lost)) === undefined);
  }

  /**
   * Returns what the folder states. With `noticeCopies`, notices whether it is another folder than before, and records
   * that.
   */
  async #place(): Promise<Place | undefined> {
    for (;;) {
      const number = count(this.#places, await list(this.#places));
      const path = join(this.#places, fileName(number));
      if (number === 0 && !this.#noticeCopies) return undefined;
      if (number > 0) {
        const place = placeOf(path, await bytesOf(path));
        if (!this.#noticeCopies) return place;
        this.#placed = await stat(path, { bigint: true }).then(
          (found) => isAt(place, found),
          (error: unknown) => {
            throw fileFailure(error, "read", path);
          },
        );
        if (this.#placed) return place;
      }
      // A folder that has never stated which one it is may come from an earlier version, so it does not count as a
      // copy.
      const place = await this.#stay(number + 1, number > 0);
      if (place === undefined) continue;
      if (number > 0) this.#onRestored?.();
      return place;
    }
  }

  /** Records that the journal is in this folder from now on. Resolves with `undefined` if another process was first. */
  async #stay(number: number, lost: boolean): Promise<Place | undefined> {
    // What this process knows dates from before.
    this.#lengths.clear();
    const restored = lost
      ? (await this.streams()).map(({ stream, version }) => [stream, Number(version)] as const)
      : undefined;
    let place: Place | undefined;
    const stored = await this.#store(this.#places, join(this.#places, fileName(number)), async (file) => {
      const { ino, birthtimeMs } = await file.stat({ bigint: true });
      place = { inode: String(ino), born: Number(birthtimeMs), restored };
      return `${JSON.stringify(place)}\n`;
    });
    this.#placed = stored;
    return stored ? place : undefined;
  }

  /** Stores a file durably under a name. Resolves with `false`, and changes nothing, if the name is taken. */
  async #store(
    folder: string,
    path: string,
    content: (file: FileHandle) => string | Promise<string>,
  ): Promise<boolean> {
    await this.#make(folder);
    await this.#make(this.#temporary);
    for (;;) {
      const temporary = join(this.#temporary, randomUUID());
      try {
        await this.#write(temporary, content);
        const named = await give(temporary, path);
        if (named === undefined) continue;
        // The name must be durable before it is reported.
        await syncFolder(folder);
        return named;
      } finally {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    }
  }

  /** Creates a folder, and makes it durable. */
  async #make(folder: string): Promise<void> {
    if (this.#made.has(folder)) return;
    let first: string | undefined;
    try {
      first = await mkdir(folder, { recursive: true, mode: this.#mode });
    } catch (error) {
      throw fileFailure(error, "make the folder", folder);
    }
    // The process that made a folder may have died before its name was durable, so names are synced whether they are
    // new or not.
    const root = dirname(this.#streams);
    await syncFolder(dirname(folder));
    if (this.#made.size === 0) {
      await syncFolder(root);
      const top = first === undefined || !root.startsWith(first) ? dirname(root) : dirname(first);
      for (let at = dirname(root); ; at = dirname(at)) {
        // An existing folder may be inaccessible to this user: whoever created it was responsible for making it
        // durable.
        await syncFolder(at).catch((error: unknown) => {
          if (first !== undefined && at.startsWith(first)) throw error;
        });
        if (at === top || at === dirname(at)) break;
      }
    }
    this.#made.add(folder);
  }

  async #write(path: string, content: (file: FileHandle) => string | Promise<string>): Promise<void> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, "wx", 0o600);
      await handle.writeFile(await content(handle));
      await handle.datasync();
      const { mtimeMs } = await handle.stat();
      if (!this.#cleaned) await this.#clean(mtimeMs);
    } catch (error) {
      throw fileFailure(error, "write", path);
    } finally {
      await handle?.close().catch(() => undefined);
    }
  }

  /**
   * Removes temporary files that dead processes left, once per process. Ages are measured by the file system's clock
   * alone.
   */
  async #clean(now: number): Promise<void> {
    this.#cleaned = true;
    for (const name of await list(this.#temporary)) {
      const path = join(this.#temporary, name);
      const found = await stat(path).catch(() => undefined);
      if (found && now - found.mtimeMs > LEFT_BEHIND_MS) await rm(path, { force: true }).catch(() => undefined);
    }
  }
}

const MOVE = "Move it out of the journal's folder, which must contain nothing else.";

/** Calls a function for each item, in order, and lets other work run now and then. */
async function some<T, R>(all: readonly T[], work: (one: T) => R | Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (const one of all) {
    if (done.length % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
    done.push(await work(one));
  }
  return done;
}

/**
 * Gives a written file its name. Resolves with `false` if the name is taken, and with `undefined` if another process
 * considered the written file abandoned.
 */
async function give(temporary: string, path: string): Promise<boolean | undefined> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    // A network file server may have acted on a request whose answer was lost, and refuse the second one.
    const links = await stat(temporary).then(
      ({ nlink }) => nlink,
      () => 0,
    );
    if (links > 1) return true;
    if (codeOf(error) === "EEXIST") return false;
    if (codeOf(error) === "ENOENT" && links === 0) return undefined;
    throw fileFailure(error, "write", path, "unknown");
  }
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw fileFailure(error, "read", path);
  }
}

function bytesAtOnce(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileFailure(error, "read", path);
  }
}

function eventOf(path: string, bytes: Buffer): string {
  // The line feed is written last.
  if (bytes.at(-1) !== 10)
    throw new JournalError("torn", `${path} is incomplete: it does not end with a line feed`, {
      path,
      hint: "Restore the file from a backup. Without it, what happened to the credential is unknown.",
    });
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, -1));
  } catch (cause) {
    throw new JournalError("torn", `${path} is not UTF-8`, { path, cause });
  }
}

function placeOf(path: string, bytes: Buffer): Place {
  try {
    const { inode, born, restored } = JSON.parse(eventOf(path, bytes)) as Place;
    return { inode, born, restored };
  } catch (cause) {
    if (cause instanceof JournalError) throw cause;
    throw new JournalError("foreign", `${path} does not state which folder this is`, { path, cause, hint: MOVE });
  }
}

/** Returns whether a file is the one that it states to be, and not a copy. */
function isAt({ inode, born }: Place, { ino, birthtimeMs }: { ino: bigint; birthtimeMs: bigint }): boolean {
  const known = born > 0 && birthtimeMs > 0;
  // On Linux nobody can set the creation time of a file, and some file systems give a file another inode number when
  // they are mounted again.
  if (known && process.platform === "linux") return BigInt(born) === birthtimeMs;
  return inode === String(ino) && (!known || BigInt(born) === birthtimeMs);
}

/** Returns the number of files in a listing. Throws unless they are numbered from 1 without a gap. */
function count(folder: string, names: readonly string[]): number {
  const numbers = new Set<number>();
  for (const name of names) {
    const number = Number(/^(\d{10,16})\.json$/.exec(name)?.[1] ?? Number.NaN);
    const path = join(folder, name);
    if (!(number >= 1) || fileName(number) !== name)
      throw new JournalError("foreign", `${path} is not an event of the journal`, { path, hint: MOVE });
    numbers.add(number);
  }
  for (let number = 1; number <= numbers.size; number++) {
    const path = join(folder, fileName(number));
    if (!numbers.has(number))
      throw new JournalError("gap", `${path} is missing, but later events exist`, {
        path,
        hint: "Restore the file from a backup.",
      });
  }
  return numbers.size;
}

/** Lists the names in a folder, without hidden files of the system. Empty if the folder does not exist. */
async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith(".")).sort();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw fileFailure(error, "list", folder);
  }
}

/**
 * Returns whether a file exists. The request runs on another thread, so the program continues if the file system does
 * not answer.
 */
async function isThere(path: string): Promise<boolean> {
  try {
    return (await stat(path)) !== undefined;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw fileFailure(error, "look for", path);
  }
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw fileFailure(error, "look for", path);
  }
}

/** Makes the names in a folder durable. @internal */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders, and writes names through.
  if (process.platform === "win32") return;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    await handle.sync();
  } catch (error) {
    throw fileFailure(error, "sync", path, "unknown");
  } finally {
    await handle?.close().catch(() => undefined);
  }
}

function fileName(sequence: number): string {
  return `${String(sequence).padStart(DIGITS, "0")}.json`;
}

/** Names that Windows reserves for devices. */
const DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;
/** The length that every file system allows for a name, in bytes. */
const NAME_BYTES = 255;

/**
 * Encodes the name of a stream as the name of a folder: lowercase letters, digits, `-` and `_` stay as they are, and
 * every other byte of its UTF-8 becomes `%` and two hex digits. Names that differ only in case therefore do not collide
 * on case-insensitive file systems, and no name leads out of the folder.
 */
function encodeName(stream: string): string {
  if (/[\uD800-\uDFFF]/u.test(stream)) throw new JournalError("invalid", "the name of the stream has a lone surrogate");
  const hex = (byte: number): string => `%${byte.toString(16).padStart(2, "0")}`;
  const plain = /[a-z0-9_-]/;
  const name = [...Buffer.from(stream)]
    .map((byte) => (byte < 128 && plain.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : hex(byte)))
    .join("");
  if (name.length > NAME_BYTES)
    throw new JournalError(
      "invalid",
      `the name of the stream ${JSON.stringify(stream)} needs ${name.length} bytes as the name of a folder, but the limit is ${NAME_BYTES}`,
    );
  if (name === "") return "%";
  return DEVICES.test(name) ? hex(name.charCodeAt(0)) + name.slice(1) : name;
}

function decodeName(name: string): string | undefined {
  if (name === "%") return "";
  try {
    const stream = decodeURIComponent(name);
    return encodeName(stream) === name ? stream : undefined;
  } catch {
    return undefined;
  }
}

/** Node's error codes, and what they mean for a journal. */
const REASONS: Record<string, readonly [JournalReason, string]> = {
  ENOSPC: ["full", "the disk is full"],
  EDQUOT: ["full", "the user's disk quota is exceeded"],
  EROFS: ["read_only", "the file system is read-only"],
  EACCES: ["denied", "permission denied"],
  EPERM: ["denied", "permission denied, or the file system has no hard links"],
  ENOTSUP: ["unsupported", "the file system has no hard links"],
  EOPNOTSUPP: ["unsupported", "the file system has no hard links"],
  EXDEV: ["unsupported", "the journal's folder spans two file systems"],
  EMLINK: ["unsupported", "the file system has no hard links"],
  ENOTDIR: ["foreign", "there is a file in place of a folder of the journal"],
  EISDIR: ["foreign", "there is a folder in place of an event of the journal"],
};

/** Converts an error of the file system to a {@link JournalError}. @internal */
export function fileFailure(
  error: unknown,
  verb: string,
  path: string,
  outcome: "none" | "unknown" = "none",
): JournalError {
  if (error instanceof JournalError) return error;
  const [reason, why] = REASONS[codeOf(error) ?? ""] ?? (["unavailable", String(error)] as const);
  return new JournalError(reason, `cannot ${verb} ${path}: ${why}`, { path, cause: error, outcome });
}
