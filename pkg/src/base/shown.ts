/** Returns a thrown value as text. Anything can be thrown, even a value that cannot be converted to text. @internal */
export function shown(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "an unexpected value was thrown";
  }
}
