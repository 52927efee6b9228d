/** Words of command lines that are shown to people, to be copied into a shell. */

/** A word, in quotes if a shell would read it as anything else. */
export function quoted(word: string): string {
  return /^[\w/.@%+,:=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
