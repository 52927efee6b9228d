/** Files that a command line or `keyturn.json` names. */

import { type FileHandle, open, readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Context } from "./context.js";
import { UsageError } from "./exit.js";

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "the file does not exist",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
};

/** Describes why a file cannot be read. */
export function unreadable(code: string | undefined): string {
  return WORDS[code ?? ""] ?? String(code);
}

/**
 * Creates a file that only its owner can read. `option` is the option that names the file.
 *
 * @throws {@link UsageError} if it exists, or cannot be created.
 */
export async function createFile({ cwd }: Pick<Context, "cwd">, file: string, option: string): Promise<FileHandle> {
  try {
    return await open(resolve(cwd, file), "wx", 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new UsageError(`${file} already exists, and ${option} never overwrites a file`);
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new UsageError(`${file} cannot be created: there is no such folder`);
    throw new UsageError(`${file} cannot be created: ${unreadable(code)}`);
  }
}

/** Returns the name of a file, or of standard input, for messages. */
export function fileLabel(file: string): string {
  return file === "-" ? "standard input" : file;
}

/**
 * Reads the text of a file, or of standard input for `-`.
 *
 * @throws {@link UsageError} if it cannot be read.
 */
export async function textOf({ stdin, cwd }: Pick<Context, "stdin" | "cwd">, file: string): Promise<string> {
  if (file === "-") {
    let text = "";
    for await (const part of stdin.setEncoding("utf8")) text += part as string;
    return text;
  }
  try {
    return await readFile(resolve(cwd, file), "utf8");
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${unreadable((error as NodeJS.ErrnoException).code)}`);
  }
}
