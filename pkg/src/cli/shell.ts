/** Quotes words of command lines that people copy into a shell. */

/** Returns a word, in quotes if a shell would otherwise interpret it. */
export function quoted(word: string): string {
  return /^[\w/.@%+,:=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
