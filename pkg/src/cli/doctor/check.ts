/** The results of `keyturn doctor`: a row for each thing that it checked. */

/** The severity of a result. `note` is for what is no problem, but good to know. */
export type Level = "ok" | "note" | "warning" | "error";

/** One result. */
export interface Check {
  /** Stable: `profiles.exposed`. */
  readonly code: string;
  readonly level: Level;
  /** Its subject: a file, a variable, a target. */
  readonly about: string;
  readonly message: string;
  /** What to do about it, if anything. */
  readonly fix?: string | undefined;
}

/** A row for something that is in order. */
export function ok(code: string, about: string, message: string): Check {
  return { code, level: "ok", about, message };
}

/** How long before a credential's expiry the warnings start. */
export const SOON_MS = 14 * 86_400_000;
