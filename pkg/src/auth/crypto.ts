/** Access to the platform's cryptography, and the errors for parts that are missing. */

import { ConfigurationError } from "../base/errors.js";

/**
 * Returns `crypto.subtle`, which browsers provide only in secure contexts.
 *
 * @param option The option that needs it, as the error names it.
 * @throws {@link ConfigurationError} with reason `no_subtle_crypto`.
 * @internal
 */
export function subtle(option: string): SubtleCrypto {
  const found = (globalThis as { crypto?: { subtle?: SubtleCrypto } }).crypto?.subtle;
  if (found) return found;
  const message = `${option}: this needs crypto.subtle, which pages have only over https (or from localhost)`;
  throw new ConfigurationError(option, "no_subtle_crypto", message);
}

/** Returns the SHA-256 hash of a text. `option` is what needs it. @internal */
export async function sha256(text: string, option: string): Promise<Uint8Array> {
  return new Uint8Array(await subtle(option).digest("SHA-256", new TextEncoder().encode(text)));
}

/** Creates a unique text. `crypto.randomUUID` is not used, since pages over http lack it. @internal */
export function unique(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(16)));
}

/** Encodes bytes as base64url without padding. @internal */
export function base64url(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
