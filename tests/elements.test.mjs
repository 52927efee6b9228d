// The tables of docs/elements.md list what the elements have, according to their types and sources: properties,
// attributes, events, parts, slots, and custom properties. What an element names, other systems accept.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../xtask/steps.mjs";
import { ts } from "../xtask/typescript.mjs";
import { installed, module } from "./lib/installed.mjs";

const folder = join(root, "pkg/src/elements");
const source = (name) => readFileSync(join(folder, name), "utf8");

/** The guide's sections, by their headings. The text before the first one applies to all elements. */
const [common, ...rest] = readFileSync(join(root, "docs/elements.md"), "utf8").split(/^## /m);
const sections = new Map(rest.map((text) => [/^`<([\w-]+)>`/.exec(text)?.[1] ?? /^.*/.exec(text)[0], text]));

/** Returns the tables of a text: the cells of each row by column heading, without backticks. */
function tables(text) {
  return [...text.matchAll(/(?:^\|.*\|\n)+/gm)].map(([table]) => {
    const [heads, , ...rows] = table
      .trim()
      .split("\n")
      .map((row) =>
        row
          .slice(1, -1)
          .split("|")
          .map((cell) => cell.trim().replaceAll("`", "")),
      );
    return { heads, rows: rows.map((cells) => Object.fromEntries(heads.map((head, at) => [head, cells[at]]))) };
  });
}

/** Returns the rows of the table in a section whose first column has this heading. */
const rowsOf = (text, head) => tables(text).find(({ heads }) => heads[0] === head)?.rows ?? [];

/** Returns the words in backticks after a word and a colon, up to the end of the sentence. */
const listed = (text, word) =>
  [...(new RegExp(`${word}:([^.]*)\\.`).exec(text)?.[1] ?? "").matchAll(/`([\w-]+)`/g)].map(([, name]) => name).sort();

const types = ts.createSourceFile("types.ts", source("types.ts"), ts.ScriptTarget.Latest, true);

/** Returns an interface of the types: its members, and the comment before it. */
function interfaceOf(name) {
  let found;
  const visit = (node) => {
    if (ts.isInterfaceDeclaration(node) && node.name.text === name) found = node;
    ts.forEachChild(node, visit);
  };
  visit(types);
  assert.ok(found, `types.ts has no interface ${name}`);
  const members = found.members
    .filter((member) => ts.isPropertySignature(member))
    .map((member) => ({ name: member.name.text, type: member.type.getText() }));
  return { members, comment: found.jsDoc?.map((one) => one.getText().replaceAll(/\n \* ?/g, " ")).join(" ") ?? "" };
}

/** The tag of each element, and the name of its interface. */
const ELEMENTS = interfaceOf("HTMLElementTagNameMap").members.map(({ name, type }) => ({
  tag: name,
  type: type.replace(/Element$/, ""),
  kind: type,
}));

/** Returns the source of the module that defines an element's class. */
function moduleOf(tag) {
  const entry = source(`${tag.replace("keyturn-", "")}.ts`);
  const [, name] = new RegExp(`define\\("${tag}", (\\w+)\\)`).exec(entry);
  return source(`${new RegExp(`import \\{ ${name} \\} from "\\./(\\w+)\\.js"`).exec(entry)[1]}.ts`);
}

const EVERYWHERE = ["SpeakingElement", "KeyturnElement"].flatMap((name) =>
  interfaceOf(name).members.map((one) => one.name),
);

test("each element has a section, and each section that is named like one is about one", () => {
  const named = [...sections.keys()].filter((name) => name.startsWith("keyturn-"));
  assert.deepEqual(named.sort(), ELEMENTS.map(({ tag }) => tag).sort());
});

test("what all elements have is in the table before them", () => {
  const names = rowsOf(common, "property").map(({ property }) => property);
  assert.deepEqual(names.filter(Boolean).sort(), EVERYWHERE.filter((name) => name !== "updateComplete").sort());
});

for (const { tag, type, kind } of ELEMENTS) {
  const section = sections.get(tag) ?? "";
  const { members, comment } = interfaceOf(kind);

  test(`<${tag}>: properties and attributes`, async () => {
    const rows = rowsOf(section, "property");
    assert.deepEqual(rows.map(({ property }) => property).sort(), members.map(({ name }) => name).sort());

    // The class says which properties can be set, and by which attribute.
    const entry = pathToFileURL(join(installed(), "node_modules/keyturn/pkg/dist/esm/elements.js"));
    const { [type]: element } = await import(entry);
    const properties = Object.entries(element.properties).filter(([, { state }]) => !state);
    const attributes = properties.flatMap(([name, { attribute = name }]) => (attribute === false ? [] : [attribute]));
    assert.deepEqual(
      rows
        .map(({ attribute }) => attribute)
        .filter(Boolean)
        .sort(),
      attributes.sort(),
    );
    const settable = rows
      .filter((row) => !Object.values(row)[2].startsWith("Read only"))
      .map(({ property }) => property);
    const own = properties.map(([name]) => name).filter((name) => !EVERYWHERE.includes(name));
    assert.deepEqual(settable.sort(), own.sort());
  });

  test(`<${tag}>: events`, () => {
    const rows = rowsOf(section, "event");
    const events = source("types.ts").includes(`interface ${type}EventMap`)
      ? interfaceOf(`${type}EventMap`).members
      : [];
    assert.deepEqual(
      rows.map(({ event, detail }) => [event, detail]).sort(),
      events.map(({ name, type }) => [name, detailOf(type)]).sort(),
    );
    const told = [...moduleOf(tag).matchAll(/\.tell\(\s*"([\w-]+)"/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(told)].sort(), events.map(({ name }) => name).sort());
  });

  test(`<${tag}>: parts and slots`, () => {
    const written = (pattern) => [...new Set([...moduleOf(tag).matchAll(pattern)].map(([, name]) => name))].sort();
    const parts = written(/\s(?:export)?parts?="(\w+)"/g);
    assert.deepEqual(listed(section, "Parts"), parts);
    assert.deepEqual(listed(comment, "Parts"), parts, "the type's comment");
    const slots = written(/<slot name="(\w+)"/g);
    assert.deepEqual(listed(section, "Slots"), slots);
    assert.deepEqual(listed(comment, "Slots"), slots, "the type's comment");
  });
}

/** Returns how a table describes what an event carries. */
function detailOf(type) {
  const detail = /^CustomEvent<(.*)>$/s.exec(type)[1];
  if (detail === "undefined") return "none";
  if (detail === "ReadonlySet<string>") return "Set of targets";
  const members = [...detail.matchAll(/readonly (\w+):/g)].map(([, name]) => name);
  return members.length > 0 ? `{ ${members.join(", ")} }` : detail;
}

test("the custom properties that style elements are those that they read", () => {
  const names = (text) => [...new Set(text.match(/--keyturn(?:-[a-z]+)+/g))].sort();
  const table = rowsOf(sections.get("Style"), "custom properties").map((row) => row["custom properties"]);
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  assert.deepEqual(names(table.join(" ")), names(files.map(source).join("\n")));
});

test("a document's object has a name that Kubernetes accepts, whatever the target's is", async () => {
  const { objectName } = await module("elements/flow-documents.js");
  // RFC 1123: the 63rd character must not be a hyphen either.
  const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
  for (const name of [`${"a".repeat(62)}-b`, `${"a".repeat(62)} · b`, "-x-", "GitHub · production", "é", "", "--"])
    assert.match(objectName(name), label, name);
  assert.equal(objectName("GitHub · production"), "github-production");
});
