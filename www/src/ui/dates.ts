/** Dates, for people. */

import { html, type TemplateResult } from "lit";
import { clock as time } from "../clock.js";

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const STEPS: [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** Days are counted up to this many; months are too coarse for what expires. */
const COUNTED_DAYS = 90;

/** A day, in milliseconds. */
export const DAY = 86_400_000;

/** How long ago or how soon, such as "in 14 days". */
export function relative(date: Date | number, now = time.now()): string {
  const seconds = (Number(date) - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return seconds > 5 ? "in a moment" : "just now";
  const coarse = size >= (COUNTED_DAYS + 1) * 86_400;
  const [unit, length] = STEPS.find(
    ([unit, length]) => size >= length && (coarse || !["month", "year"].includes(unit)),
  ) ?? ["minute", 60];
  return RELATIVE.format(Math.round(seconds / length), unit);
}

/** For a column: how far away, and when; the time of day only where it matters. `absent` is what stands for no date. */
export function moment(date: Date | null | undefined, absent: string): TemplateResult {
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) return html`${absent}`;
  const near = Math.abs(date.getTime() - time.now()) < 2 * DAY;
  return html`<time datetime=${date.toISOString()}>${relative(date)}<span class="under">${(near ? EXACT : DATE).format(date)}</span></time>`;
}

/** A time of day, to the second. */
export function clock(date: number): string {
  return TIME.format(date);
}

/** A span of time within a day. */
export function span(from: number, to: number): string {
  const [first, last] = [clock(from), clock(to)];
  return first === last ? `at ${first}` : `between ${first} and ${last}`;
}

/** One line: when exactly, and how far away. */
export function line(date: Date | null | undefined, absent: string): TemplateResult {
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) return html`${absent}`;
  return html`<time datetime=${date.toISOString()}>${EXACT.format(date)}</time> <span class="muted">(${relative(date)})</span>`;
}

const SPANS: [unit: string, seconds: number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** A length of time in its two largest units, such as "2 hours" or "1 day 6 hours". */
export function lifetime(seconds: number): string {
  let left = Math.max(0, Math.round(seconds));
  const parts = SPANS.flatMap(([unit, length]) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return count > 0 ? [`${count} ${unit}${count === 1 ? "" : "s"}`] : [];
  });
  return parts.slice(0, 2).join(" ") || "0 seconds";
}
