/** One token for many workers: they coordinate through a store, and one of them fetches the token. */

import { type Deadline, monotonic, sleep, wait } from "../http/transport.js";

/** An entry of a store. */
export interface StoredEntry {
  /** The stored text. */
  readonly value: string;
  /** Changes with each write; {@link TokenStore.compareAndSet} compares it. */
  readonly version: string;
  /** Milliseconds until the entry expires. The store measures the time, so the clocks of workers need not agree. */
  readonly leftMs: number;
}

/** A lease on a key. */
export interface Lease {
  /** Releases it, unless it has expired and another worker holds it. */
  release(): Promise<void>;
  /**
   * Extends the lease to this long from now; returns `false` if it has expired. In a store without this method, another
   * worker may start over when a token request takes longer than 15 seconds.
   */
  extend?(ttlMs: number): Promise<boolean>;
}

/**
 * A store through which workers share tokens. The keys are hashes of base URL, method, client id, the secret or the
 * identity token, scopes, audience and DPoP key, so that no token is ever used for another principal, host or key; a
 * person's login is shared only under its name, if it has one. The values are tokens: keep them where only the workers
 * can read them, or wrap the store in {@link encryptedStore}.
 *
 * A store that fails, or does not respond within a second, does not make calls fail: a token is fetched without it, and
 * a single warning says so.
 */
export interface TokenStore {
  /** Returns the entry under the key, unless it has expired. */
  get(key: string): Promise<StoredEntry | undefined>;
  /**
   * Writes an entry if the version under the key is still `expected` (`undefined`: if there is none).
   *
   * @returns The new version; `undefined` if another worker was faster.
   */
  compareAndSet(key: string, value: string, expected: string | undefined, ttlMs: number): Promise<string | undefined>;
  /** Acquires the lease on a key, for at most this long; returns `undefined` if another worker holds it. */
  lease(key: string, ttlMs: number): Promise<Lease | undefined>;
  /** Removes the entry under the key; if a version is given, only that version. */
  delete(key: string, version?: string): Promise<void>;
}

/**
 * The result of a refresh: a header value, or with `life` 0 the JSON of a failure. Times are in milliseconds.
 * @internal
 */
export interface Outcome {
  readonly text: string;
  readonly life: number;
  readonly leftMs: number;
}

/** The session's side of a refresh. @internal */
export interface Refresher {
  /** The version of the session's current token. */
  readonly version: string | undefined;
  /** Whether the session can prove requests with a key, and can therefore use a token that is bound to one. */
  readonly bound: boolean;
  /** Returns the milliseconds that the most patient of the waiting calls has left. */
  patience(): number;
  fetch(): Promise<Outcome>;
  adopt(outcome: Outcome): void;
  failed(error: unknown): void;
}

/**
 * How long a leader may take. Workers whose leader dies wait this long before one of them takes its place, so it is as
 * short as a token request usually allows. In a store that can extend leases, a leader shows that it is alive by
 * extending its own.
 */
const LEASE_MS = 15_000;
/** How often a leader shows that it is alive. */
const ALIVE_MS = LEASE_MS / 3;
/** A worker that has waited this long for another's token gives up: no leader takes longer. */
const LONGEST_WAIT_MS = 2 * LEASE_MS;
/**
 * The part of the calls' remaining time that a worker waits at most: they need the rest to fetch a token of their own.
 */
const LONGEST_PART = 3 / 4;
/** The interval between two reads of the store, initially and at most. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 500;
/** A token with less time left is not worth adopting from the store. */
const LEAST_MS = 1_000;

