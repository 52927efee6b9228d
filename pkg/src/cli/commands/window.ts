/** Checks windows for `rotate --all`. For targets that are due, the engine does this itself. */

import type { LifecyclePolicy } from "../../lifecycle.js";

/** Returns whether a time is in one of a policy's windows; true if it has none. */
export function inWindow(policy: LifecyclePolicy, at: number): boolean {
  const { windows, zone = "UTC" } = policy;
  if (windows === undefined || windows.length === 0) return true;
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(at);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
  const time = `${part("hour")}:${part("minute")}`;
  const today = DAYS.indexOf(part("weekday").toLowerCase());
  const isDay = (days: readonly string[] | undefined, day: number): boolean =>
    days === undefined || days.includes(DAYS[(day + 7) % 7] ?? "");
  return windows.some(({ days, from = "00:00", to = "24:00" }) => {
    if (from < to) return isDay(days, today) && from <= time && time < to;
    // A window over midnight belongs to the day on which it begins.
    return (isDay(days, today) && time >= from) || (isDay(days, today - 1) && time < to);
  });
}

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
