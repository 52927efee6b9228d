/** The time, as this page goes by it: the machine's, or the sandbox's where that is behind it. */

let ahead = 0;

export const clock = {
  /** Milliseconds since 1970. */
  now: (): number => Date.now() + ahead,
  /** How far it is ahead of the machine's. */
  get ahead(): number {
    return ahead;
  },
};

/** Sets the clock to what a sandbox's shows. */
export function setClock(now: number): void {
  ahead = Math.round((now - Date.now()) / 1000) * 1000;
}
