/**
 * Request objects as JSON text for the core. JSON has no dates, big integers, bytes or `NaN`, so these become strings
 * that begin with NUL and a letter; the core turns them into what the field wants, or refuses them by name.
 */

import { isBuffer } from "../base/bytes.js";

/** Deeper nesting is taken for a cycle. */
const MAX_DEPTH = 200;

/** The JSON text of a request; `null` for none. */
export function marshal(request: unknown): string {
  const marked = mark(request, 0);
  return marked === undefined ? "null" : JSON.stringify(marked);
}

/** The value itself if JSON can say it, else a copy with marks. Most requests come back untouched. */
function mark(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return value.charCodeAt(0) === 0 ? `\0S${value}` : value;
    case "number":
      return Number.isFinite(value) ? value : "\0N";
    case "bigint":
      return `\0I${value}`;
    case "boolean":
    case "undefined":
      return value;
    case "object":
      return value === null ? null : depth > MAX_DEPTH ? "\0F" : markObject(value, depth + 1);
    default:
      return "\0F";
  }
}

function markObject(value: object, depth: number): unknown {
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      // A hole or undefined is null to JSON, and the core then names the element.
      if (isPlain(item)) continue;
      const marked = mark(item, depth);
      if (marked !== item) (copy ??= value.slice())[i] = marked;
    }
    return copy ?? value;
  }
  // Most objects are of no class: nothing else is asked about them.
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    if (value instanceof Date || Object.prototype.toString.call(value) === "[object Date]") {
      const date = value as Date;
      return `\0D${Number.isNaN(date.getTime()) ? "" : date.toISOString()}`;
    }
    if (ArrayBuffer.isView(value))
      return `\0B${base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}`;
    if (isBuffer(value)) return `\0B${base64(new Uint8Array(value))}`;
    if (value instanceof Map || value instanceof Set) return "\0F";
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
    return mark((value as { toJSON(): unknown }).toJSON(), depth);
  }
  const source = value as Record<string, unknown>;
  let copy: Record<string, unknown> | undefined;
  for (const key in source) {
    const item = source[key];
    if (isPlain(item)) continue;
    const marked = mark(item, depth);
    if (marked !== item && Object.hasOwn(source, key)) (copy ??= { ...source })[key] = marked;
  }
  return copy ?? value;
}

/** Text that needs no mark, as most values are. */
function isPlain(value: unknown): boolean {
  return typeof value === "string" && value.charCodeAt(0) !== 0;
}

/** Standard base64, in pieces so that large buffers do not exhaust the argument stack. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
