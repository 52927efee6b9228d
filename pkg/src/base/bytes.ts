/** Bytes, whichever realm they are of: a `Buffer` in jsdom or in a `vm` context is no instance of that realm's `Uint8Array`. */

/** Whether something is an `ArrayBuffer`, or one that is shared. @internal */
export function isBuffer(value: unknown): value is ArrayBuffer {
  return /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));
}

/**
 * A copy of the bytes that an option brings; `undefined` if it brings something else. Its owner may wipe or change the original
 * from then on.
 * @internal
 */
export function copied(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  return isBuffer(value) ? new Uint8Array(value).slice() : undefined;
}
