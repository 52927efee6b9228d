/** Encodes requests: the core checks them against the API's table before anything else happens. */

import { InputError } from "../base/errors.js";
import type { Unknown } from "../generated/boundary.js";
import type { Api } from "./instance.js";
import { type Marshalled, marshal, UNREADABLE } from "./marshal.js";

// Both are created with the first request, since some environments that only import this have no encoder.
let utf8: TextEncoder | undefined;
let scratch: Uint8Array | undefined;

/**
 * Returns the text as UTF-8, valid until the next call and to be wiped before it: an encoder that allocates a new array
 * takes five times as long.
 */
function bytesOf(text: string): Uint8Array {
  utf8 ??= new TextEncoder();
  const most = text.length * 3;
  if (most > 1 << 20) return utf8.encode(text);
  if (scratch === undefined || scratch.length < most) scratch = new Uint8Array(Math.max(most, 4096));
  return scratch.subarray(0, utf8.encodeInto(text, scratch).written);
}

/**
 * Encodes a request. Returns the path with its query, the JSON body, and the whole request as JSON with marks, as
 * {@link marshal} makes it.
 *
 * @throws {@link InputError} that names the field.
 */
export function encode(
  api: Api,
  number: number,
  request: unknown,
  unknown: Unknown,
  operation: string,
): { target: string; body: string | null; json: string } {
  const { json, thrown } = read(request, operation);
  const bytes = bytesOf(json);
  let text: string;
  try {
    text = api.run((table) => table.encode(number, bytes, unknown));
  } catch (error) {
    throw unfit(error, operation, thrown);
  } finally {
    bytes.fill(0);
  }
  const split = text.indexOf("\n");
  if (split < 0) return { target: text, body: null, json };
  const body = text.slice(split + 1);
  return { target: text.slice(0, split), body: body === "=" ? json : body, json };
}

function read(request: unknown, operation: string): Marshalled {
  try {
    return marshal(request);
  } catch (error) {
    const { path, cause } = error as InputError;
    throw new InputError(path, UNREADABLE, { operation, cause });
  }
}

/**
 * Converts the core's complaint about a request to an error.
 *
 * @param thrown The first error that reading the request threw.
 */
export function unfit(error: unknown, operation?: string, thrown?: Marshalled["thrown"]): unknown {
  if (typeof error !== "string") return error;
  const { path, problem } = JSON.parse(error) as { path: string; problem: string };
  return new InputError(path, problem, { operation, ...(problem === UNREADABLE ? thrown : undefined) });
}
