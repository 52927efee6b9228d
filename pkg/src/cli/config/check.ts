/** Checks a value against the schema of `keyturn.json`, and reports the position of each problem. */

import { nearest } from "../nearest.js";
import { SCHEMA, type Schema } from "./schema.js";

/** The position of a value: keys and indices from the root. */
export type Path = readonly (string | number)[];

/** A problem of a value. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** Its position in the text, if the path does not give it. */
  readonly offset?: number | undefined;
}

/** Returns all problems, in the order of the text. */
export function problemsOf(value: unknown): readonly Problem[] {
  return [...visit(SCHEMA, value, []), ...secrets(value, [])];
}

function visit(schema: Schema, value: unknown, path: Path): readonly Problem[] {
  if (schema.$ref !== undefined) return visit(definition(schema.$ref), value, path);
  if (schema.oneOf !== undefined) return visitVariant(schema.oneOf, value, path);
  const message = mismatch(schema, value);
  if (message !== undefined) return [{ path, message }];
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [] : value.flatMap((item, index) => visit(items, item, [...path, index]));
  }
  return isObject(value) ? fields(schema, value, path) : [];
}

function definition(reference: string): Schema {
  const target = SCHEMA.$defs[reference.replace("#/$defs/", "")];
  if (target === undefined) throw new Error(`the schema has no ${reference}`);
  return target;
}

/** Checks an object against the variant that its kind names. */
function visitVariant(variants: readonly Schema[], value: unknown, path: Path): readonly Problem[] {
  if (!isObject(value)) return [{ path, message: "must be an object with a kind" }];
  const byKind = new Map(variants.map((variant) => [variant.properties?.kind?.const, variant]));
  const variant = byKind.get(value.kind as string);
  if (variant !== undefined) return visit(variant, value, path);
  const kinds = [...byKind.keys()].filter((kind) => kind !== undefined);
  return value.kind === undefined
    ? [{ path, message: `has no kind; it must be one of ${quoted(kinds)}` }]
    : [{ path: [...path, "kind"], message: `must be one of ${quoted(kinds)}${suggestion(value.kind, kinds)}` }];
}

/** Returns why a value itself does not match, regardless of its items and fields; `undefined` if it does. */
function mismatch(schema: Schema, value: unknown): string | undefined {
  if (schema.enum !== undefined && !schema.enum.includes(value as string))
    return `must be one of ${quoted(schema.enum)}${suggestion(value, schema.enum)}`;
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.includes(typeOf(value)))
    return `must be ${types.map((type) => ARTICLES[type] ?? type).join(" or ")}`;
  if (typeof value === "string") return mismatchOfText(schema, value);
  if (typeof value === "number") return mismatchOfNumber(schema, value);
  if (Array.isArray(value) && value.length < (schema.minItems ?? 0)) return "must not be empty";
  return undefined;
}

function mismatchOfText({ minLength, pattern, description }: Schema, text: string): string | undefined {
  if (minLength !== undefined && text.trim() === "") return "must not be empty";
  if (pattern !== undefined && !new RegExp(pattern, "u").test(text)) return `does not match: ${description ?? pattern}`;
  return undefined;
}

function mismatchOfNumber({ minimum, maximum }: Schema, number: number): string | undefined {
  // A duration, which is 0 or has a unit.
  if (maximum === 0 && number !== 0) return 'needs a unit, as in "24h" or "60d"';
  if (minimum !== undefined && number < minimum) return `must be ${minimum} or more`;
  if (maximum !== undefined && number > maximum) return `must be ${maximum} or less`;
  return undefined;
}

function fields(schema: Schema, value: Readonly<Record<string, unknown>>, path: Path): readonly Problem[] {
  const { properties = {}, required = [], additionalProperties } = schema;
  const keys = Object.keys(value);
  const missing = required.filter((name) => !keys.includes(name));
  const found: Problem[] = missing.map((name) => ({ path, message: `has no ${JSON.stringify(name)}` }));
  if (keys.length < (schema.minProperties ?? 0) || keys.length > (schema.maxProperties ?? Number.POSITIVE_INFINITY))
    found.push({ path, message: `must have exactly one of ${quoted(Object.keys(properties))}` });
  for (const key of keys) {
    const at = [...path, key];
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (schema.propertyNames !== undefined)
      found.push(
        ...visit(schema.propertyNames, key, at).map(({ message }) => ({
          path: at,
          message: `is a name that ${message}`,
        })),
      );
    if (known !== undefined) found.push(...visit(known, value[key], at));
    else if (typeof additionalProperties === "object") found.push(...visit(additionalProperties, value[key], at));
    else if (additionalProperties === false)
      found.push({ path: at, message: `is not a known field${suggestion(key, Object.keys(properties))}` });
  }
  return found;
}

const ARTICLES: Readonly<Record<string, string>> = {
  string: "a string",
  object: "an object",
  array: "an array",
  boolean: "true or false",
  integer: "an integer",
};

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(", ");
}

/** Suggests the name that was probably meant. */
function suggestion(given: unknown, names: readonly string[]): string {
  if (typeof given !== "string") return "";
  const [close] = nearest(given, names, 1);
  return close === undefined ? "" : `; did you mean ${JSON.stringify(close)}?`;
}

/** The patterns of secrets: those of the two APIs, tokens of the systems of sinks, keys, and long random texts. */
const SECRETS: readonly RegExp[] = [
  /secret-token:/i,
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
  /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+/,
  /\b(?:gh[opsur]_|github_pat_)\w{20,}/,
  /\bhv[sbr]\.[\w-]{20,}/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\bBearer\s+\S{8,}/i,
];
const RANDOM = /^[\w+/=-]{40,}$/;

/** Rejects texts that look like a secret, wherever they are. The message does not repeat them. */
function secrets(value: unknown, path: Path): readonly Problem[] {
  if (typeof value === "string") {
    // A client id of Commerce Layer looks as random as a secret, but is none.
    const random = RANDOM.test(value) && /\d/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value);
    return isSecret(value) || (random && path.at(-1) !== "clientId")
      ? [{ path, message: "looks like a secret; give the name of a variable or file that contains it instead" }]
      : [];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => secrets(item, [...path, index]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    isSecret(key) ? [{ path, message: "has a name that looks like a secret" }] : secrets(inner, [...path, key]),
  );
}

function isSecret(text: string): boolean {
  return SECRETS.some((pattern) => pattern.test(text));
}
