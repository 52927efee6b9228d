/** Errors that frameworks throw to control rendering, and that must reach them unchanged. */

/**
 * Whether this is a framework's own signal. Next, for one, throws from `fetch` when a page that is being prerendered asks for fresh
 * data; it knows its errors by a `digest`, and an error around one would hide it.
 */
export function isSignal(error: unknown): boolean {
  try {
    return typeof error === "object" && error !== null && typeof (error as { digest?: unknown }).digest === "string";
  } catch {
    return false;
  }
}
