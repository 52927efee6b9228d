/**
 * Binary data that is carried as text: the core's module and the tables of the APIs. `xtask/src/build/inline.rs`
 * writes it.
 */

import { ConfigurationError } from "../base/errors.js";

/**
 * Returns the text, if it is intact.
 *
 * A classic script is read in the encoding of its page, and any other than UTF-8 garbles the text. Its length then
 * reveals this, so the error names the reason instead of a compiler's cryptic message.
 */
export function whole(text: string, length: number): string {
  if (text.length === length) return text;
  const message =
    'the script that contains keyturn was not read as UTF-8: put <meta charset="utf-8"> first in the page\'s head, ' +
    "or serve the script with `content-type: text/javascript; charset=utf-8`";
  throw new ConfigurationError("charset", "not_utf8", message);
}

interface NodeBuffer {
  from(buffer: ArrayBuffer): { write(text: string, encoding: "latin1"): number };
}

/** Returns the bytes of a text with one character for each, whose code is the byte plus `shift`, modulo 256. */
export function unpack(text: string, shift: number, length: number): Uint8Array<ArrayBuffer> {
  whole(text, length);
  // Rounded up to whole words.
  const { buffer } = new Uint8Array((length + 3) & ~3);
  const bytes = new Uint8Array(buffer, 0, length);
  const { Buffer } = globalThis as { Buffer?: NodeBuffer };
  if (Buffer === undefined) {
    for (let index = 0; index < length; index++) bytes[index] = text.charCodeAt(index) - shift;
    return bytes;
  }
  // This runs once, before anything has been optimized: Node copies the characters, and four are shifted at a time. The
  // highest bit of each byte is computed separately, so that no byte of a word borrows from the next.
  Buffer.from(buffer).write(text, "latin1");
  const words = new Int32Array(buffer);
  const shifts = shift * 0x01010101;
  const high = 0x80808080;
  const low = shifts & ~high;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as number;
    words[index] = ((word | high) - low) ^ ((word ^ ~shifts) & high);
  }
  return bytes;
}
