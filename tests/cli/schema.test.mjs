// The schema that editors read and the command's check come from one table. An independent validator with the shipped
// schema must accept and refuse the same random configurations as the command.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { holds } from "../lib/fuzz.mjs";
import { installed, module } from "../lib/installed.mjs";

const { problemsOf } = await module("cli/config/check.js");
const path = join(installed(), "node_modules/keyturn/pkg/dist/cli/keyturn.schema.json");
const schema = JSON.parse(readFileSync(path, "utf8"));
// `strict` refuses keywords that are unknown or have no effect.
const validate = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);

/** Strings that the schema accepts, and strings close to these. */
const TEXTS = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("a", "60d", "all", "never", "anywhere", "owner/name", "A_B", "0640", "12:30"),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom("", " ", "\u00a0", "\ufeff", "\n", "a\n", "-x", "__proto__", "toString", "9A", "0999"),
  },
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 6 }),
);
const NUMBERS = fc.oneof(
  fc.integer({ min: -2, max: 3 }),
  fc.constantFrom(0.5, 1e20, -0, 2 ** 53 - 1, 2 ** 53, 1e300),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const ANYTHING = fc.oneof(TEXTS, NUMBERS, fc.jsonValue({ maxDepth: 2 }));
const SPACE = /^\s*$/;

/** Generates strings for a pattern from this table, or else with `fc.stringMatching`. */
function textsOf({ pattern, minLength }) {
  if (pattern !== undefined && pattern !== "\\S" && !pattern.includes("(?!"))
    return fc.stringMatching(new RegExp(pattern));
  return minLength === undefined && pattern === undefined ? TEXTS : TEXTS.filter((text) => !SPACE.test(text));
}

/** Generates valid values of a part of the schema. */
function valuesOf(part) {
  if (part.$ref !== undefined) return valuesOf(schema.$defs[part.$ref.replace("#/$defs/", "")]);
  if (part.const !== undefined) return fc.constant(part.const);
  if (part.enum !== undefined) return fc.constantFrom(...part.enum);
  if (part.oneOf !== undefined) return fc.oneof(...part.oneOf.map(valuesOf));
  return fc.oneof(...[part.type].flat().map((type) => typed(type, part)));
}

function typed(type, part) {
  switch (type) {
    case "string":
      return textsOf(part);
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({ min: part.minimum ?? 0, max: Math.min(part.maximum ?? 100, 100) });
    case "array":
      return fc.array(valuesOf(part.items), { minLength: part.minItems ?? 0, maxLength: 3 });
    default: {
      const { properties = {}, required = [], additionalProperties, propertyNames, maxProperties } = part;
      const fields = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, valuesOf(one)]));
      if (maxProperties === 1)
        return fc.oneof(...Object.entries(fields).map(([name, value]) => fc.record({ [name]: value })));
      const known = fc.record(fields, { requiredKeys: required });
      if (typeof additionalProperties !== "object") return known;
      const fits = new RegExp(propertyNames?.pattern ?? "", "u");
      const names = propertyNames?.enum
        ? fc.constantFrom(...propertyNames.enum)
        : TEXTS.filter((name) => fits.test(name));
      return fc
        .array(fc.tuple(names, valuesOf(additionalProperties)), { maxLength: 2 })
        .map((pairs) => Object.fromEntries(pairs));
    }
  }
}

/** Returns the paths in a value: keys and indices from the root. */
function placesOf(value, at = []) {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...at, key]))];
}

/** Returns a value with one change: something replaced, removed, or added. */
function changed(value, place, how, other, name) {
  const copy = structuredClone(value);
  const path = placesOf(copy)[place % placesOf(copy).length];
  if (path.length === 0) return how === 0 ? other : copy;
  const parent = path.slice(0, -1).reduce((inner, key) => inner[key], copy);
  const key = path.at(-1);
  const put = (to, at, what) =>
    Object.defineProperty(to, at, { value: what, enumerable: true, configurable: true, writable: true });
  if (how === 0) put(parent, key, other);
  else if (how === 1) Array.isArray(parent) ? parent.splice(Number(key), 1) : delete parent[key];
  else if (Array.isArray(parent)) parent.push(other);
  else put(parent, name, other);
  return copy;
}

const CONFIGS = valuesOf(schema);
const MUTATIONS = fc.array(
  fc.tuple(
    fc.nat(),
    fc.constantFrom(0, 1, 2),
    ANYTHING,
    fc.oneof(TEXTS, fc.constantFrom("kind", "policy", "env", "name")),
  ),
  { maxLength: 3 },
);

/** The schema cannot express that something is a secret. */
const own = (value) => problemsOf(value).filter(({ message }) => !message.includes("looks like a secret"));
const verdicts = [0, 0];

/** Asserts that the schema and the command agree about a value in a file. */
function agree(value) {
  const parsed = JSON.parse(JSON.stringify(value));
  const [theirs, ours] = [validate(parsed), own(parsed)];
  verdicts[theirs ? 1 : 0]++;
  assert.equal(
    ours.length === 0,
    theirs,
    `${JSON.stringify(parsed)}\nthe command: ${JSON.stringify(ours)}\nthe schema: ${JSON.stringify(validate.errors)}`,
  );
}

holds("what the schema makes up is accepted by both", CONFIGS, (config) => {
  assert.deepEqual(own(JSON.parse(JSON.stringify(config))), []);
  agree(config);
});

holds("what is changed in it is accepted or refused by both", fc.tuple(CONFIGS, MUTATIONS), ([config, changes]) =>
  agree(changes.reduce((value, [place, how, other, name]) => changed(value, place, how, other, name), config)),
);

holds("anything at all", ANYTHING, agree);

test("both verdicts occurred", () => {
  assert.ok(verdicts[0] > 10 && verdicts[1] > 10, verdicts.join());
});

test("refuses invalid target names", () => {
  for (const name of ["", " ", "-", "--all", "__proto__"]) {
    const sinks = [{ kind: "command", run: ["x"] }];
    const target = { kind: "c1-bridge", bridgeId: "B", sinks };
    const text = `{"journal":"j","targets":{${JSON.stringify(name)}:${JSON.stringify(target)}}}`;
    const config = JSON.parse(text);
    assert.equal(validate(config), false, name);
    assert.equal(problemsOf(config).length, 1, name);
  }
});
