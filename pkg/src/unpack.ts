/** Bytes that are carried as text: the core's module, and the tables of the APIs. `xtask/src/build/inline.rs` writes them. */

import { InternalError } from "./errors.js";

/**
 * The bytes behind a text with one character for each, its code the byte plus `shift`, modulo 256.
 *
 * A classic script is read in the encoding of its page, and any other than UTF-8 garbles the text. Its length then
 * gives it away, so the reason can be told instead of a compiler's riddle.
 */
export function unpack(text: string, shift: number, length: number): Uint8Array<ArrayBuffer> {
  if (text.length !== length) {
    throw new InternalError("the script with keyturn in it was not read as UTF-8", {
      hint: 'Serve it with "charset=utf-8", or put <meta charset="utf-8"> into the page.',
    });
  }
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = text.charCodeAt(index) - shift;
  return bytes;
}
