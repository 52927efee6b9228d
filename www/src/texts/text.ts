/** Every text of the console goes through {@link t}: another language is another table beside `en.ts`. */

import { EN } from "./en.js";

export type Key = keyof typeof EN;
export type Texts = Readonly<Record<Key, string | { readonly one: string; readonly other: string }>>;

let texts: Texts = EN;
let rules = new Intl.PluralRules("en");

/** Says which texts are used from now on, and by which language's rules numbers choose between them. */
export function useTexts(table: Texts, language: string): void {
  texts = table;
  rules = new Intl.PluralRules(language);
}

/** The text of a key, with values put in. The value `n` chooses between forms. */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  const text = texts[key];
  const form = typeof text === "string" ? text : rules.select(Number(values.n)) === "one" ? text.one : text.other;
  return form.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** Whether there is a text of this key. */
export function isKey(key: string): key is Key {
  return key in texts;
}
