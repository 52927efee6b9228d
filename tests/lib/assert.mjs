// Assertions that work wherever the suites run. Messages show only a short excerpt of a value.

/** The error that a failed assertion throws. */
export class AssertionError extends Error {
  name = "AssertionError";
}

function fail(message, note) {
  throw new AssertionError(note === undefined ? message : `${note}: ${message}`);
}

function show(value) {
  let text;
  if (value instanceof Error) text = `${value.name}: ${value.message}`;
  else if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function") text = String(value);
  else text = JSON.stringify(value) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}

/** Asserts that the value is truthy. */
export function ok(value, note) {
  if (!value) fail(`${show(value)} should be true`, note);
}

/** Asserts that the values are the same, by `Object.is`. */
export function equal(found, wanted, note) {
  if (!Object.is(found, wanted)) fail(`found ${show(found)}, wanted ${show(wanted)}`, note);
}

/**
 * Asserts that plain data is equal in everything that can be seen of it: own enumerable fields, elements, dates, bytes.
 */
export function deepEqual(found, wanted, note) {
  const path = difference(found, wanted, "");
  if (path !== undefined)
    fail(`found ${show(found)}, wanted ${show(wanted)}; they differ at ${path || "the top"}`, note);
}

function difference(a, b, path) {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return path;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return path;
  if (a instanceof Date) return Object.is(a.getTime(), b.getTime()) ? undefined : path;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return path;
  for (const key of keys) {
    if (!Object.hasOwn(b, key)) return `${path}.${key}`;
    const inner = difference(a[key], b[key], `${path}.${key}`);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Asserts that the text matches. */
export function match(text, pattern, note) {
  if (!pattern.test(text)) fail(`${show(text)} should match ${pattern}`, note);
}

/** Asserts that the text contains none of the parts. */
export function excludes(text, ...parts) {
  for (const part of parts)
    if (text.includes(part)) fail(`a text of ${text.length} characters holds what it must not: ${part.slice(0, 4)}...`);
}

/** Asserts that the function throws, and returns what it throws. */
export function throws(work, note) {
  try {
    work();
  } catch (error) {
    return error;
  }
  return fail("nothing was thrown", note);
}

/** Asserts that the promise is rejected, and resolves with the reason. */
export async function rejects(promise, note) {
  let value;
  try {
    value = await (typeof promise === "function" ? promise() : promise);
  } catch (error) {
    return error;
  }
  return fail(`resolved to ${show(value)}, and should be rejected`, note);
}
