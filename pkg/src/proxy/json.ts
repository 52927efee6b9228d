/**
 * Reads the body of a request to a proxy: unambiguous JSON. Anything that two readers might interpret differently, such
 * as a duplicate member, is refused, and so are values on which a function of the application could fail.
 */

/** The deepest nesting, which is deeper than any request of either API. */
const MAX_DEPTH = 64;

/** Names of members that have a special meaning in JavaScript. */
const TRAPS = new Set(["__proto__", "constructor", "prototype"]);

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+|"/g;

/** The error for a malformed body. Its message says what is wrong, as the end of a sentence. */
export class Malformed extends Error {}

/**
 * Parses unambiguous JSON.
 *
 * @throws {@link Malformed}
 */
export function strict(text: string): unknown {
  /** The names of each open object; `undefined` for an array. */
  const open: (Set<string> | undefined)[] = [];
  let last = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") {
      if (open.length === MAX_DEPTH) throw new Malformed("is nested too deeply");
      open.push(token === "{" ? new Set() : undefined);
    } else if (token === "}" || token === "]") open.pop();
    // An unterminated string. Going on would search for its end again from each quotation mark, in quadratic time.
    else if (token === '"') throw new Malformed("is not JSON");
    else if (token === ":") member(open[open.length - 1], last);
    last = token;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Malformed("is not JSON");
  }
}

function member(names: Set<string> | undefined, token: string): void {
  let name: unknown;
  try {
    name = JSON.parse(token);
  } catch {
    // Not a JSON string: `name` stays undefined.
  }
  if (typeof name !== "string" || names === undefined) throw new Malformed("is not JSON");
  if (names.has(name)) throw new Malformed("has a duplicate member");
  if (TRAPS.has(name)) throw new Malformed("has a member named __proto__, constructor or prototype");
  names.add(name);
}

/**
 * Restores the values that JSON cannot represent, which `core/marshal.ts` marked in the page.
 *
 * @throws {@link Malformed} for a mark that no page sends, since `core/marshal.ts` refuses such a request.
 */
export function unmarked(value: unknown): unknown {
  if (typeof value === "string") return value.charCodeAt(0) === 0 ? revived(value.slice(1, 2), value.slice(2)) : value;
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unmarked(item)]));
}

function revived(mark: string, text: string): unknown {
  try {
    if (mark === "S") return text;
    if (mark === "I") return BigInt(text);
    if (mark === "B") return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const date = new Date(text);
    if (mark === "D" && !Number.isNaN(date.getTime())) return date;
  } catch {
    // The text does not match its mark.
  }
  throw new Malformed("has a string that starts with NUL");
}
