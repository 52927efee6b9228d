/** The key of sealed copies, and the folder that they are in. */

import { resolve } from "node:path";
import { secretOf } from "../clients.js";
import type { Context } from "../context.js";
import { UsageError } from "../exit.js";
import type { SealConfig } from "./model.js";

/** Bytes of a key. */
const LENGTH = 32;

/** The folder of the copies. The journal's own belongs to it alone, and is backed up: copies should not be. */
export function sealFolder(folder: string, journal: string, seal: SealConfig): string {
  return resolve(folder, seal.folder ?? `${journal.replace(/[/\\]+$/, "")}-sealed`);
}

/**
 * The key that `keyturn.json` names.
 *
 * @throws {@link UsageError} if it is not there, or is none. The message does not quote it.
 */
export async function keyOf(context: Context, { key }: SealConfig, folder: string): Promise<Uint8Array> {
  const text = (await secretOf(context, key, folder)).trim();
  const isHex = /^[0-9a-f]{64}$/i.test(text);
  const isBase64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(text);
  const bytes = Buffer.from(text, isHex ? "hex" : "base64");
  if ((!isHex && !isBase64) || bytes.length !== LENGTH)
    throw new UsageError(`seal: ${"env" in key ? `the variable ${key.env}` : key.file} holds no key`, {
      hint: "A key is 32 random bytes in base64 or hex: `openssl rand -base64 32` makes one.",
    });
  return new Uint8Array(bytes);
}
