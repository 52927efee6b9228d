/** Every text of the console goes through {@link t} or {@link rich}: each language is a table beside `en.ts`, which has the keys. */

import { html } from "lit";
import type { EN } from "./en.js";

export type Key = keyof typeof EN;

/** By the plural categories of a language, of which the value `n` chooses one. */
export type Plural = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;

/** A text with `{name}` where a value goes, `**` around what matters most, and backticks around what a program reads. */
export type Text = string | Plural;

/** A language's texts: neither more nor fewer keys than English has. */
export type Texts = Readonly<Record<Key, Text>>;

let texts: Texts;
let tag = "en";
let rules: Intl.PluralRules;
let numbers: Intl.NumberFormat;
let mirrored = false;

/** Says which texts are used from now on, and by which language's rules numbers, dates and plurals are written. */
export function useTexts(table: Texts, locale: string, rightToLeft: boolean): void {
  texts = table;
  tag = locale;
  mirrored = rightToLeft;
  rules = new Intl.PluralRules(locale);
  numbers = new Intl.NumberFormat(locale);
}

/** The language, with its region, that dates and numbers are written in. */
export function locale(): string {
  return tag;
}

/** Whether lines begin on the right. */
export function isRightToLeft(): boolean {
  return mirrored;
}

/** A number, as the language writes it. */
export function number(value: number): string {
  return numbers.format(value);
}

/** The text of a key, with values put in. The value `n` chooses between forms. */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  return formOf(key, values).replaceAll(/\{(\w+)\}/g, (_, name: string) => shown(values[name] ?? ""));
}

/** The same for a template: values may be templates, and what stands out does so. */
export function rich(key: Key, values: Readonly<Record<string, unknown>> = {}): unknown {
  return marked(formOf(key, values), values);
}

/** Whether there is a text of this key. */
export function isKey(key: string): key is Key {
  return Object.hasOwn(texts, key);
}

function formOf(key: Key, values: Readonly<Record<string, unknown>>): string {
  const text = texts[key];
  return typeof text === "string" ? text : (text[rules.select(Number(values.n))] ?? text.other);
}

function marked(text: string, values: Readonly<Record<string, unknown>>): unknown {
  const parts: unknown[] = [];
  let end = 0;
  for (const { 0: all, 1: strong, 2: code, 3: name, index } of text.matchAll(/\*\*(.+?)\*\*|`(.+?)`|\{(\w+)\}/g)) {
    parts.push(text.slice(end, index));
    if (strong !== undefined) parts.push(html`<strong>${marked(strong, values)}</strong>`);
    else if (code !== undefined) parts.push(html`<code translate="no">${marked(code, values)}</code>`);
    else parts.push(shownIn(values[name ?? ""] ?? ""));
    end = index + all.length;
  }
  return [...parts, text.slice(end)];
}

function shownIn(value: unknown): unknown {
  return typeof value === "string" || typeof value === "number" ? shown(value) : value;
}

/** What makes letters run from right to left, or in an order of its own. */
const BIDIRECTIONAL = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff]/;

/** A value as it stands in a text. One that runs in another direction is kept from turning what is around it. */
function shown(value: string | number): string {
  if (typeof value === "number") return number(value);
  return value !== "" && (mirrored || BIDIRECTIONAL.test(value)) ? `\u2068${value}\u2069` : value;
}
