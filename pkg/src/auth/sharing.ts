/** One token for many workers: they meet in a store, and one of them fetches. */

import { type Deadline, sleep, wait } from "../http/transport.js";
import { base64url, sha256 } from "./dpop.js";

/** What a store holds under a key. */
export interface StoredEntry {
  /** The text that was put in. */
  readonly value: string;
  /** Changes with each write: what {@link TokenStore.compareAndSet} compares. */
  readonly version: string;
  /** Milliseconds until the store drops it. It is the store that counts, so clocks of workers need not agree. */
  readonly leftMs: number;
}

/** A lease on a key. */
export interface Lease {
  /** Gives it back, unless it has expired and somebody else has it. */
  release(): Promise<void>;
  /**
   * Makes it last so long from now; `false` if it has expired. A store without this has leases of 15 minutes for logins that wait
   * for a person, and so long does it take until another worker begins anew when one dies.
   */
  extend?(ttlMs: number): Promise<boolean>;
}

/**
 * Where workers meet to share tokens. The keys are hashes of base URL, method, client id, scopes, audience and DPoP key, so that
 * no token is ever used for another principal, host or key. The values are tokens: keep them where only the workers can read, or
 * put {@link encryptedStore} around.
 *
 * A store that fails does not fail calls: a token is fetched without it.
 */
export interface TokenStore {
  /** What is under the key, unless it has expired. */
  get(key: string): Promise<StoredEntry | undefined>;
  /**
   * Writes, if the version under the key is still `expected` (`undefined`: if there is nothing).
   *
   * @returns The new version; `undefined` if somebody else was faster.
   */
  compareAndSet(key: string, value: string, expected: string | undefined, ttlMs: number): Promise<string | undefined>;
  /** Takes the lease on a key, for so long at most; `undefined` if somebody has it. */
  lease(key: string, ttlMs: number): Promise<Lease | undefined>;
  /** Removes what is under the key; if a version is given, only that. */
  delete(key: string, version?: string): Promise<void>;
}

/** What came of a refresh: a header value, or the JSON of a failure with `life` 0. Times in milliseconds. @internal */
export interface Outcome {
  readonly text: string;
  readonly life: number;
  readonly left: number;
}

/** The side of the session. @internal */
export interface Refresher {
  /** The version of the token that it has. */
  readonly version: string | undefined;
  fetch(): Promise<Outcome>;
  adopt(outcome: Outcome): void;
  failed(error: unknown): void;
}

/**
 * How long a leader may take. Workers that lose theirs wait that long before one of them takes its place, so it is as short as
 * a token request with its second try allows.
 */
const LEASE_MS = 15_000;
/** For a leader that waits for a person, in a store that cannot extend leases. */
const LONG_LEASE_MS = 900_000;
/** How often a leader says that it is alive. */
const ALIVE_MS = LEASE_MS / 3;
/** Between two looks, at first and at last. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 500;
/** A token with less left is not worth taking from the store. */
const LEAST_MS = 1_000;

/** The name under which tokens for all this are stored. @internal */
export async function storeKey(parts: readonly string[]): Promise<string> {
  return `keyturn1.${base64url(await sha256(JSON.stringify(parts)))}`;
}

/** Refreshes, by what is in the store or as the only one of all workers. Resolves with the version of the token. @internal */
export async function share(
  store: TokenStore,
  key: string,
  refresher: Refresher,
  long: boolean,
  deadline: Deadline,
): Promise<string | undefined> {
  const failures = `${key}.failed`;
  let lease: Lease | undefined;
  let alive: ReturnType<typeof setInterval> | undefined;
  /** Set when the store may be left out no more: what goes wrong then is the answer. */
  let fetching = false;

  /** Takes what somebody else has put there. */
  const look = async (): Promise<{ done: boolean; version: string | undefined }> => {
    const [entry, failure] = await wait(Promise.all([store.get(key), store.get(failures)]), deadline);
    const token = entry && entry.version !== refresher.version ? read(entry) : undefined;
    if (token && token.left > LEAST_MS) {
      refresher.adopt(token);
      return { done: true, version: entry?.version };
    }
    const failed = failure && read(failure);
    if (failed) refresher.adopt({ ...failed, life: 0 });
    return { done: failed !== undefined, version: failed ? refresher.version : entry?.version };
  };

  try {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LAST_PAUSE_MS)) {
      let seen = await look();
      if (seen.done) return seen.version;
      lease = await wait(store.lease(key, LEASE_MS), deadline);
      if (lease && long && !lease.extend) {
        await wait(lease.release(), deadline);
        lease = await wait(store.lease(key, LONG_LEASE_MS), deadline);
      }
      if (lease) {
        const held = lease;
        if (held.extend) alive = setInterval(() => held.extend?.(LEASE_MS).catch(refresher.failed), ALIVE_MS);
        // It may have been put there between the two.
        seen = await look();
        if (seen.done) return seen.version;
        fetching = true;
        const { text, life, left } = await refresher.fetch();
        fetching = false;
        return await keep(JSON.stringify([life, text]), life > 0, left, seen.version);
      }
      await sleep(pause * (0.5 + Math.random()), deadline);
    }
  } catch (error) {
    if (fetching) throw error;
    deadline.check();
    refresher.failed(error);
    if (!lease) await refresher.fetch();
    return undefined;
  } finally {
    clearInterval(alive);
    lease?.release().catch(refresher.failed);
  }

  async function keep(
    value: string,
    good: boolean,
    left: number,
    expected: string | undefined,
  ): Promise<string | undefined> {
    if (left < 1) return refresher.version;
    if (good) return store.compareAndSet(key, value, expected, Math.floor(left));
    await store.compareAndSet(failures, value, undefined, Math.floor(left));
    return refresher.version;
  }
}

/** An entry as an outcome; nothing if it is none of ours. */
function read({ value, leftMs }: StoredEntry): Outcome | undefined {
  try {
    const [life, text] = JSON.parse(value) as [unknown, unknown];
    return typeof life === "number" && typeof text === "string" ? { text, life, left: leftMs } : undefined;
  } catch {
    return undefined;
  }
}
