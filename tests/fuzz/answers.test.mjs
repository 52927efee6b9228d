// Responses of C1 with JSON of any kind. The oracles are `JSON.parse` for the content of the text, and a second
// reviver, written from the API's facts, for how it is decoded.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { root } from "../../xtask/steps.mjs";
import { load } from "../commercelayer/world.mjs";
import { anyText, holds, json, quoted } from "../lib/fuzz.mjs";
import { stubClient } from "../lib/stub.mjs";
import { readFacts } from "../vectors/facts.mjs";
import { requestOf } from "../vectors/make.mjs";

const keyturn = await load("keyturn");
const facts = readFacts(
  readFileSync(join(root, "api/c1.idl"), "utf8"),
  readFileSync(join(root, "tests/facts/c1-surface.tsv"), "utf8"),
);

const dates = fc.oneof(
  fc
    .date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc.constantFrom(
    "",
    "2024-02-29T23:59:60Z",
    "2024-01-01T00:00:00.123456789+07:30",
    "2023-02-29T00:00:00Z",
    "never",
    "2024-01-01 00:00:00z",
  ),
);
const numbers = fc.oneof(
  fc.maxSafeInteger().map(String),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc.constantFrom(
    "NaN",
    "Infinity",
    "-Infinity",
    "1e3",
    "007",
    "+5",
    " 5",
    "",
    "-9223372036854775808",
    "9007199254740992",
  ),
);

/** Generates a value for a field: often a valid one, sometimes any. */
function valueFor(field, depth) {
  if (field.shape === "list")
    return fc.oneof(
      { weight: 5, arbitrary: fc.array(elementFor(field, depth), { maxLength: 3 }).map((items) => `[${items}]`) },
      json,
    );
  if (field.shape === "map") {
    const member = fc.tuple(anyText.chain(quoted), elementFor(field, depth)).map((pair) => pair.join(":"));
    return fc.oneof({ weight: 5, arbitrary: fc.array(member, { maxLength: 3 }).map((items) => `{${items}}`) }, json);
  }
  return elementFor(field, depth);
}

function elementFor({ kind, ref }, depth) {
  if (kind === "msg") return depth > 2 ? json : fc.oneof({ weight: 6, arbitrary: messageFor(ref, depth + 1) }, json);
  const usual = {
    date: dates.chain(quoted),
    // Integers that a number cannot hold become text. Other tests have those, and compare them with the digits that
    // were sent.
    int64: fc.oneof(numbers.chain(quoted), fc.maxSafeInteger().map(String)),
    uint64: fc.oneof(numbers.chain(quoted), fc.nat().map(String)),
    int32: fc.oneof(numbers.chain(quoted), fc.integer().map(String)),
    uint32: fc.oneof(numbers.chain(quoted), fc.nat().map(String)),
    double: fc.oneof(
      numbers.chain(quoted),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
    ),
    any: fc.tuple(anyText.chain(quoted), json).map(([type, value]) => `{"@type":${type},"value":${value}}`),
  }[kind];
  return fc.oneof(
    { weight: 5, arbitrary: usual ?? anyText.chain(quoted) },
    kind === "int64" || kind === "uint64" ? fc.constantFrom("null", "true", "[]", "{}") : json,
  );
}

/** Generates a message's JSON text: some of its fields in any order, repeated names, and names that no table has. */
function messageFor(message, depth = 0) {
  const fields = facts.messages.get(message);
  const known = fc
    .subarray(fields, { minLength: 0, maxLength: Math.min(fields.length, 6) })
    .chain((chosen) => fc.tuple(...chosen.map((field) => fc.tuple(quoted(field.wire), valueFor(field, depth)))));
  const unknown = fc.array(fc.tuple(anyText.chain(quoted), json), { maxLength: 2 });
  return fc
    .tuple(known, unknown)
    .chain(([some, others]) => {
      const members = [...some, ...others];
      return fc.shuffledSubarray([...members, ...members.slice(0, 1)], { minLength: members.length });
    })
    .map((members) => `{${members.map(([name, value]) => `${name}:${value}`)}}`);
}

