/** The texts of a language, and its formats of dates, numbers and lists. */

import type { ElementTexts, TextKey } from "./texts.js";

/** A day, in milliseconds. */
export const DAY = 86_400_000;

const STEPS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, length: number])[] = [
  ["year", 365 * DAY],
  ["month", 30 * DAY],
  ["day", DAY],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** The distance below which a time is "now", in milliseconds. */
const MOMENT = 45_000;

/** The most days that are counted in days: months are too coarse for an expiry. */
const COUNTED_DAYS = 90;

/** Characters that are written from right to left, or that control the direction of text. */
const BIDIRECTIONAL = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff]/;

/** Values that are inserted into a text. */
export type Values = Readonly<Record<string, string | number>>;

export class Words {
  readonly #texts: ElementTexts;
  readonly #locale: string;
  readonly #plural: Intl.PluralRules;
  readonly #numbers: Intl.NumberFormat;
  readonly #exact: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #month: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;
  readonly #list: Intl.ListFormat;
  readonly #mirrored: boolean;

  /** @param language A language tag. Without a region, formats use the browser's region for the language, if any. */
  constructor(texts: ElementTexts, language: string) {
    const locale = regional(language);
    this.#texts = texts;
    this.#locale = locale;
    this.#plural = new Intl.PluralRules(locale);
    this.#numbers = new Intl.NumberFormat(locale);
    this.#exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
    this.#day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
    this.#month = new Intl.DateTimeFormat(locale, { month: "short", year: "numeric" });
    this.#relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
    this.#list = new Intl.ListFormat(locale, { type: "unit", style: "short" });
    // One word shows whether the language is written from right to left.
    this.#mirrored = BIDIRECTIONAL.test(String(texts["timeline.today"]));
  }

  /** Returns the text of a key, with values inserted. */
  say(key: TextKey, values: Values = {}): string {
    const text = this.#texts[key];
    const form = typeof text === "string" ? text : (text[this.#plural.select(Number(values.n))] ?? text.other);
    return form.replaceAll(/\{(\w+)\}/g, (_, name: string) => this.#value(values[name] ?? ""));
  }

  /** Returns whether a key has a text. */
  has(key: string): key is TextKey {
    return Object.hasOwn(this.#texts, key);
  }

  number(value: number): string {
    return this.#numbers.format(value);
  }

  /** Formats a date with its time of day. */
  exact(at: number): string {
    return this.#exact.format(at);
  }

  day(at: number): string {
    return this.#day.format(at);
  }

  month(at: number | Date): string {
    return this.#month.format(at);
  }

  /** Formats a time relative to now, such as "in 14 days". */
  relative(at: number, now: number): string {
    const size = Math.abs(at - now);
    if (size < MOMENT) return this.#relative.format(0, "second");
    const coarse = size >= (COUNTED_DAYS + 1) * DAY;
    const step = STEPS.find(([unit, length]) => size >= length && (coarse || !["month", "year"].includes(unit)));
    const [unit, length] = step ?? ["minute", 60_000];
    return this.#relative.format(Math.round((at - now) / length), unit);
  }

  /** Joins names as a list. */
  list(names: readonly string[]): string {
    return this.#list.format(names);
  }

  /** Returns the collator that orders names. */
  collator(): Intl.Collator {
    return new Intl.Collator(this.#locale, { numeric: true });
  }

  /** Formats a value for a text. A value that may have another direction is isolated from the text around it. */
  #value(value: string | number): string {
    if (typeof value === "number") return this.number(value);
    return value !== "" && (this.#mirrored || BIDIRECTIONAL.test(value)) ? `\u2068${value}\u2069` : value;
  }
}

function regional(language: string): string {
  const browser = (globalThis.navigator as Navigator | undefined)?.languages ?? [];
  try {
    return browser.find((tag) => tag.split("-")[0] === language) ?? new Intl.Locale(language).toString();
  } catch {
    // The `lang` of a page may be any text.
    return "en";
  }
}
