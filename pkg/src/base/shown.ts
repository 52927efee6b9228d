/** What was thrown, as text. Anything can be thrown, also what cannot become text. @internal */
export function shown(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "an unexpected value was thrown";
  }
}
