/**
 * Conversion of text to bytes. Where the environment cannot encode text, this is reported when a client is created, not
 * at first use.
 */

import { copied } from "./bytes.js";
import { ConfigurationError } from "./errors.js";

/**
 * Checks that text and UTF-8 can be converted into each other.
 *
 * @throws {@link ConfigurationError} if they cannot.
 */
export function needEncoders(): void {
  if (typeof TextEncoder !== "undefined" && typeof TextDecoder !== "undefined") return;
  const message =
    "TextEncoder or TextDecoder is missing. In Jest's jsdom, put `@jest-environment node` into the test's first " +
    "comment, or set both globals in a setup file";
  throw new ConfigurationError("TextEncoder", "missing", message);
}

/** Returns text as UTF-8, and bytes unchanged. */
export function utf8(text: string | Uint8Array): Uint8Array {
  if (typeof text !== "string") return text;
  needEncoders();
  return new TextEncoder().encode(text);
}

/**
 * Copies the text or bytes of an option, so that its owner may wipe the original.
 *
 * @throws {@link ConfigurationError} if it is neither.
 * @internal
 */
export function bytesOf(option: string, given: unknown): Uint8Array {
  const bytes = typeof given === "string" ? utf8(given) : copied(given);
  if (bytes) return bytes;
  const bound = typeof (given as { get?: unknown } | null)?.get === "function";
  const how = bound ? ". For a secret in a Secrets Store, pass the result of `await secret.get()`" : "";
  throw new ConfigurationError(option, "not_text", `${option}: must be a string or bytes${how}`);
}
