/**
 * Converts request objects to JSON text for the core. JSON has no dates, big integers, bytes or `NaN`, so these become
 * strings that begin with NUL and a letter; the core converts them to what the field expects, or refuses them by the
 * field's name. The same holds for circular references and for values that throw when read: the core knows their path,
 * and whether the field is sent at all.
 */

import { isBuffer } from "../base/bytes.js";
import { InputError } from "../base/errors.js";

/** A deeper nesting than the core reads. */
const MAX_DEPTH = 200;

/**
 * The number of circular references after which the rest is not examined: a dense graph has more than can be counted.
 */
const MAX_CYCLES = 10_000;

/** More objects than any request has. An object with many references counts once for each, as each becomes JSON. */
const MAX_OBJECTS = 1_000_000;

/** A request as JSON. */
export interface Marshalled {
  /** `null` for none. */
  readonly json: string;
  /** The first error that reading it threw; `undefined` if nothing was thrown. */
  readonly thrown: { readonly cause: unknown } | undefined;
}

/**
 * Returns the JSON text of a request.
 *
 * @throws {@link InputError} if no part of it can be read.
 */
export function marshal(request: unknown): Marshalled {
  const marker = new Marker();
  try {
    const marked = marker.mark(request, 0);
    const { thrown } = marker;
    if (marked === FAILED) throw thrown?.cause;
    return { json: marked === undefined ? "null" : JSON.stringify(marked), thrown };
  } catch (cause) {
    // A getter may return a value the first time, and throw the second.
    throw new InputError("", UNREADABLE, { cause });
  }
}

/** The same wording as the core's for a field. */
export const UNREADABLE = "could not be read: reading it threw an error";

const ALIEN = "\0F";
const CYCLE = "\0C";
const FAILED = "\0E";

/** Traverses one request. */
class Marker {
  thrown: Marshalled["thrown"];
  /** The objects that enclose the one being read. */
  readonly #around: object[] = [];
  #cycles = 0;
  #objects = 0;

  /**
   * Returns the value itself if JSON can represent it, otherwise a copy with marks. Most requests are returned
   * unchanged.
   */
  mark(value: unknown, depth: number): unknown {
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
        return value === null ? null : depth > MAX_DEPTH ? ALIEN : this.#object(value, depth);
      default:
        return ALIEN;
    }
  }

  #object(value: object, depth: number): unknown {
    if (this.#cycles > MAX_CYCLES) return CYCLE;
    if (++this.#objects > MAX_OBJECTS) return this.#failed(new RangeError(`more than ${MAX_OBJECTS} objects`));
    try {
      if (Array.isArray(value)) return this.#members(value, depth);
      // Most objects are plain: nothing else is checked for them.
      const scalar = Object.getPrototypeOf(value) === Object.prototype ? undefined : scalarOf(value);
      if (scalar !== undefined) return scalar;
      const { toJSON } = value as { toJSON?: unknown };
      if (typeof toJSON !== "function") return this.#members(value, depth);
      const said: unknown = toJSON.call(value);
      if (typeof said !== "object" || said === null) return this.mark(said, depth);
      // The result is used as it is: `JSON.stringify` would not call its `toJSON` again either.
      return scalarOf(said) ?? this.#members(said, depth, Array.isArray(said) ? said : { ...said, toJSON: undefined });
    } catch (cause) {
      this.#around.length = depth;
      return this.#failed(cause);
    }
  }

  /** @param read What is read instead of the object itself. */
  #members(value: object, depth: number, read = value): unknown {
    const around = this.#around;
    if (around.includes(value)) {
      this.#cycles++;
      return CYCLE;
    }
    around.push(value);
    const marked = Array.isArray(read) ? this.#array(read, depth + 1) : this.#record(read as Fields, depth + 1);
    around.pop();
    return marked;
  }

  #array(value: readonly unknown[], depth: number): unknown {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      // JSON turns a hole or `undefined` into null, and the core then names the element.
      if (isPlain(item)) continue;
      const marked = this.mark(item, depth);
      if (marked !== item) (copy ??= value.slice())[i] = marked;
    }
    return copy ?? value;
  }

  #record(source: Fields, depth: number): unknown {
    let copy: Fields | undefined;
    for (const key in source) {
      let item: unknown;
      let marked: unknown;
      try {
        item = source[key];
        if (isPlain(item) || !Object.hasOwn(source, key)) continue;
        marked = this.mark(item, depth);
      } catch (cause) {
        if (!Object.hasOwn(source, key)) continue;
        marked = this.#failed(cause);
      }
      if (marked !== item) (copy ??= copyOf(source))[key] = marked;
    }
    return copy ?? source;
  }

  #failed(cause: unknown): string {
    this.thrown ??= { cause };
    return FAILED;
  }
}

type Fields = Record<string, unknown>;

/** Returns a copy that can be marked. Fields that cannot be read are marked when their turn comes. */
function copyOf(source: Fields): Fields {
  try {
    return { ...source };
  } catch {
    const copy: Fields = {};
    for (const key of Object.keys(source)) {
      let value: unknown;
      try {
        value = source[key];
      } catch {
        value = FAILED;
      }
      // An assignment would not make `__proto__` a field.
      Object.defineProperty(copy, key, { value, enumerable: true, writable: true });
    }
    return copy;
  }
}

/** Returns the marked form of a value that JSON cannot represent; `undefined` for an object with fields. */
function scalarOf(value: object): string | undefined {
  if (value instanceof Date || Object.prototype.toString.call(value) === "[object Date]") {
    const date = value as Date;
    return `\0D${Number.isNaN(date.getTime()) ? "" : date.toISOString()}`;
  }
  if (ArrayBuffer.isView(value))
    return `\0B${base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}`;
  if (isBuffer(value)) return `\0B${base64(new Uint8Array(value))}`;
  return value instanceof Map || value instanceof Set ? ALIEN : undefined;
}

/** Returns whether a value is text that needs no mark, as most values are. */
function isPlain(value: unknown): boolean {
  return typeof value === "string" && value.charCodeAt(0) !== 0;
}

/** Encodes bytes as standard base64, in pieces so that large buffers do not exhaust the argument stack. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
