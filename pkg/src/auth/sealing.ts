/** Encryption of text for stores that must not be able to read it (AES-GCM). */

import { copied } from "../base/bytes.js";
import { ConfigurationError } from "../base/errors.js";
import type { PlatformKey } from "../base/platform.js";
import { base64url, subtle } from "./crypto.js";

const USAGES = ["encrypt", "decrypt"] as const;
const IV = 12;

/** Encrypts and decrypts text. Each text is bound to a place: moved to another, it does not open. @internal */
export interface Sealer {
  seal(place: string, text: string): Promise<string>;
  /** Rejects if the text was sealed with another key, for another place, or was changed. */
  open(place: string, sealed: string): Promise<string>;
}

/**
 * Creates a sealer.
 *
 * @param option The option that takes the key, as errors name it.
 * @throws {@link ConfigurationError} for an invalid key, and where there is no `crypto.subtle`.
 * @internal
 */
export function sealer(option: string, key: Uint8Array | PlatformKey): Sealer {
  const platform = subtle(option);
  const secret = imported(option, platform, key);
  // The rejection is reported to whoever uses the key, which may be nobody yet.
  secret.catch(() => undefined);
  const parameters = (place: string, iv: Uint8Array): AesGcmParams => ({
    name: "AES-GCM",
    iv: iv as BufferSource,
    additionalData: new TextEncoder().encode(place),
  });
  return {
    async seal(place, text) {
      const iv = crypto.getRandomValues(new Uint8Array(IV));
      const sealed = await platform.encrypt(parameters(place, iv), await secret, new TextEncoder().encode(text));
      const bytes = new Uint8Array(IV + sealed.byteLength);
      bytes.set(iv);
      bytes.set(new Uint8Array(sealed), IV);
      return base64url(bytes);
    },
    async open(place, sealed) {
      const bytes = Uint8Array.from(atob(sealed.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
      const clear = await platform.decrypt(parameters(place, bytes.subarray(0, IV)), await secret, bytes.subarray(IV));
      return new TextDecoder().decode(clear);
    },
  };
}

async function importedBytes(platform: SubtleCrypto, bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  try {
    return await platform.importKey("raw", bytes, "AES-GCM", false, [...USAGES]);
  } finally {
    bytes.fill(0);
  }
}

/** Imports the key, checked at once: a wrong key would look like a failing store. */
function imported(option: string, platform: SubtleCrypto, key: unknown): Promise<CryptoKey> {
  const unusable = (message: string): ConfigurationError =>
    new ConfigurationError(option, "key", `${option}: ${message}`);
  const bytes = copied(key);
  if (bytes) {
    if (bytes.length !== 16 && bytes.length !== 32) throw unusable("the key must be 16 or 32 bytes long");
    if (bytes.every((byte) => byte === 0)) throw unusable("the key is all zeros: it was wiped or never filled");
    return importedBytes(platform, bytes);
  }
  const { type, algorithm, usages } = (key ?? {}) as Partial<CryptoKey>;
  const fits = type === "secret" && algorithm?.name === "AES-GCM" && USAGES.every((usage) => usages?.includes(usage));
  if (!fits) throw unusable("the key must be bytes, or an AES-GCM CryptoKey for encryption and decryption");
  return Promise.resolve(key as CryptoKey);
}
