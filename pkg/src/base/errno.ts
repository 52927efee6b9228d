/** The errors of Node's own modules. */

/** Returns the code of a Node error, such as `ENOENT`. @internal */
export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | null)?.code;
}
