/** Errors that frameworks throw to control rendering, and that must reach them unchanged. */

/**
 * Returns whether an error is a framework's own signal. Next.js, for example, throws from `fetch` when a page that is
 * being prerendered requests fresh data. It recognizes its errors by their `digest`, so wrapping one would hide it.
 */
export function isSignal(error: unknown): boolean {
  try {
    return typeof error === "object" && error !== null && typeof (error as { digest?: unknown }).digest === "string";
  } catch {
    return false;
  }
}
