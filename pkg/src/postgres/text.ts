/** Names and events as Postgres stores them. */

const [NUL, ESCAPE] = ["\u0000", "\u001b"];

/**
 * Postgres has texts without the character NUL, which JSON never has as it is: an event is stored in the table
 * unchanged. @internal
 */
export function encoded(text: string): string {
  return text.replaceAll(ESCAPE, `${ESCAPE}e`).replaceAll(NUL, `${ESCAPE}0`);
}

/** @internal */
export function decoded(text: string): string {
  return text.replaceAll(`${ESCAPE}0`, NUL).replaceAll(`${ESCAPE}e`, ESCAPE);
}
