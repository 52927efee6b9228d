/**
 * Recognizes bytes of any realm: a `Buffer` in jsdom or in a `vm` context is no instance of that realm's `Uint8Array`.
 */

/** Returns whether a value is an `ArrayBuffer` or a `SharedArrayBuffer`. @internal */
export function isBuffer(value: unknown): value is ArrayBuffer {
  return /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));
}

/**
 * Copies the bytes in an option, so that the owner may wipe or change the original. Returns `undefined` if the option
 * contains something else.
 * @internal
 */
export function copied(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  return isBuffer(value) ? new Uint8Array(value).slice() : undefined;
}
