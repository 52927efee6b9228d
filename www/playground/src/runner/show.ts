/** Formats values and errors as a console prints them. */

import type { Failure } from "../messages.js";

/** The maximum depth of objects, of entries per object, and of characters in total. */
const DEEP = 4;
const MOST = 100;
const LONGEST = 10_000;

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Formats the arguments of `console.log` as one text. */
export function printed(values: readonly unknown[]): string {
  const text = values.map((value) => (typeof value === "string" ? value : inspect(value))).join(" ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
}

function inspect(value: unknown, depth = 0, above: readonly unknown[] = []): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[Function: ${value.name || "anonymous"}]`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp || value instanceof URL) return String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const own = (value as { [INSPECT]?: unknown })[INSPECT];
  // What hides a secret from Node's console hides it from this one.
  if (typeof own === "function") {
    const shown = own.call(value, DEEP - depth, {}, (inner: unknown) => inspect(inner, depth + 1, [...above, value]));
    return typeof shown === "string" ? shown : inspect(shown, depth, above);
  }
  if (above.includes(value)) return "[Circular]";
  const name = (value.constructor as { name?: string } | undefined)?.name ?? "";
  if (depth >= DEEP) return Array.isArray(value) ? "[Array]" : `[${name || "Object"}]`;
  const inner = (one: unknown): string => inspect(one, depth + 1, [...above, value]);
  if (Array.isArray(value)) return bracketed("[", value.slice(0, MOST).map(inner), value.length, "]");
  if (ArrayBuffer.isView(value)) return `${name}(${value.byteLength})`;
  if (value instanceof Set) return `Set ${bracketed("{", [...value].slice(0, MOST).map(inner), value.size, "}")}`;
  if (value instanceof Map) {
    const entries = [...value].slice(0, MOST).map(([key, one]) => `${inner(key)} => ${inner(one)}`);
    return `Map ${bracketed("{", entries, value.size, "}")}`;
  }
  const keys = Object.keys(value);
  const entries = keys
    .slice(0, MOST)
    .map((key) => `${/^[\w$]+$/.test(key) ? key : JSON.stringify(key)}: ${inner((value as never)[key])}`);
  return `${name === "Object" || name === "" ? "" : `${name} `}${bracketed("{", entries, keys.length, "}")}`;
}

function bracketed(open: string, items: readonly string[], size: number, close: string): string {
  const all = size > items.length ? [...items, `… ${size - items.length} more`] : items;
  if (all.length === 0) return `${open}${close}`;
  const line = all.join(", ");
  if (line.length <= 72 && !line.includes("\n")) return `${open} ${line} ${close}`;
  return `${open}\n${all.map((item) => item.replace(/^/gm, "  ")).join(",\n")}\n${close}`;
}

/** Returns what to show of an error. `address` is the URL of the program's module. */
export function failureOf(error: unknown, address: string): Failure {
  if (!(error instanceof Error)) return { name: "Error", message: `the program threw ${inspect(error)}` };
  const facts = error as { kind?: unknown; code?: unknown; hint?: unknown; outcome?: unknown };
  const text = (name: "code" | "hint" | "outcome", value: unknown): object =>
    typeof value === "string" ? { [name]: value } : {};
  return {
    name: error.name,
    message: error.message,
    // The classes of Commerce Layer's official SDK have the status as `code`.
    ...text("code", typeof facts.kind === "string" ? facts.kind : facts.code),
    ...text("hint", facts.hint),
    ...text("outcome", facts.outcome),
    ...lineOf(error.stack, address),
  };
}

/** Returns the line of the program that a stack trace names first. */
function lineOf(stack: string | undefined, address: string): { line?: number } {
  const after = stack?.split(`${address}:`)[1];
  const [, line] = /^(\d+)/.exec(after ?? "") ?? [];
  return line === undefined ? {} : { line: Number(line) };
}
