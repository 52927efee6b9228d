// The order of findings and their texts, which are the same in all lists of the console.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { root } from "../../xtask/steps.mjs";

const { outputFiles } = await build({
  stdin: {
    contents: 'export * from "./ui/findings.js"; export { EN } from "./texts/en.js";',
    resolveDir: join(root, "www/src"),
  },
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
  plugins: [
    {
      name: "lit",
      setup: ({ onResolve }) =>
        onResolve({ filter: /^lit$/ }, () => ({
          path: pathToFileURL(join(root, "node_modules/lit/index.js")).href,
          external: true,
        })),
    },
  ],
});
const { sorted, EN } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);

/** The lifecycle's finding codes, as its type lists them. */
const model = readFileSync(join(root, "pkg/src/lifecycle/model.ts"), "utf8");
const codes = [
  ...model
    .split("LifecycleFindingCode =")[1]
    .split(";")[0]
    .matchAll(/\| "([\w-]+)"/g),
].map(([, code]) => code);

test("the worst come first, equals by what they are about, and what is not known last", () => {
  const ordered = [
    ["critical", "expired"],
    ["critical", "sink-differs"],
    ["critical", "of a newer engine"],
    ["high", "attention"],
    ["high", "expiring"],
    ["medium", "expiring"],
    ["medium", "no-policy"],
    ["low", "idle"],
    ["low", "owner-missing"],
    ["of a newer engine", "expired"],
  ].map(([severity, code]) => ({ severity, code }));
  const shuffles = ordered.map((_, at) => [...ordered.slice(at), ...ordered.slice(0, at)]);
  for (const list of [...shuffles, [...ordered].reverse()]) assert.deepEqual(sorted(list), ordered);
});

test("each code of the lifecycle has its place and says what to do", () => {
  assert.ok(codes.length >= 15);
  // Findings of equal severity come in the lifecycle's order.
  const findings = codes.map((code) => ({ severity: "low", code }));
  const places = sorted([...findings, { severity: "low", code: "unknown to all" }].reverse());
  assert.equal(places.at(-1).code, "unknown to all");
  const own = places.map(({ code }) => code).filter((code) => codes.includes(code));
  assert.deepEqual(own, codes);
  for (const code of codes) for (const key of [`finding.${code}`, `finding.${code}.do`]) assert.ok(key in EN, key);
});

test("each reason for which a rotation stops has its words", () => {
  const hints = model.split("HINTS = {")[1].split("\n};")[0];
  const reasons = [...hints.matchAll(/^ {2}"?([\w-]+)"?:/gm)].map(([, reason]) => reason);
  assert.ok(reasons.length >= 8);
  for (const reason of reasons) assert.ok(`attention.${reason}` in EN, reason);
});
