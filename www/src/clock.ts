/** The page's clock: the machine's time, or the sandbox's if there is one behind the page. */

let ahead = 0;

export const clock = {
  /** Milliseconds since 1970. */
  now: (): number => Date.now() + ahead,
  /** How far it is ahead of the machine's clock, in milliseconds. */
  get ahead(): number {
    return ahead;
  },
};

/** Sets the clock to a sandbox's time, in milliseconds since 1970. The difference is rounded to seconds. */
export function setClock(now: number): void {
  ahead = Math.round((now - Date.now()) / 1000) * 1000;
}
