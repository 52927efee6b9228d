/** The key and the folder of sealed copies. */

import { resolve } from "node:path";
import { secretOf } from "../clients.js";
import type { Context } from "../context.js";
import { UsageError } from "../exit.js";
import type { SealConfig } from "./model.js";

/** The length of a key, in bytes. */
const LENGTH = 32;

/** Returns the folder of the copies. It is not in the journal's folder, which is backed up, as copies should not be. */
export function sealFolder(folder: string, journal: string, seal: SealConfig): string {
  return resolve(folder, seal.folder ?? `${journal.replace(/[/\\]+$/, "")}-sealed`);
}

/**
 * Reads the key that `keyturn.json` names.
 *
 * @throws {@link UsageError} if it is missing or not a key. The message does not quote it.
 */
export async function keyOf(context: Context, { key }: SealConfig, folder: string): Promise<Uint8Array> {
  const text = (await secretOf(context, key, folder)).trim();
  const isHex = /^[0-9a-f]{64}$/i.test(text);
  const isBase64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(text);
  const bytes = Buffer.from(text, isHex ? "hex" : "base64");
  if ((!isHex && !isBase64) || bytes.length !== LENGTH)
    throw new UsageError(`seal: ${"env" in key ? `the variable ${key.env}` : key.file} contains no key`, {
      hint: "A key is 32 random bytes in base64 or hex, such as from `openssl rand -base64 32`.",
    });
  return new Uint8Array(bytes);
}
