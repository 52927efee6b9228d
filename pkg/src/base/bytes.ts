/** Recognizes bytes of any realm: a `Buffer` in jsdom or in a `vm` context is not an instance of that realm's `Uint8Array`. */

/** Whether something is an `ArrayBuffer` or a `SharedArrayBuffer`. @internal */
export function isBuffer(value: unknown): value is ArrayBuffer {
  return /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));
}

/**
 * A copy of the bytes in an option; `undefined` if it contains something else. The owner may wipe or change the original
 * from then on.
 * @internal
 */
export function copied(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  return isBuffer(value) ? new Uint8Array(value).slice() : undefined;
}
