/** Dates and durations, formatted for people. */

import { html, type TemplateResult } from "lit";
import { clock as time } from "../clock.js";
import { locale, t } from "../texts/text.js";

interface Formats {
  readonly locale: string;
  readonly exact: Intl.DateTimeFormat;
  readonly date: Intl.DateTimeFormat;
  readonly time: Intl.DateTimeFormat;
  readonly relative: Intl.RelativeTimeFormat;
  readonly parts: Intl.ListFormat;
}

let made: Formats | undefined;

/** Returns the formats of the current language. */
function formats(): Formats {
  const language = locale();
  if (made?.locale === language) return made;
  made = {
    locale: language,
    exact: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }),
    date: new Intl.DateTimeFormat(language, { dateStyle: "medium" }),
    time: new Intl.DateTimeFormat(language, { timeStyle: "medium" }),
    relative: new Intl.RelativeTimeFormat(language, { numeric: "auto" }),
    parts: new Intl.ListFormat(language, { type: "unit", style: "narrow" }),
  };
  return made;
}

const STEPS: [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** Up to this many days are counted as days; months are too coarse for expiry dates. */
const COUNTED_DAYS = 90;

/** A day, in milliseconds. */
export const DAY = 86_400_000;

/** Formats how long ago or how soon a date is, such as "in 14 days". */
export function relative(date: Date | number, now = time.now()): string {
  const seconds = (Number(date) - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return t(seconds > 5 ? "time.soon" : "time.now");
  const coarse = size >= (COUNTED_DAYS + 1) * 86_400;
  const [unit, length] = STEPS.find(
    ([unit, length]) => size >= length && (coarse || !["month", "year"].includes(unit)),
  ) ?? ["minute", 60];
  return formats().relative.format(Math.round(seconds / length), unit);
}

/**
 * Renders a date for a column: relative to now, and absolute, with the time of day only if it is within two days.
 * `absent` stands for no date.
 */
export function moment(date: Date | null | undefined, absent: string): TemplateResult {
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) return html`${absent}`;
  const near = Math.abs(date.getTime() - time.now()) < 2 * DAY;
  const { exact, date: day } = formats();
  return html`<time datetime=${date.toISOString()}>${relative(date)}<span class="under">${(near ? exact : day).format(date)}</span></time>`;
}

/** Formats a time of day, to the second. */
export function clock(date: number): string {
  return formats().time.format(date);
}

/** Formats a date and the time of day. */
export function exact(date: number): string {
  return formats().exact.format(date);
}

/** Renders a date on one line: exactly, and relative to now. `absent` stands for no date. */
export function line(date: Date | null | undefined, absent: string): TemplateResult {
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) return html`${absent}`;
  return html`<time datetime=${date.toISOString()}>${formats().exact.format(date)} <span class="muted">(${relative(date)})</span></time>`;
}

const SPANS: [unit: "day" | "hour" | "minute" | "second", seconds: number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** Renders a duration. */
export function duration(seconds: number): TemplateResult {
  return html`<time datetime="PT${seconds}S">${lifetime(seconds)}</time>`;
}

/** Formats a duration in its two largest units, such as "2 hours" or "1 day 6 hours". */
export function lifetime(seconds: number): string {
  const written = (count: number, unit: string): string =>
    new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long" }).format(count);
  let left = Math.max(0, Math.round(seconds));
  const parts = SPANS.flatMap(([unit, length]) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return count > 0 ? [written(count, unit)] : [];
  });
  return formats().parts.format(parts.slice(0, 2)) || written(0, "second");
}
