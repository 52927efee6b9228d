/** Builds the request of an operation from flags and JSON. */

import { UsageError } from "../exit.js";
import { nearest } from "../nearest.js";
import { type Field, normalized, type Operation, typeOf } from "./catalogue.js";

/** A flag and its text, in the order of the command line: `page-size`, `50`. */
export interface Flag {
  readonly name: string;
  /** `undefined` for a flag without a value. */
  readonly text: string | undefined;
}

/** The command's own flags. The flag of a field with the same name is `--field.NAME`. */
const OWN = [
  "all",
  "limit",
  "input",
  "yes",
  "reveal",
  "secret-to",
  "output",
  "profile",
  "help",
  "clock",
  "quiet",
  "config",
  "field",
];

/** A parsed type. */
type Shape =
  | { readonly kind: "string" | "number" | "boolean" | "date" | "any" | "names" | "filters" | "related" }
  | { readonly kind: "list" | "map"; readonly of: string }
  | { readonly kind: "enum"; readonly values: readonly string[] }
  | { readonly kind: "message"; readonly fields: readonly Field[] };

/** Parses the text of a type. */
export function shapeOf(type: string): Shape {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) return { kind: "list", of: list };
  const map = /^\{ \[key: string\]: (.*) \}$/.exec(type)?.[1];
  if (map !== undefined) return { kind: "map", of: map };
  switch (type) {
    case "string":
    case "number":
    case "boolean":
      return { kind: type };
    case "Date":
      return { kind: "date" };
    case "Names":
      return { kind: "names" };
    case "Filters":
      return { kind: "filters" };
    case "Related":
      return { kind: "related" };
  }
  const found = typeOf(type);
  if (found === undefined) return { kind: "any" };
  return "fields" in found ? { kind: "message", fields: found.fields } : { kind: "enum", values: found };
}

/** Returns a field's name as a flag: `page-size` for `pageSize`. */
export function kebab(name: string): string {
  return name
    .replace(/_/g, "-")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}

/** Returns the fields that an operation's flags can name without a path, with their spelling as flags. */
export function flagsOf(operation: Operation): { flag: string; field: Field; path: readonly string[] }[] {
  const spelled = (name: string): string => (OWN.includes(kebab(name)) ? `field.${kebab(name)}` : kebab(name));
  const top = operation.fields.map((field) => ({ flag: spelled(field.name), field, path: [field.name] }));
  const taken = new Set(top.map(({ flag }) => flag));
  const within = operation.fields.flatMap((whole) => {
    const shape = whole.whole ? shapeOf(whole.type) : undefined;
    if (shape?.kind !== "message") return [];
    return shape.fields
      .map((field) => ({ flag: spelled(field.name), field, path: [whole.name, field.name] }))
      .filter(({ flag }) => !taken.has(flag));
  });
  return [...top, ...within];
}

/**
 * Builds the request.
 *
 * @param input The JSON to which the flags are added, if there is any.
 * @throws {@link UsageError} for a flag that the operation does not have, or whose text does not match its type.
 */
export function requestOf(operation: Operation, flags: readonly Flag[], input: unknown): Record<string, unknown> {
  if (input !== undefined && !isObject(input)) throw new UsageError("the input is not a JSON object");
  const request: Record<string, unknown> = structuredClone(input ?? {});
  const given = new Set<string>();
  for (const { name, text } of flags) {
    const { path, type, secret } = place(operation, name);
    if (secret)
      throw new UsageError(`--${name} is a secret, and other processes can read command lines`, {
        hint: "Give it as JSON with --input FILE, or with --input - on standard input.",
      });
    const shape = shapeOf(type);
    const value = readValue(name, text, shape);
    const holder = holderOf(request, path, name);
    const key = path.at(-1) as string;
    const whole = path.join("\0");
    const again = given.has(whole);
    given.add(whole);
    const there = again ? holder[key] : undefined;
    if (["list", "names"].includes(shape.kind))
      set(holder, key, [...((there ?? []) as unknown[]), ...(value as unknown[])]);
    else if (shape.kind === "filters") set(holder, key, { ...(there as object), ...(value as object) });
    else if (again) throw new UsageError(`--${name} is given twice`);
    else set(holder, key, value);
  }
  return request;
}

