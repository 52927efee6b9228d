/**
 * Every text of the console goes through {@link t} or {@link rich}. Each language is a table beside `en.ts`, which
 * defines the keys.
 */

import { html } from "lit";
import type { EN } from "./en.js";

export type Key = keyof typeof EN;

/** The forms of a text, by the plural categories of its language. The value `n` selects one. */
export type Plural = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;

/** A text, with `{name}` for a value, `**` around what is emphasized, and backticks around code. */
export type Text = string | Plural;

/** The texts of a language, with exactly the keys that English has. */
export type Texts = Readonly<Record<Key, Text>>;

let texts: Texts;
let tag = "en";
let rules: Intl.PluralRules;
let numbers: Intl.NumberFormat;
let mirrored = false;

/** Sets the texts, and the locale in which numbers, dates and plurals are formatted. */
export function useTexts(table: Texts, locale: string, rightToLeft: boolean): void {
  texts = table;
  tag = locale;
  mirrored = rightToLeft;
  rules = new Intl.PluralRules(locale);
  numbers = new Intl.NumberFormat(locale);
}

/** Returns the language, with its region, in which dates and numbers are formatted. */
export function locale(): string {
  return tag;
}

/** Returns whether lines begin on the right. */
export function isRightToLeft(): boolean {
  return mirrored;
}

/** Formats a number in the current language. */
export function number(value: number): string {
  return numbers.format(value);
}

/** Returns the text of a key, with values inserted. The value `n` selects the plural form. */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  return formOf(key, values).replaceAll(/\{(\w+)\}/g, (_, name: string) => shown(values[name] ?? ""));
}

/** Returns the text of a key for a template: values may be templates, and emphasis and code are marked up. */
export function rich(key: Key, values: Readonly<Record<string, unknown>> = {}): unknown {
  return marked(formOf(key, values), values);
}

/** Returns whether there is a text for a key. */
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

/** Characters that run from right to left, and those that control the direction of others. */
const BIDIRECTIONAL = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff]/;

/**
 * Formats a value for a text. A value that may run in another direction is isolated, so that it does not reorder its
 * surroundings.
 */
function shown(value: string | number): string {
  if (typeof value === "number") return number(value);
  return value !== "" && (mirrored || BIDIRECTIONAL.test(value)) ? `\u2068${value}\u2069` : value;
}
