/** Formats times and durations for people. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Parses a duration such as `14d`, as in policies, to milliseconds; `undefined` if the text is not one. */
export function spanOf(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  return Number(number) * ({ ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY }[unit] ?? 0);
}

/** Formats a duration in the largest unit of which it has at least two, rounded: `3 d`, `5 h`. */
export function lengthText(ms: number): string {
  const units = [
    [DAY, "d"],
    [HOUR, "h"],
    [MINUTE, "min"],
    [SECOND, "s"],
  ] as const;
  // Rounded, so that a little less than 60 days is shown as 60 days.
  const counts = units.map(([size, unit]) => [Math.round(ms / size), unit] as const);
  const [count, unit] = counts.find(([count]) => count >= 2) ?? counts.find(([count]) => count >= 1) ?? [0, "s"];
  return `${count} ${unit}`;
}

/** Formats a time as a date to the minute, in UTC: `2026-12-13 10:00Z`. */
function dateText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")}Z`;
}

/** Formats a time as a date to the second, in UTC: `2026-12-13 10:00:05Z`. */
export function momentText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

/** Formats a time relative to now: `in 14 d`, `3 h ago`. */
export function relativeText(at: number, now: number): string {
  const away = Math.abs(at - now);
  if (away < SECOND) return "now";
  return at > now ? `in ${lengthText(away)}` : `${lengthText(away)} ago`;
}

/** Formats a time in both ways: `in 14 d (2026-12-13 10:00Z)`. */
export function timeText(at: number | undefined, now: number): string {
  return at === undefined ? "-" : `${relativeText(at, now)} (${dateText(at)})`;
}