/** Returns the path of a flag's value in the request, and its type. */
function place(operation: Operation, name: string): { path: string[]; type: string; secret: boolean } {
  const segments = name.split(".");
  const known = flagsOf(operation);
  // `--field.all` is the field `all`, since `--all` is one of the command's own flags.
  const prefix = segments[0] === "field" && segments.length > 1 ? 2 : 1;
  const first = segments.slice(0, prefix).join(".");
  const found =
    known.find(({ flag, field }) => flag === first || field.name === first || `field.${kebab(field.name)}` === first) ??
    known.find(({ flag }) => normalized(flag) === normalized(first));
  if (found === undefined)
    throw unknown(
      operation,
      name,
      known.map(({ flag }) => flag),
    );
  const path = [...found.path];
  let { type, secret = false } = found.field;
  for (const segment of segments.slice(prefix)) {
    const shape = shapeOf(type);
    switch (shape.kind) {
      case "map":
        path.push(segment);
        type = shape.of;
        break;
      case "any":
        path.push(segment);
        break;
      case "message": {
        const field =
          shape.fields.find((one) => one.name === segment || kebab(one.name) === segment) ??
          shape.fields.find((one) => normalized(one.name) === normalized(segment));
        if (field === undefined) {
          const before = name.slice(0, name.lastIndexOf(segment));
          throw unknown(
            operation,
            name,
            shape.fields.map((one) => before + kebab(one.name)),
          );
        }
        path.push(field.name);
        type = field.type;
        secret ||= field.secret ?? false;
        break;
      }
      default:
        throw new UsageError(`--${name}: the field before .${segment} has no fields that a flag can set`, {
          hint: shape.kind === "list" ? "Give the list as JSON." : undefined,
        });
    }
  }
  return { path, type, secret: secret || holdsSecret(type) };
}

/** Returns whether a value of a type can contain a secret, so that its JSON must not be given in a flag either. */
function holdsSecret(type: string, seen: ReadonlySet<string> = new Set()): boolean {
  if (seen.has(type)) return false;
  const shape = shapeOf(type);
  const within = new Set([...seen, type]);
  if (shape.kind === "list" || shape.kind === "map") return holdsSecret(shape.of, within);
  return shape.kind === "message" && shape.fields.some((field) => field.secret || holdsSecret(field.type, within));
}

function unknown({ api, group, name: operation }: Operation, name: string, flags: readonly string[]): UsageError {
  const near = nearest(name, flags).map((one) => `--${one}`);
  return new UsageError(`${group}.${operation} has no --${name}`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(" or ")}?`
        : `\`keyturn api ${api} ${group}.${operation} --help\` lists its fields.`,
  });
}

/** Returns the object to which a value belongs. It is created if it is missing. */
function holderOf(request: Record<string, unknown>, path: readonly string[], name: string): Record<string, unknown> {
  let at = request;
  for (const key of path.slice(0, -1)) {
    const there = Object.hasOwn(at, key) ? at[key] : undefined;
    if (there !== undefined && there !== null && !isObject(there))
      throw new UsageError(`--${name}: ${key} already has a value without fields`);
    const next = there ?? {};
    set(at, key, next);
    at = next as Record<string, unknown>;
  }
  return at;
}

/** Sets a field of any name. `__proto__` becomes an own property like any other. */
function set(at: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(at, key, { value, enumerable: true, configurable: true, writable: true });
}

function readValue(name: string, text: string | undefined, shape: Shape): unknown {
  if (text === undefined) {
    if (shape.kind === "boolean") return true;
    throw new UsageError(`--${name} needs a value`);
  }
  switch (shape.kind) {
    case "string":
    case "related":
      return text;
    case "enum":
      return constant(text, shape.values);
    case "number":
      return number(name, text);
    case "boolean":
      if (text === "true" || text === "false") return text === "true";
      throw new UsageError(`--${name}: expected true or false, but got ${shown(text)}`);
    case "date":
      return date(name, text);
    case "names":
      return text.split(",").filter((one) => one !== "");
    case "filters":
      return filter(name, text);
    case "list":
      if (text.trimStart().startsWith("[")) return json(name, text, Array.isArray, "a JSON array");
      return [readValue(name, text, shapeOf(shape.of))];
    case "map":
    case "message":
      return json(name, text, isObject, "a JSON object");
    case "any":
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return text;
      }
  }
}

/** Returns a value of an open enumeration. The prefix that all its values share may be left out. */
function constant(text: string, values: readonly string[]): string {
  if (values.includes(text)) return text;
  const upper = text.toUpperCase().replace(/-/g, "_");
  const found = values.filter((value) => value === upper || value.endsWith(`_${upper}`));
  return found.length === 1 ? (found[0] as string) : text;
}

function number(name: string, text: string): number | bigint {
  const value = Number(text);
  if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) || !Number.isFinite(value))
    throw new UsageError(`--${name}: expected a number, but got ${shown(text)}`);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}

function date(name: string, text: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return text;
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new UsageError(`--${name}: expected a date such as 2030-01-01T00:00:00Z, but got ${shown(text)}`);
  return new Date(at).toISOString();
}

function filter(name: string, text: string): Record<string, string> {
  const [, key, value] = /^([^=]+)=([^]*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new UsageError(
      `--${name}: expected ATTRIBUTE_PREDICATE=VALUE such as kind_eq=integration, but got ${shown(text)}`,
    );
  return { [key]: value };
}

function json<T>(name: string, text: string, is: (value: unknown) => value is T, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {}
  if (!is(value)) throw new UsageError(`--${name}: expected ${what}, but got ${shown(text)}`);
  return value;
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text || "nothing";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
