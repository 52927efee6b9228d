/** A token store as it has to be borne: it may hang, throw where it should reject, and hold what others have put there. */

import { ConfigurationError } from "../base/errors.js";
import { monotonic } from "../http/transport.js";
import type { Lease, StoredEntry, TokenStore } from "./sharing.js";

/** How long one call to a store may take. */
const CALL_MS = 1_000;
/** A store that did not answer is left alone for so long. */
const PAUSE_MS = 10_000;

/** What is known of a store: for all clients that have it. */
interface Known {
  /** Until when it is left alone. */
  hangsUntil: number;
  /** Whether it was said aloud that it fails. */
  warned: boolean;
}

const known = new WeakMap<TokenStore, Known>();

function knownOf(store: TokenStore): Known {
  let found = known.get(store);
  if (!found) known.set(store, (found = { hangsUntil: 0, warned: false }));
  return found;
}

/** Says once for each store that tokens are not shared: without that, nobody would find out. @internal */
export function warnStore(store: TokenStore, why: string): void {
  const known = knownOf(store);
  if (known.warned) return;
  known.warned = true;
  console.warn(
    `keyturn: the token store failed, so tokens are fetched without it, and not shared while it does: ${why}`,
  );
}

/**
 * The same store, each call of which ends within a second: with what it should, or by a rejection.
 *
 * @throws {@link ConfigurationError} if it is no store at all.
 * @internal
 */
export function bounded(store: TokenStore): TokenStore {
  for (const name of ["get", "compareAndSet", "lease", "delete"] as const) {
    if (typeof store?.[name] === "function") continue;
    const message = `tokenStore: it has no ${name}(); redisStore(), webStore() and memoryStore() make one`;
    throw new ConfigurationError("tokenStore", "not_a_store", message);
  }
  const state = knownOf(store);

  /** @param late Told what comes when nobody waits for it any more. */
  const call = async <T>(name: string, run: () => Promise<T>, late?: (value: T) => void): Promise<T> => {
    if (monotonic() < state.hangsUntil) throw new Error("the store did not answer a moment ago");
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const called = Promise.resolve().then(run);
    called.then(
      (value) => {
        if (!over) return;
        // It is back.
        state.hangsUntil = 0;
        late?.(value);
      },
      () => undefined,
    );
    const hangs = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        over = true;
        state.hangsUntil = monotonic() + PAUSE_MS;
        reject(new Error(`${name}() did not answer within ${CALL_MS / 1000} s`));
      }, CALL_MS);
    });
    try {
      return await Promise.race([called, hangs]);
    } finally {
      clearTimeout(timer);
    }
  };

  const held = (lease: Lease): Lease => ({
    release: () => call("release", () => lease.release()),
    ...(typeof lease.extend === "function" && {
      extend: (ttlMs: number) => call("extend", async () => (await lease.extend?.(ttlMs)) === true),
    }),
  });

  return {
    get: async (key) => entry(await call("get", () => store.get(key))),
    compareAndSet: (key, value, expected, ttlMs) =>
      call("compareAndSet", () => store.compareAndSet(key, value, expected, ttlMs)),
    async lease(key, ttlMs) {
      // One that is granted when nobody wants it any more would keep all others waiting.
      const unwanted = (lease: Lease | undefined): void =>
        void held(lease as Lease)
          .release()
          .catch(() => undefined);
      const lease = await call(
        "lease",
        () => store.lease(key, ttlMs),
        (lease) => lease && unwanted(lease),
      );
      return lease ? held(lease) : undefined;
    },
    delete: (key, version) => call("delete", () => store.delete(key, version)),
  };
}

/** An entry as the others may rely upon it. Of one that is damaged the version remains, so that it can be overwritten. */
function entry(found: StoredEntry | undefined | null): StoredEntry | undefined {
  const { value, version, leftMs } = found ?? ({} as Partial<StoredEntry>);
  if (typeof version !== "string") return undefined;
  const good = typeof value === "string" && typeof leftMs === "number" && leftMs > 0;
  return good ? { value, version, leftMs } : { value: "", version, leftMs: 0 };
}
