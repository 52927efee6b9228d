/** Names and events as Postgres stores them. */

const [NUL, ESCAPE] = ["\u0000", "\u001b"];

/**
 * Escapes NUL, which Postgres cannot store in a text. JSON contains neither NUL nor the escape character unescaped, so
 * events are stored unchanged.
 * @internal
 */
export function encoded(text: string): string {
  return text.replaceAll(ESCAPE, `${ESCAPE}e`).replaceAll(NUL, `${ESCAPE}0`);
}

/** Reverses {@link encoded}. @internal */
export function decoded(text: string): string {
  return text.replaceAll(`${ESCAPE}0`, NUL).replaceAll(`${ESCAPE}e`, ESCAPE);
}
