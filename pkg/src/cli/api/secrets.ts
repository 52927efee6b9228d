/** Removes secrets of answers from the output, and writes them to a separate file. */

import { type FileHandle, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CommandError, EXIT } from "../exit.js";
import { createFile } from "../files.js";
import { syncFolder } from "../profiles/file.js";

/** The placeholder of a secret. */
export const MASK = "[secret]";

/** The form of C1's secrets. */
const RECOGNISED = /secret-token:[\w.-]+:v\d+:[\w-]+/;

/** A secret, and its path in the answer: `credential.clientSecret`. */
export interface Found {
  readonly path: string;
  readonly text: string;
}

/** Returns a copy of an answer without its secrets, and the secrets. The answer itself is not changed. */
export function withoutSecrets(answer: unknown, names: readonly string[]): { masked: unknown; found: Found[] } {
  const secret = new Set(names);
  const found: Found[] = [];
  const walk = (value: unknown, path: string, hidden: boolean): unknown => {
    if (typeof value === "string") {
      // C1 represents a hidden secret by an empty string.
      if (value === "" || !(hidden || RECOGNISED.test(value))) return value;
      found.push({ path, text: value });
      return MASK;
    }
    if (typeof value !== "object" || value === null || value instanceof Date) {
      if (!hidden || value === null || value === undefined) return value;
      found.push({ path, text: String(value) });
      return MASK;
    }
    if (Array.isArray(value)) return value.map((item, at) => walk(item, `${path}[${at}]`, hidden));
    const entries = Object.entries(value).map(([key, item]): [string, unknown] => [
      key,
      walk(item, path === "" ? key : `${path}.${key}`, hidden || secret.has(key)),
    ]);
    return Object.fromEntries(entries);
  };
  return { masked: walk(answer, "", false), found };
}

/** How many bytes are written before the call to detect a full disk: more than any secret has. */
const RESERVED_BYTES = 16_384;

/**
 * A file for secrets that do not exist yet. It is created and filled before the call that issues them, so that a
 * failure to write is detected before there is anything to lose. It never replaces an existing file.
 */
export class SecretFile {
  readonly path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Creates the file. */
  static async reserve(path: string, cwd: string): Promise<SecretFile> {
    const full = resolve(cwd, path);
    const file = await createFile({ cwd }, path, "--secret-to");
    try {
      await write(file, Buffer.alloc(RESERVED_BYTES, "\n"));
      await file.sync();
      await syncFolder(dirname(full));
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(full, { force: true });
      throw error;
    }
    return new SecretFile(full, file);
  }

  /** Writes the secrets: a single one as it is, several as a JSON object by their paths in the answer. */
  async keep(found: readonly Found[], answer: unknown): Promise<void> {
    const [first] = found;
    const text =
      found.length === 1 && first !== undefined
        ? first.text
        : `${JSON.stringify(Object.fromEntries(found.map(({ path, text }) => [path, text])), undefined, 2)}\n`;
    const bytes = Buffer.from(text);
    try {
      await write(this.#file, bytes);
      await this.#file.truncate(bytes.length);
      await this.#file.sync();
    } catch (cause) {
      throw new CommandError(
        EXIT.person,
        `the secret was issued but is lost, because ${this.path} could not be written`,
        {
          cause,
          hint: `Revoke the issued credential and start again. The response without the secret: ${JSON.stringify(answer)}`,
        },
      );
    } finally {
      bytes.fill(0);
      await this.#file.close().catch(() => undefined);
    }
  }

  /** Removes the file again, because the answer had no secret. */
  async drop(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(this.path, { force: true });
  }
}

/** Writes all bytes to the start of a file. If space runs out, the system writes a part, and the next write fails. */
async function write(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
}
