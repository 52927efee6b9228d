/** Secrets in answers: they are taken out of what is shown, and go to a file of their own. */

import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CommandError, EXIT, UsageError } from "../exit.js";
import { syncFolder } from "../profiles/file.js";

/** What stands in the place of a secret. */
export const MASK = "[secret]";

/** C1's secrets, wherever they stand. */
const RECOGNISED = /secret-token:[\w.-]+:v\d+:[\w-]+/;

/** A secret, and where in the answer it was: `credential.clientSecret`. */
export interface Found {
  readonly path: string;
  readonly text: string;
}

/** An answer without its secrets, and these. The answer itself stays as it is. */
export function withoutSecrets(answer: unknown, names: readonly string[]): { masked: unknown; found: Found[] } {
  const secret = new Set(names);
  const found: Found[] = [];
  const walk = (value: unknown, path: string, hidden: boolean): unknown => {
    if (typeof value === "string") {
      // C1 writes a secret that it does not show as an empty text.
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

/** So much is written before the call, so that a full disk shows then: more than any secret has. */
const RESERVED_BYTES = 16_384;

/**
 * A file for secrets that do not exist yet. It is made, with room in it, before the call that issues them: what cannot be written is known
 * before there is something to lose. It never takes the place of another file.
 */
export class SecretFile {
  readonly path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Makes the file. */
  static async reserve(path: string, cwd: string): Promise<SecretFile> {
    const full = resolve(cwd, path);
    let file: FileHandle;
    try {
      file = await open(full, "wx", 0o600);
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
      throw new UsageError(`${path} is there already, and --secret-to overwrites nothing`, {
        hint: "Name another file, or move that one away.",
      });
    }
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

  /** Writes the secrets: one by itself, as it is; several as a JSON object by their places in the answer. */
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
      throw new CommandError(EXIT.person, `the secret was issued, and ${this.path} could not be written: it is lost`, {
        cause,
        hint: `Revoke what was issued, and begin again. The answer, without the secret: ${JSON.stringify(answer)}`,
      });
    } finally {
      bytes.fill(0);
      await this.#file.close().catch(() => undefined);
    }
  }

  /** Removes the file again: nothing came that belongs in it. */
  async drop(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(this.path, { force: true });
  }
}

/** Writes all bytes to the beginning of a file. Where there is no more room the system writes a part, and says so the next time. */
async function write(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
}
