/** Dates, for people. */

import { language, watchTexts } from "./texts.js";

/** A day, in milliseconds. */
export const DAY = 86_400_000;

interface Formats {
  readonly exact: Intl.DateTimeFormat;
  readonly day: Intl.DateTimeFormat;
  readonly month: Intl.DateTimeFormat;
  readonly relative: Intl.RelativeTimeFormat;
}

let made: Formats | undefined;
watchTexts(() => (made = undefined));

/** The formats of the current language. */
export function formats(): Formats {
  made ??= {
    exact: new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" }),
    day: new Intl.DateTimeFormat(language(), { dateStyle: "medium" }),
    month: new Intl.DateTimeFormat(language(), { month: "short", year: "numeric" }),
    relative: new Intl.RelativeTimeFormat(language(), { numeric: "auto" }),
  };
  return made;
}

const STEPS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, length: number])[] = [
  ["year", 365 * DAY],
  ["month", 30 * DAY],
  ["day", DAY],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** Days are counted up to this many; months are too coarse for what expires. */
const COUNTED_DAYS = 90;

/** A time relative to now, such as "in 14 days". */
export function relative(at: number, now: number): string {
  const size = Math.abs(at - now);
  const coarse = size >= (COUNTED_DAYS + 1) * DAY;
  const step = STEPS.find(([unit, length]) => size >= length && (coarse || !["month", "year"].includes(unit)));
  const [unit, length] = step ?? ["minute", 60_000];
  return formats().relative.format(Math.round((at - now) / length), unit);
}
