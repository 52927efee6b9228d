/** The results of `keyturn doctor`: a row for each check. */

/** The severity of a result. A `note` is not a problem, but good to know. */
export type Level = "ok" | "note" | "warning" | "error";

/** One result. */
export interface Check {
  /** The stable code of the result, such as `profiles.exposed`. */
  readonly code: string;
  readonly level: Level;
  /** Its subject: a file, a variable, a target. */
  readonly about: string;
  readonly message: string;
  /** What to do about it, if anything. */
  readonly fix?: string | undefined;
}

/** Returns a row for something that is in order. */
export function ok(code: string, about: string, message: string): Check {
  return { code, level: "ok", about, message };
}

/** How long before a credential's expiry the warnings start, in milliseconds. */
export const SOON_MS = 14 * 86_400_000;
