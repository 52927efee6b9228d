/** The dates of targets as a calendar (RFC 5545). */

import type { LifecycleStatus } from "../../../lifecycle.js";
import { inUse } from "../../in-use.js";

/** Formats a calendar of the dates at which credentials expire, rotations are due, and old credentials end. */
export function ical(statuses: readonly LifecycleStatus[], now: number): string {
  const events = statuses.flatMap((status) => {
    const { target, due, progress, phase, forgotten } = status;
    const used = inUse(status);
    const found: string[][] = [];
    if (used?.expiresAt !== undefined && !forgotten)
      found.push(event(`expires-${used.id}`, target, used.expiresAt, now, `${target}: ${used.clientId} expires`));
    if (due !== undefined) found.push(event("due", target, due.at, now, `${target}: rotate`));
    if (progress.state === "waiting" && phase === "grace")
      found.push(
        event(`grace-${progress.rotation}`, target, progress.until, now, `${target}: the old credential ends`),
      );
    return found;
  });
  const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//keyturn//keyturn//EN", ...events.flat(), "END:VCALENDAR"];
  return `${lines.map(folded).join("\r\n")}\r\n`;
}

function event(id: string, target: string, at: number, now: number, summary: string): string[] {
  return [
    "BEGIN:VEVENT",
    // An event keeps its id, so that a calendar that is reloaded moves it.
    `UID:${encodeURIComponent(target)}-${encodeURIComponent(id)}@keyturn`,
    `DTSTAMP:${stamp(now)}`,
    `DTSTART:${stamp(at)}`,
    `SUMMARY:${escaped(summary)}`,
    "TRANSP:TRANSPARENT",
    "END:VEVENT",
  ];
}

function stamp(at: number): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d+/g, "");
}

function escaped(text: string): string {
  // A text may contain no control characters except line feeds and tabs.
  const line = text.replace(/\r?\n|\r/g, "\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, " ");
  return line.replace(/[\\;,]/g, "\\$&").replaceAll("\n", "\\n");
}

/** Folds a line at 75 bytes. Each continuation line begins with a space. */
function folded(line: string): string {
  let [out, bytes] = ["", 0];
  for (const letter of line) {
    const size = Buffer.byteLength(letter);
    if (bytes + size > 75) {
      out += "\r\n ";
      bytes = 1;
    }
    out += letter;
    bytes += size;
  }
  return out;
}