/** Returns the expected result for a parsed message, by the facts. */
function revived(message, value) {
  const out = {};
  const fields = new Map(facts.messages.get(message).map((field) => [field.wire, field]));
  for (const [name, given] of Object.entries(value)) {
    const field = fields.get(name);
    const set = (key, made) =>
      Object.defineProperty(out, key, { value: made, enumerable: true, writable: true, configurable: true });
    if (field === undefined) set(name, given);
    else if (field.shape === "list" && Array.isArray(given))
      set(
        field.name,
        given.map((item) => element(field, item)),
      );
    else if (field.shape === "map" && isObject(given)) {
      const map = {};
      for (const [key, item] of Object.entries(given))
        Object.defineProperty(map, key, {
          value: element(field, item),
          enumerable: true,
          writable: true,
          configurable: true,
        });
      set(field.name, map);
    } else set(field.name, field.shape === "one" ? element(field, given) : given);
  }
  return out;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const INTEGER = /^[+-]?\d+$/;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function element({ kind, ref }, value) {
  if (value === null) return null;
  switch (kind) {
    case "msg":
      return isObject(value) ? revived(ref, value) : value;
    case "date":
      return typeof value === "string" ? dateOf(value) : value;
    case "int64":
    case "int32":
    case "uint32":
      return typeof value === "string" && INTEGER.test(value) && Number.isSafeInteger(Number(value))
        ? Number(value)
        : value;
    case "uint64":
      return typeof value === "number" ? String(value) : value;
    case "double":
      return typeof value === "string" && (NUMBER.test(value) || /^(NaN|-?Infinity)$/.test(value))
        ? Number(value)
        : value;
    case "any": {
      if (!isObject(value)) return value;
      const { "@type": atType, ...rest } = value;
      return {
        ...(atType === undefined ? {} : { atType }),
        ...(Object.keys(rest).length > 0 ? { additionalProperties: rest } : {}),
      };
    }
    default:
      return value;
  }
}

function dateOf(text) {
  if (text === "") return undefined;
  const parts = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.exec(text);
  if (parts === null) return text;
  const [, year, month, day, hour, minute, second, fraction = "", offset] = parts;
  const real = new Date(Date.UTC(2000, 0, 1));
  real.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (real.getUTCMonth() !== Number(month) - 1 || real.getUTCDate() !== Number(day)) return text;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:00${fraction.slice(0, 4)}${offset.toUpperCase()}`);
  return new Date(date.getTime() + Number(second) * 1000);
}

const bom = fc.constantFrom("", "", "", "\ufeff");
const cases = fc
  .nat(facts.operations.length - 1)
  .chain((number) =>
    fc.record({ number: fc.constant(number), mark: bom, text: messageFor(facts.operations[number].response) }),
  );

async function answered(number, text) {
  const operation = facts.operations[number];
  const fetch = async () => new Response(text, { headers: { "content-type": "application/json" } });
  const c1 = stubClient(keyturn, { fetch });
  const { args } = requestOf(facts, operation);
  const answer = await c1[operation.property][operation.method](...args);
  return answer[operation.responseField];
}

holds(
  "an answer is what JSON.parse makes of it, with the dates and numbers that the facts name",
  cases,
  async ({ number, mark, text }) => {
    const made = await answered(number, mark + text);
    assert.deepEqual(made, revived(facts.operations[number].response, JSON.parse(text)));
    assert.equal(Object.getPrototypeOf({}).polluted, undefined);
  },
);

/** Text in which one byte is changed or missing. */
const broken = fc.record({
  number: fc.nat(facts.operations.length - 1),
  text: json,
  at: fc.nat(),
  byte: fc.nat(255),
  drop: fc.boolean(),
});

holds(
  "bytes that JSON.parse refuses are refused by a class of the package, and others are read",
  broken,
  async ({ number, text, at, byte, drop }) => {
    const bytes = Buffer.from(`{"a":${text}}`);
    const place = at % bytes.length;
    const changed = drop
      ? Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1)])
      : Buffer.from(bytes.map((old, index) => (index === place ? byte : old)));
    let expected;
    try {
      expected = JSON.parse(new TextDecoder().decode(changed));
    } catch {}
    const operation = facts.operations[number];
    // The change may have produced the name of one of the message's fields.
    if (facts.messages.get(operation.response).some(({ wire }) => wire in (expected ?? {}))) return;
    try {
      assert.deepEqual(await answered(number, changed), expected);
    } catch (error) {
      if (!keyturn.KeyturnError.is(error)) throw error;
      assert.ok(!isObject(expected), `refused: ${error.message}`);
    }
  },
);
