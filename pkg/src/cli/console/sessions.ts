/** The sessions of the console, which are opened by a link that the terminal shows. */

import { createHash, randomBytes } from "node:crypto";

/** How long a link stays valid, in milliseconds. */
const LINK_LIFE = 10 * 60_000;

/**
 * Links that open a session once, and the open sessions. Only their hashes are kept, so that the time of a comparison
 * does not reveal how nearly right a guess is.
 */
export class Sessions {
  readonly #links = new Map<string, number>();
  readonly #sessions = new Set<string>();
  readonly #now: () => number;

  /** @param now Returns the time in milliseconds, by a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Creates a token for a new link. */
  link(): string {
    const token = randomBytes(32).toString("base64url");
    this.#links.set(hash(token), this.#now() + LINK_LIFE);
    return token;
  }

  /** Opens a session with the token of a link, and consumes it; `undefined` if it is consumed, expired or unknown. */
  open(token: string): string | undefined {
    const key = hash(token);
    const until = this.#links.get(key);
    this.#links.delete(key);
    if (until === undefined || until < this.#now()) return undefined;
    const session = randomBytes(32).toString("base64url");
    this.#sessions.add(hash(session));
    return session;
  }

  /** Returns whether a session is open. */
  has(session: string | null): boolean {
    return session !== null && this.#sessions.has(hash(session));
  }
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
