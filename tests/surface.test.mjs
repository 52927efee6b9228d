// The public surface of the installed package equals the committed one, so that no change of it goes unnoticed.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { committed, surface } from "../xtask/surface.mjs";
import { installed } from "./lib/installed.mjs";

const found = surface(join(installed(), "node_modules/keyturn/pkg/dist/esm"));
const expected = committed();

describe("the surface", () => {
  test("has a report for each entry", () => assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort()));

  for (const [entry, text] of found) {
    test(`of ${entry}`, () => {
      const [old, now] = [expected.get(entry) ?? "", text].map((report) => report.split("\n\n"));
      const gone = old.filter((part) => !now.includes(part));
      const come = now.filter((part) => !old.includes(part));
      const changes = [
        ...gone.map((part) => part.replace(/^/gm, "- ")),
        ...come.map((part) => part.replace(/^/gm, "+ ")),
      ];
      const how =
        "if this is on purpose, run node xtask/surface.mjs --write, and say in CHANGELOG.md what users have to do";
      // Not `equal`, which would print both texts as well.
      assert.ok(text === expected.get(entry), `${changes.join("\n\n")}\n\n${how}`);
    });
  }

  test("contains only what users can reach", () => {
    const index = found.get("index");
    assert.match(index, /^class ConductorOne extends \w+ \{\n(?: {4}.*\n)* {4}get serverURL\(\): string;/m);
    assert.match(index, /^interface Groups \(generated, \w{8}\)$/m);
    for (const [entry, text] of found) {
      assert.ok(text.split("\n").length > 5, entry);
      assert.doesNotMatch(text, /@internal|^ *(?:private |#\w+;)/m, entry);
    }
  });
});
