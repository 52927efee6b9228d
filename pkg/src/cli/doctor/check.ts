/** What `keyturn doctor` says: a row for each thing that it looked at. */

/** How grave something is. `note` is for what is as it may be, and is good to know. */
export type Level = "ok" | "note" | "warning" | "error";

/** One thing that was looked at. */
export interface Check {
  /** Stable: `profiles.exposed`. */
  readonly code: string;
  readonly level: Level;
  /** What it is about: a file, a variable, a target. */
  readonly about: string;
  readonly message: string;
  /** What to do, if there is something to do. */
  readonly fix?: string | undefined;
}

/** A row for something that is as it should be. */
export function ok(code: string, about: string, message: string): Check {
  return { code, level: "ok", about, message };
}

/** Where warnings begin, for credentials that expire. */
export const SOON_MS = 14 * 86_400_000;
