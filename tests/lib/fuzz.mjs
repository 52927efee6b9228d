// Properties of the public package under random inputs from fast-check. Each run draws a seed and prints it:
// `KEYTURN_SEED=N` repeats its inputs, `KEYTURN_RUNS=N` tries more of them.
import { test } from "node:test";
import fc from "fast-check";

const SEED = Number(process.env.KEYTURN_SEED ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env.KEYTURN_RUNS ?? 300);

console.log(`KEYTURN_SEED=${SEED} KEYTURN_RUNS=${RUNS}`);

/**
 * Tests that a property holds for every input.
 *
 * @template T
 * @param {string} name
 * @param {fc.Arbitrary<T>} inputs
 * @param {(input: T) => unknown} property Throws, or rejects, where it does not hold.
 * @param {{ share?: number, examples?: T[] }} [options] `share` of the runs, for slow properties;
 *   inputs to try in every run.
 */
export function holds(name, inputs, property, { share = 1, examples = [] } = {}) {
  test(name, async () => {
    const check = fc.asyncProperty(inputs, async (input) => {
      await property(input);
    });
    await fc.assert(check, {
      seed: SEED,
      numRuns: Math.ceil(RUNS * share),
      examples: examples.map((example) => [example]),
      interruptAfterTimeLimit: 60_000,
      markInterruptAsFailure: false,
    });
  });
}

/** Text that is difficult to read: any code points, lone surrogates, names that JavaScript itself uses. */
export const anyText = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
  { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "\0D2024",
    "\ud800",
    "a\udc00",
    "\ufeff",
    ".",
    "..",
    "",
    "%2e",
    "a/b?c#d",
  ),
);

/** Text without lone surrogates. */
export const wellFormed = anyText.filter((text) => text.isWellFormed());

const space = fc.constantFrom("", "", "", " ", "\n\t", "\r\n  ");

/** Writes a text as JSON, with escapes that it does not need. */
export const quoted = (text) =>
  fc.array(fc.boolean(), { maxLength: 6 }).map((escaped) => {
    const unit = (at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`;
    let out = "";
    for (let at = 0; at < text.length; at++) {
      const plain = JSON.stringify(text[at]).slice(1, -1);
      out += escaped[at % (escaped.length || 1)] ? unit(at) : plain;
    }
    return `"${out}"`;
  });

/** JSON text of any value, with white space, escapes and repeated names. `JSON.parse` is its oracle. */
export const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("null", "true", "false", "0", "-0", "1.5e3", "-12", "9007199254740991", "1e-7"),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => JSON.stringify(number)),
    anyText.chain(quoted),
    fc
      .tuple(space, fc.array(tie("json"), { maxLength: 4 }))
      .map(([gap, items]) => `[${gap}${items.join(`,${gap}`)}${gap}]`),
    fc
      .tuple(space, fc.array(fc.tuple(anyText.chain(quoted), tie("json")), { maxLength: 4 }))
      .map(([gap, members]) => `{${gap}${members.map(([name, value]) => `${name}${gap}:${value}`).join(`,${gap}`)}}`),
  ),
}));

const decoded = (text) => decodeURIComponent(text.replaceAll("+", " "));

/**
 * Returns a parameter of a URL's query; `null` if there is none. `URLSearchParams` drops a byte order mark at the start
 * of a value.
 */
export function parameter(url, name) {
  const pairs = (String(url).split("?")[1] ?? "").split("&").map((pair) => pair.split("=").map(decoded));
  return pairs.find(([other]) => other === name)?.[1] ?? null;
}
