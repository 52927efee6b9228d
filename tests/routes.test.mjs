// Whatever a caller passes for a path parameter, a request goes to the path of its operation, or nowhere.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../xtask/steps.mjs";
import { hostileValues } from "./conformance/input.mjs";
import { installed } from "./lib/installed.mjs";
import { stubClient } from "./lib/stub.mjs";
import { readFacts } from "./vectors/facts.mjs";

const { keyturn } = await import(pathToFileURL(join(installed(), "load.mjs")).href);

test("two hundred hostile values, in every path parameter of every operation, change no route", async () => {
  const read = (path) => readFileSync(join(root, path), "utf8");
  const facts = readFacts(read("api/c1.idl"), read("tests/facts/c1-surface.tsv"));
  const values = hostileValues();
  assert.ok(values.length >= 200, `${values.length} values`);
  const at = {};
  const response = { status: 204, headers: new Headers(), arrayBuffer: async () => new ArrayBuffer(0) };
  const c1 = stubClient(keyturn, { fetch: async (url) => ((at.url = url), response) });
  let checked = 0;
  for (const operation of facts.operations) {
    const inPath = operation.params.filter(({ place }) => place === "path");
    const pattern = new RegExp(`^https://tenant\\.conductor\\.one${operation.path.replace(/\{\w+\}/g, "[^/?#]+")}$`);
    for (const { name } of inPath.filter(({ kind }) => kind === "string")) {
      const request = Object.fromEntries(inPath.map(({ name, kind }) => [name, kind === "int64" ? 1 : "fixed"]));
      for (const value of values) {
        at.url = undefined;
        await c1[operation.property][operation.method]({ ...request, [name]: value }).catch(() => {});
        // The URL as the platform reads it, since that is where `fetch` goes.
        if (at.url !== undefined)
          assert.match(new URL(at.url).href, pattern, `${operation.id}: ${JSON.stringify(value)}`);
        else assert.ok(["", ".", ".."].includes(value), `${operation.id}: ${JSON.stringify(value)} was refused`);
        checked++;
      }
    }
  }
  assert.ok(checked > 140_000, `${checked} values`);
});