/** Refreshes from the store, or as the only worker that fetches. Resolves with the version of the token. @internal */
export async function share(
  store: TokenStore,
  key: string,
  refresher: Refresher,
  deadline: Deadline,
): Promise<string | undefined> {
  const failures = `${key}.failed`;
  let lease: Lease | undefined;
  let alive: ReturnType<typeof setInterval> | undefined;

  /** Adopts the result that another worker has stored. */
  const look = async (): Promise<{ done: boolean; version: string | undefined }> => {
    const [entry, failure] = await wait(Promise.all([store.get(key), store.get(failures)]), deadline);
    const token = entry && entry.version !== refresher.version ? tokenIn(entry, refresher.bound) : undefined;
    if (token && token.leftMs > LEAST_MS) {
      refresher.adopt(token);
      return { done: true, version: entry?.version };
    }
    const failed = failure && failureIn(failure);
    if (failed) refresher.adopt(failed);
    return { done: failed !== undefined, version: failed ? refresher.version : entry?.version };
  };

  /** Waits until the token is stored, or it is this worker's turn to fetch it. */
  const turn = async (): Promise<{ done: boolean; version: string | undefined }> => {
    const begun = monotonic();
    const longest = Math.min(LONGEST_WAIT_MS, refresher.patience() * LONGEST_PART);
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LAST_PAUSE_MS)) {
      const seen = await look();
      if (seen.done) return seen;
      lease = await wait(store.lease(key, LEASE_MS), deadline);
      // Another worker may have stored one between the two calls.
      if (lease) return look();
      if (monotonic() - begun > longest) throw new Error("another worker holds the lease, but stored no token");
      await sleep(pause * (0.5 + Math.random()), deadline);
    }
  };

  const failed = (error: unknown): undefined => {
    deadline.check();
    refresher.failed(error);
  };

  try {
    const seen = await turn().catch(failed);
    if (seen?.done) return seen.version;
    const held = lease;
    if (held?.extend) alive = setInterval(() => held.extend?.(LEASE_MS).catch(refresher.failed), ALIVE_MS);
    // From here on this worker has its own token, whatever happens to the store.
    const { text, life, leftMs } = await refresher.fetch();
    if (!seen || !held || leftMs < 1) return refresher.version;
    const place = life > 0 ? key : failures;
    const expected = life > 0 ? seen.version : undefined;
    const kept = store.compareAndSet(place, JSON.stringify([life, text]), expected, Math.floor(leftMs));
    const version = await wait(kept, deadline).catch(failed);
    return life > 0 ? version : refresher.version;
  } finally {
    clearInterval(alive);
    lease?.release().catch(refresher.failed);
  }
}

/** The longest header value: that of the longest token. */
const LONGEST = 64 * 1024 + 7;

/**
 * Returns the token in an entry; `undefined` if the entry is foreign or damaged, since its content becomes a header.
 */
function tokenIn(entry: StoredEntry, bound: boolean): Outcome | undefined {
  const [life, text] = pairIn(entry);
  if (typeof life !== "number" || typeof text !== "string" || !(life > 0 && life < Number.POSITIVE_INFINITY))
    return undefined;
  const fits = /^(Bearer|DPoP) [!-~]+$/.test(text) && text.length <= LONGEST && (bound || text.startsWith("Bearer "));
  return fits ? { text, life, leftMs: Math.min(entry.leftMs, life) } : undefined;
}

/** Returns the failure in an entry, with which calls fail; `undefined` if the entry is foreign. */
function failureIn(entry: StoredEntry): Outcome | undefined {
  const [life, text] = pairIn(entry);
  if (life !== 0 || typeof text !== "string") return undefined;
  const { message, status, reason, ...rest } = Object(parsed(text)) as Record<string, unknown>;
  if (typeof message !== "string" || typeof reason !== "string" || !Number.isInteger(status)) return undefined;
  const { hint = "", requestId = "", clockOffset = "" } = rest;
  const more = [hint, requestId, clockOffset];
  if (!more.every((one) => typeof one === "string")) return undefined;
  const failure = { message, status, reason, hint, requestId, clockOffset };
  return { text: JSON.stringify(failure), life, leftMs: entry.leftMs };
}

function pairIn({ value }: StoredEntry): readonly unknown[] {
  const pair = parsed(value);
  return Array.isArray(pair) ? pair : [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
