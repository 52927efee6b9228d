/**
 * Guards against a faulty token store, which may hang, throw instead of rejecting, or contain what others have put
 * there.
 */

import { ConfigurationError } from "../base/errors.js";
import { monotonic } from "../http/transport.js";
import type { Lease, StoredEntry, TokenStore } from "./sharing.js";

/** How long one call to a store may take. */
const CALL_MS = 1_000;
/** A timer that is later than this shows that the process was busy or suspended, which says nothing about the store. */
const LATE_MS = 100;
/** How many times a call is given the same time again for that reason. */
const EXTENSIONS = 4;
/** How long a store that did not respond is not called again. */
const PAUSE_MS = 10_000;

/** The state of a store, shared by all clients that use it. */
interface Known {
  /** The time until which it is not called. */
  hangsUntil: number;
  /** Whether a warning has reported that it fails. */
  warned: boolean;
}

const known = new WeakMap<TokenStore, Known>();

function knownOf(store: TokenStore): Known {
  let found = known.get(store);
  if (!found) known.set(store, (found = { hangsUntil: 0, warned: false }));
  return found;
}

/** Warns once for each store that tokens are not shared, which would otherwise go unnoticed. @internal */
export function warnStore(store: TokenStore, why: string): void {
  const known = knownOf(store);
  if (known.warned) return;
  known.warned = true;
  console.warn(`keyturn: the token store failed, so tokens are fetched without it and not shared: ${why}`);
}

/**
 * Returns the same store, each call of which settles within a second, with its result or with a rejection.
 *
 * @throws {@link ConfigurationError} if it is not a store.
 * @internal
 */
export function bounded(store: TokenStore): TokenStore {
  for (const name of ["get", "compareAndSet", "lease", "delete"] as const) {
    if (typeof store?.[name] === "function") continue;
    const message = `tokenStore: has no ${name}(); create one with redisStore(), webStore() or memoryStore()`;
    throw new ConfigurationError("tokenStore", "not_a_store", message);
  }
  const state = knownOf(store);

  /** @param late Called with a result that arrives when nobody waits for it any more. */
  const call = async <T>(name: string, run: () => Promise<T>, late?: (value: T) => void): Promise<T> => {
    if (monotonic() < state.hangsUntil) throw new Error("the store did not respond a moment ago");
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const called = Promise.resolve().then(run);
    called.then(
      (value) => {
        if (!over) return;
        // The store responds again.
        state.hangsUntil = 0;
        late?.(value);
      },
      () => undefined,
    );
    const hangs = new Promise<never>((_, reject) => {
      const begin = (extensions: number): void => {
        const due = monotonic() + CALL_MS;
        timer = setTimeout(() => {
          if (extensions > 0 && monotonic() - due > LATE_MS) return begin(extensions - 1);
          over = true;
          state.hangsUntil = monotonic() + PAUSE_MS;
          reject(new Error(`${name}() did not respond within ${CALL_MS / 1000} s`));
        }, CALL_MS);
      };
      begin(EXTENSIONS);
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
      // A lease that is granted after nobody wants it any more would keep all others waiting.
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

/** Returns a well-formed entry. A damaged one keeps its version, so that it can be overwritten. */
function entry(found: StoredEntry | undefined | null): StoredEntry | undefined {
  const { value, version, leftMs } = found ?? ({} as Partial<StoredEntry>);
  if (typeof version !== "string") return undefined;
  const good = typeof value === "string" && typeof leftMs === "number" && leftMs > 0;
  return good ? { value, version, leftMs } : { value: "", version, leftMs: 0 };
}
