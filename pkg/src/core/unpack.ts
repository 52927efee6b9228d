/** What is carried as text: the core's module, and the tables of the APIs. `xtask/src/build/inline.rs` writes them. */

import { ConfigurationError } from "../base/errors.js";

/**
 * The text itself.
 *
 * A classic script is read in the encoding of its page, and any other than UTF-8 garbles the text. Its length then
 * gives it away, so the reason is told instead of a compiler's riddle.
 */
export function whole(text: string, length: number): string {
  if (text.length === length) return text;
  const message =
    'the script with keyturn in it was not read as UTF-8: put <meta charset="utf-8"> first in the page\'s head, ' +
    "or serve the script with `content-type: text/javascript; charset=utf-8`";
  throw new ConfigurationError("charset", "not_utf8", message);
}

/** The bytes behind a text with one character for each, its code the byte plus `shift`, modulo 256. */
export function unpack(text: string, shift: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  whole(text, length);
  for (let index = 0; index < length; index++) bytes[index] = text.charCodeAt(index) - shift;
  return bytes;
}
