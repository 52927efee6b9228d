/** A language as the elements write it: its texts, and its dates, numbers and lists. */

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

/** What is nearer than this is now, in milliseconds. */
const MOMENT = 45_000;

/** Days are counted up to this many; months are too coarse for what expires. */
const COUNTED_DAYS = 90;

/** What makes letters run from right to left, or in an order of its own. */
const BIDIRECTIONAL = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff]/;

/** Values that go into a text. */
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

  /** @param language Its tag. With no region it is written as in the browser's, if that has the language. */
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
    // A language is written from right to left if one of its words is.
    this.#mirrored = BIDIRECTIONAL.test(String(texts["timeline.today"]));
  }

  /** What a key says, with values filled in. */
  say(key: TextKey, values: Values = {}): string {
    const text = this.#texts[key];
    const form = typeof text === "string" ? text : (text[this.#plural.select(Number(values.n))] ?? text.other);
    return form.replaceAll(/\{(\w+)\}/g, (_, name: string) => this.#value(values[name] ?? ""));
  }

  /** Whether there is a text of this key. */
  has(key: string): key is TextKey {
    return Object.hasOwn(this.#texts, key);
  }

  number(value: number): string {
    return this.#numbers.format(value);
  }

  /** A date and the time of day. */
  exact(at: number): string {
    return this.#exact.format(at);
  }

  day(at: number): string {
    return this.#day.format(at);
  }

  month(at: number | Date): string {
    return this.#month.format(at);
  }

  /** How long ago or how soon, such as "in 14 days". */
  relative(at: number, now: number): string {
    const size = Math.abs(at - now);
    if (size < MOMENT) return this.#relative.format(0, "second");
    const coarse = size >= (COUNTED_DAYS + 1) * DAY;
    const step = STEPS.find(([unit, length]) => size >= length && (coarse || !["month", "year"].includes(unit)));
    const [unit, length] = step ?? ["minute", 60_000];
    return this.#relative.format(Math.round((at - now) / length), unit);
  }

  /** Names, one after the other. */
  list(names: readonly string[]): string {
    return this.#list.format(names);
  }

  /** What orders names. */
  collator(): Intl.Collator {
    return new Intl.Collator(this.#locale, { numeric: true });
  }

  /** A value as it stands in a text. One that runs in another direction is kept from turning what is around it. */
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
    // A page may say that it is in anything.
    return "en";
  }
}
