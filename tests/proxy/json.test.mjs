// The reader of a proxy's requests: whatever it accepts, it reads as `JSON.parse` does, and as the page meant it.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { module } from "../lib/installed.mjs";

const { strict, unmarked, Malformed } = await module("proxy/json.js");
const { marshal } = await module("core/marshal.js");

const TRAPS = ["__proto__", "constructor", "prototype"];
/** Names that look like JSON themselves. */
const name = fc.oneof(
  fc.string(),
  fc.constantFrom('"', "\\", '\\"', "{", "}", "[", "]", ":", ",", '":"', '{"a":', "\u2028", "\0", "é"),
);
const legible = name.filter((text) => !TRAPS.includes(text));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(name, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie("value")),
    fc.dictionary(legible, tie("value"), { noNullPrototype: true }),
  ),
}));

test("reads JSON with any white space", () => {
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, "\t", "\r\n "), (one, space) => {
      const text = JSON.stringify(one, undefined, space);
      assert.deepEqual(strict(text), JSON.parse(text));
    }),
  );
});

test("refuses duplicate members and dangerous names at any depth", () => {
  const escaped = (text) =>
    `"${[...text].map((letter) => (letter.length === 1 ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}` : letter)).join("")}"`;
  const spelled = (text, how) => (how ? escaped(text) : JSON.stringify(text));
  const around = (text, path) =>
    path.reduce((inner, key) => (key === null ? `[0,${inner}]` : `{${JSON.stringify(key)}:${inner}}`), text);
  const path = fc.array(fc.option(legible), { maxLength: 20 });
  fc.assert(
    fc.property(legible, fc.boolean(), fc.boolean(), value, value, path, (key, one, other, a, b, places) => {
      const text = `{${spelled(key, one)}:${JSON.stringify(a)} , ${spelled(key, other)} : ${JSON.stringify(b)}}`;
      JSON.parse(around(text, places));
      assert.throws(() => strict(around(text, places)), Malformed);
    }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...TRAPS), fc.boolean(), value, path, (key, how, a, places) => {
      assert.throws(() => strict(around(`{${spelled(key, how)}:${JSON.stringify(a)}}`, places)), Malformed);
    }),
  );
});

test("refuses invalid JSON, and throws nothing else", () => {
  const damaged = fc
    .tuple(value, fc.nat(), fc.nat({ max: 3 }), fc.string({ maxLength: 3 }))
    .map(([one, at, count, text]) => {
      const letters = JSON.stringify(one);
      const from = at % (letters.length + 1);
      return letters.slice(0, from) + text + letters.slice(from + count);
    });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.string()), (text) => {
      let read;
      try {
        read = strict(text);
      } catch (error) {
        assert.ok(error instanceof Malformed, String(error));
        return;
      }
      assert.deepEqual(read, JSON.parse(text));
    }),
    { numRuns: 2000 },
  );
});

test("a text that nothing ends costs no more than one that ends", () => {
  // If each quotation mark started a new search for the end, this would take hours.
  const inner = '\\"'.repeat(500_000);
  assert.throws(() => strict(`"${inner}`), Malformed);
  assert.throws(() => strict(`{"operation":"${inner}`), Malformed);
  assert.equal(strict(`"${inner}"`).length, 500_000);
});

test("restores the values that the page marked", () => {
  const { value: input } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.oneof(
        name.map((text) => `\0${text}`),
        ...[name, fc.integer(), fc.boolean(), fc.constant(null), fc.bigInt()],
        fc.date({ noInvalidDate: true }),
        fc.uint8Array(),
      ),
      fc.array(tie("value")),
      fc.dictionary(legible, tie("value"), { noNullPrototype: true }),
    ),
  }));
  fc.assert(fc.property(input, (one) => assert.deepEqual(unmarked(strict(marshal(one).json)), one)));
});
