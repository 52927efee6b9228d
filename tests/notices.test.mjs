// Third-party code in the package: that its licences allow it, and that the notices and the bill of materials list it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ACCEPTED, bundled, chosen, libraries, notices, offences, sbom, shipped } from "../xtask/notices.mjs";
import { root } from "../xtask/steps.mjs";
import { installed } from "./lib/installed.mjs";

const keyturn = join(installed(), "node_modules/keyturn");
const crates = shipped();
const HOW = "run node xtask/notices.mjs --write, and look at what changes";

test("every crate has an accepted licence, a known source, a checksum, and one version", () => {
  assert.deepEqual(offences(crates), []);
});

test("detects violations of the policy", () => {
  const locked = { name: "a", version: "1.0.0", source: "registry+https://github.com/rust-lang/crates.io-index" };
  const crate = { ...locked, license: "MIT" };
  const found = (crates, list) => offences(crates, list).length;
  assert.equal(found([crate], [{ ...locked, checksum: "00" }]), 0);
  assert.equal(found([{ ...crate, license: "GPL-3.0-only" }], []), 1);
  assert.equal(found([{ ...crate, license: "" }], []), 1);
  assert.equal(found([crate, { ...crate, version: "2.0.0" }], []), 1);
  assert.equal(found([], [{ ...locked, source: "git+https://example.com/a" }]), 1);
  assert.equal(found([], [locked]), 1);
});

test("licence expressions", () => {
  for (const [expression, expected] of [
    ["MIT", ["MIT"]],
    ["Apache-2.0 OR MIT", ["MIT"]],
    ["Unlicense OR MIT", ["MIT"]],
    ["(MIT OR Apache-2.0) AND Unicode-3.0", ["MIT", "Unicode-3.0"]],
    ["GPL-3.0-only OR Apache-2.0", ["Apache-2.0"]],
    ["MIT AND GPL-3.0-only", undefined],
    ["GPL-3.0-only", undefined],
    ["", undefined],
  ])
    assert.deepEqual(chosen(expression), expected, expression);
});

test("libraries of npm are joined into the command line and the elements, and into nothing else", () => {
  const names = bundled();
  assert.ok(names.includes("commander"));
  assert.deepEqual(bundled("elements"), ["lit"]);
  assert.deepEqual(names, [...bundled("cli"), "lit"].sort());
  assert.deepEqual(
    libraries(["lit"]).map(({ name }) => name),
    ["@lit/reactive-element", "lit", "lit-element", "lit-html"],
  );
  assert.equal(JSON.parse(readFileSync(join(keyturn, "package.json"), "utf8")).dependencies, undefined);
  const found = libraries().map(({ name }) => name);
  for (const name of [...names, "@clack/core"]) assert.ok(found.includes(name), name);
});

test("detects a library with another licence", () => {
  assert.equal(offences([], [], [{ name: "a", version: "1.0.0", license: "GPL-3.0-only" }]).length, 1);
  assert.equal(offences([], [], [{ name: "a", version: "1.0.0", license: "MIT" }]).length, 0);
});

test("the notices name every crate and library, and the tarball has them", () => {
  const text = readFileSync(join(keyturn, "THIRD-PARTY-NOTICES.txt"), "utf8");
  assert.equal(text, notices(crates), HOW);
  const others = [...crates.filter(({ source }) => source !== null), ...libraries()];
  assert.ok(others.length > 20);
  for (const { name, version } of others) assert.ok(text.includes(`\n${name} ${version} (`), name);
});

test("the bill of materials is that of the tree, and the tarball has it", () => {
  const text = readFileSync(join(keyturn, "sbom.cdx.json"), "utf8");
  assert.equal(text, sbom(crates), HOW);
  const { bomFormat, components, dependencies } = JSON.parse(text);
  assert.equal(bomFormat, "CycloneDX");
  const refs = new Set(components.map((component) => component["bom-ref"]));
  assert.equal(refs.size, crates.length + libraries().length);
  for (const { dependsOn } of dependencies) for (const ref of dependsOn) assert.ok(refs.has(ref), ref);
});

test("deny.toml accepts the same licences", () => {
  const toml = readFileSync(join(root, "deny.toml"), "utf8");
  const list = /^allow = \[([^\]]*)\]/m.exec(toml)[1];
  const allowed = [...list.matchAll(/"([^"]+)"/g)].map(([, id]) => id);
  assert.deepEqual(allowed.sort(), [...ACCEPTED].sort());
});
