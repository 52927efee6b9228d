// The texts of the console and of `keyturn/elements`: one table for each language, and no texts outside the tables.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { root } from "../../xtask/steps.mjs";
import { literals } from "../lib/literals.mjs";

const CONSOLE = join(root, "www/src");
const ELEMENTS = join(root, "pkg/src/elements");

/** Strings that look like texts but are not: names of products, languages and keys, and input of programs. */
const NO_WORDS = new Set([
  "Commerce Layer",
  "English",
  "Deutsch",
  "Escape",
  "by hand",
  `curl --request … … --header "Authorization: Bearer $TOKEN" --header 'Accept: application/json'`,
]);

/** Bundles and imports a TypeScript module. */
async function module(path) {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    external: ["lit"],
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

const { EN } = await module(join(CONSOLE, "texts/en.ts"));
const { DE } = await module(join(CONSOLE, "texts/de.ts"));
const { PSEUDO } = await module(join(CONSOLE, "texts/pseudo.ts"));
const { english } = await module(join(ELEMENTS, "texts.ts"));
const { german } = await module(join(ELEMENTS, "de.ts"));

/** The files that contain texts. */
const TABLES = /^(texts\/(en|de)|english|de)\.ts$/;

/** Returns the sources below a folder, by their paths, without its tables. */
function sources(folder) {
  const paths = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith(".ts") && !TABLES.test(path));
  return paths.map((path) => [path, readFileSync(join(folder, path), "utf8")]);
}

/** Returns a text's forms, by plural category. */
const forms = (text) => (typeof text === "string" ? { other: text } : text);

/** Returns the placeholders and markup of a text, sorted. */
const marks = (text) => [...new Set(text.match(/\{\w+\}|\*\*|`[^`]*`/g) ?? [])].sort();

for (const [what, folder] of [
  ["console", CONSOLE],
  ["elements", ELEMENTS],
]) {
  test(`no source of the ${what} has words for people: they are in the tables`, () => {
    const found = sources(folder).flatMap(([path, text]) => literals(text, NO_WORDS).map((one) => `${path}:${one}`));
    assert.deepEqual(found, []);
  });
}

test("words beside the tables are found wherever they are", () => {
  const found = literals(`
    import { x } from "./some words.js";
    const style = css\`.a { content: "no words here" }\`;
    type T = "some type here";
    const page = html\`<p class="one two">Hello \${name}<b translate="no">C1 product</b></p>
      <input id="name" name="name" aria-label="Your name" placeholder=\${t("key")}>\`;
    const said = \`\${n} things were done\`;
    this.told = "Saved";
    throw new Error("nobody reads this");
  `);
  assert.deepEqual(found, ["5: Hello …", "5: Your name", "7: … things were done", "8: Saved"]);
});

for (const [what, source, translation, language] of [
  ["console", EN, DE, "de"],
  ["elements", english, german, "de"],
  ["console", EN, PSEUDO, "en"],
]) {
  test(`the ${what} has the same texts in ${translation === PSEUDO ? "the mirrored language" : language}, with the same values in them`, () => {
    assert.deepEqual(Object.keys(translation).sort(), Object.keys(source).sort());
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    for (const [key, text] of Object.entries(translation)) {
      const { other } = forms(source[key]);
      for (const [category, form] of Object.entries(forms(text))) {
        assert.ok(pluralCategories.includes(category), `${key}: ${language} has no ${category}`);
        assert.deepEqual(marks(form), marks(other), key);
        assert.notEqual(form.trim(), "", key);
      }
    }
  });
}

test("German is German: no text was left in English by mistake", () => {
  /** Texts that are intentionally the same in both languages. */
  const same =
    /^(Status|Details|Rotation|Sandbox|Apps|Connector|Live|Test|Integration|ID|Name|Domain .*|Docker Compose|.*\bclever-otter\b.*|\{.*)$/;
  const left = (source, translation) =>
    Object.keys(source).filter((key) => {
      const { other } = forms(source[key]);
      return forms(translation[key]).other === other && !same.test(other);
    });
  assert.deepEqual([...left(EN, DE), ...left(english, german)], []);
  const said = [DE, german].flatMap((table) => Object.values(table).flatMap((text) => Object.values(forms(text))));
  // German addresses the reader formally, and has its own quotation marks and ellipsis.
  for (const text of said) assert.doesNotMatch(text, /\b(du|dein|deine|dich|dir)\b|"|\.\.\./i, text);
});

/** Returns the keys that no source uses, not even by prefix and suffix. */
function unused(table, folder) {
  const texts = sources(folder).map(([, text]) => text);
  const named = new Set(texts.flatMap((text) => [...text.matchAll(/["'`]([\w.-]+)["'`]/g)].map(([, name]) => name)));
  const patterns = texts.flatMap((text) =>
    [...text.matchAll(/`([\w.-]*(?:\$\{[^}]*\}[\w.-]*)+)`/g)].map(([, pattern]) => {
      const parts = pattern.split(/\$\{[^}]*\}/);
      return parts[0] === "" ? /^$/ : new RegExp(`^${parts.map((part) => part.replaceAll(".", "\\.")).join(".+")}$`);
    }),
  );
  /** The suffixes that sources append to other keys. */
  const ends = new Set(texts.flatMap((text) => [...text.matchAll(/`\$\{[^}]*\}\.([\w-]+)`/g)].map(([, end]) => end)));
  const isNamed = (key) => {
    if (named.has(key) || patterns.some((pattern) => pattern.test(key))) return true;
    const at = key.lastIndexOf(".");
    const [begin, end] = [key.slice(0, at), key.slice(at + 1)];
    return named.has(begin) && (ends.has(end) || named.has(end));
  };
  return Object.keys(table).filter((key) => !isNamed(key));
}

test("no text is without use", () => {
  assert.deepEqual(unused(EN, CONSOLE), []);
  assert.deepEqual(unused(english, ELEMENTS), []);
  assert.deepEqual(unused({ "nothing.says.this": "" }, CONSOLE), ["nothing.says.this"]);
});

test("styles know no left and right", () => {
  const sided =
    /(?<![\w-])(?:(?:margin|padding|border)-(?:left|right)|(?:left|right)\s*:|text-align:\s*(?:left|right)|float:)/;
  const found = [CONSOLE, ELEMENTS].flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((path) => /\.(ts|css)$/.test(path))
      .flatMap((path) => {
        const text = readFileSync(join(folder, path), "utf8");
        const sheets = path.endsWith(".css") ? [text] : [...text.matchAll(/css`([^`]*)`/g)].map(([, sheet]) => sheet);
        const rules = sheets.flatMap((sheet) => sheet.split("\n"));
        return rules.filter((rule) => sided.test(rule) || uneven(rule)).map((rule) => `${path}: ${rule.trim()}`);
      }),
  );
  assert.deepEqual(found, []);
  assert.ok(sided.test("  margin-left: 1rem;") && sided.test("left: 0;") && uneven("padding: 0 1rem 0 2rem;"));
});

/** Returns whether a rule has different sizes for left and right. */
function uneven(rule) {
  const [, sizes] = /^\s*(?:margin|padding|inset|border-width):\s*([^;]+);/.exec(rule) ?? [];
  const [, right, , left] = sizes?.match(/[\w.-]+\([^)]*\)|\S+/g) ?? [];
  return left !== undefined && left !== right;
}
