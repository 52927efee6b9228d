// The corpus in this Node, with all failures. The conformance suite of the same name runs it in every runtime.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../xtask/steps.mjs";
import { CORPUS, failuresOf, operationsOf, readCorpus } from "../lib/corpus.mjs";
import { load, require } from "./world.mjs";

const cases = readCorpus(readFileSync(join(root, CORPUS), "utf8"));

for (const [way, entry] of Object.entries({
  import: await load("keyturn/commercelayer"),
  require: require("keyturn/commercelayer"),
})) {
  test(`${cases.length} calls, by ${way}`, async () => {
    const failures = await failuresOf(entry, cases);
    assert.ok(failures.length === 0, `${failures.length} fail:\n${failures.join("\n")}\n`);
  });
}

test("cover every operation of the API, under unique names", () => {
  assert.equal(operationsOf(cases).size, 70);
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
});
