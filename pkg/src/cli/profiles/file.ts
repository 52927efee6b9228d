/**
 * The file of profiles: `profiles.json` in the folder `keyturn` of the system's settings folder. It holds secrets if the system
 * has no keyring, so it is read only if nobody else can read it.
 */

import { randomUUID } from "node:crypto";
import type { Stats } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { locked } from "../../base/lock.js";
import { CommandError, EXIT, UsageError } from "../exit.js";
import { quoted } from "../shell.js";

/** A profile as it is stored. */
export interface Entry {
  readonly clientId: string;
  readonly serverURL?: string | undefined;
  readonly tenantDomain?: string | undefined;
  /** The secret, if it is not in the keyring. */
  readonly clientSecret?: string | undefined;
  /** Whether `keyturn login` created the credential, so that `keyturn logout` may revoke it. */
  readonly made?: boolean | undefined;
  /** The time at which it expires, in milliseconds since 1970, if known. */
  readonly expiresAt?: number | undefined;
}

/** The whole file: profiles by API and name. */
export interface ProfileFile {
  readonly version: 1;
  readonly profiles: Readonly<Record<string, Readonly<Record<string, Entry>>>>;
}

const EMPTY: ProfileFile = { version: 1, profiles: {} };
/**
 * How long to wait for another process that changes the file, in milliseconds. A lock is held for milliseconds, and the
 * lock of a process that died is ignored.
 */
const LOCK_WAIT_MS = 10_000;

/** Returns the path of the file: in `$XDG_CONFIG_HOME`, `~/.config`, or on Windows `%APPDATA%`. */
export function profilesPath(env: NodeJS.ProcessEnv): string {
  const { XDG_CONFIG_HOME: xdg = "", APPDATA: appData = "", HOME: home = "" } = env;
  const base = isAbsolute(xdg)
    ? xdg
    : process.platform === "win32" && isAbsolute(appData)
      ? appData
      : join(isAbsolute(home) ? home : homedir(), ".config");
  return join(base, "keyturn", "profiles.json");
}

/**
 * Returns the problem with the permissions of a file that holds secrets, and the command that fixes it; `undefined` if
 * there is none. Windows has no such modes.
 */
export function exposure(
  path: string,
  stats: Stats,
  kind: "file" | "folder",
): { problem: string; fix: string } | undefined {
  if (process.platform === "win32") return undefined;
  const own = process.getuid?.();
  // Root may use the file of the user who became root.
  if (own !== undefined && own !== 0 && stats.uid !== own)
    return { problem: `${path} belongs to another user`, fix: `sudo chown "$(id -un)" ${quoted(path)}` };
  const bits = stats.mode & 0o777;
  const open = kind === "file" ? bits & 0o077 : bits & 0o022;
  if (open === 0) return undefined;
  const may = kind === "file" ? "can be read or changed" : "can be changed";
  return {
    problem: `${path} ${may} by other users: its mode is ${bits.toString(8).padStart(4, "0")}`,
    fix: kind === "file" ? `chmod 600 ${quoted(path)}` : `chmod go-w ${quoted(path)}`,
  };
}

/**
 * Reads the profiles; none if there is no file.
 *
 * @throws {@link UsageError} if others can read or replace the file, or it is not a file of profiles.
 */
export async function readProfiles(path: string): Promise<ProfileFile> {
  let text: string;
  try {
    const file = await open(path, "r");
    try {
      // Checks the open file, since another one may be at its path by now.
      refuse(exposure(path, await file.stat(), "file"));
      text = await file.readFile("utf8");
    } finally {
      await file.close();
    }
    refuse(exposure(dirname(path), await stat(dirname(path)), "folder"));
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return EMPTY;
    throw error;
  }
  return parsed(path, text);
}

function refuse(found: { problem: string; fix: string } | undefined): void {
  if (found !== undefined) throw new UsageError(found.problem, { hint: `Run: ${found.fix}` });
}

function parsed(path: string, text: string): ProfileFile {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    // The parser's message would quote part of the text.
    throw new UsageError(`${path} is not JSON`, { hint: "Restore it from a backup, or remove it and log in again." });
  }
  const { version, profiles } = (file ?? {}) as { version?: unknown; profiles?: unknown };
  if (typeof version === "number" && version > 1)
    throw new UsageError(`${path} was written by a newer keyturn`, { hint: "Update keyturn." });
  const lists = isObject(profiles) ? Object.values(profiles) : [undefined];
  const fits = (one: unknown): boolean =>
    isObject(one) && typeof one.clientId === "string" && ["string", "undefined"].includes(typeof one.clientSecret);
  if (version !== 1 || !lists.every((list) => isObject(list) && Object.values(list).every(fits)))
    throw new UsageError(`${path} is not a profile file`, { hint: "Remove it and log in again." });
  return file as ProfileFile;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Changes the file: the result of `change` replaces its contents atomically. Other processes that change it wait.
 * Returns the previous contents.
 */
export async function changeProfiles(path: string, change: (before: ProfileFile) => ProfileFile): Promise<ProfileFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const busy = (file: string): CommandError =>
    new CommandError(EXIT.unavailable, `another keyturn holds the lock ${file}`, {
      hint: "If it ran on another machine and has certainly ended, remove that file.",
    });
  return locked(path, { waitMs: LOCK_WAIT_MS, busy }, () => replaced(path, change));
}

async function replaced(path: string, change: (before: ProfileFile) => ProfileFile): Promise<ProfileFile> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    const before = await readProfiles(path);
    const after = `${JSON.stringify(change(before), undefined, 2)}\n`;
    await clean(path);
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(after);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return before;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Removes files of processes that died while writing, which may hold secrets. Only the holder of the lock writes. */
async function clean(path: string): Promise<void> {
  const leftover = new RegExp(`^${basename(path).replaceAll(".", "\\.")}\\.[\\da-f-]{36}$`);
  for (const name of await readdir(dirname(path)))
    if (leftover.test(name)) await rm(join(dirname(path), name), { force: true });
}

/** Makes the entries of a folder durable, if the system can open folders. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, "r");
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    if (!["EISDIR", "EPERM", "EACCES", "EINVAL"].includes((error as { code?: string }).code ?? "")) throw error;
  }
}
