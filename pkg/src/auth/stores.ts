/** Token stores that need only what runtimes have built in. */

import { argumentsOf } from "../base/checked.js";
import type { PlatformKey } from "../base/platform.js";
import { elapsed } from "../http/transport.js";
import { unique } from "./crypto.js";
import { sealer } from "./sealing.js";
import type { Lease, StoredEntry, TokenStore } from "./sharing.js";

/** Creates a store in this process, for several clients with the same principal. */
export function memoryStore(): TokenStore {
  const entries = new Map<string, { value: string; version: string; until: number }>();
  const leases = new Map<string, { until: number }>();
  let versions = 0;
  const live = <T extends { until: number }>(map: Map<string, T>, key: string): T | undefined => {
    const found = map.get(key);
    if (found && found.until > elapsed()) return found;
    map.delete(key);
    return undefined;
  };
  return {
    async get(key) {
      const entry = live(entries, key);
      return entry && { value: entry.value, version: entry.version, leftMs: entry.until - elapsed() };
    },
    async compareAndSet(key, value, expected, ttlMs) {
      if (live(entries, key)?.version !== expected) return undefined;
      const version = String(++versions);
      entries.set(key, { value, version, until: elapsed() + ttlMs });
      return version;
    },
    async lease(key, ttlMs) {
      if (live(leases, key)) return undefined;
      const own = { until: elapsed() + ttlMs };
      leases.set(key, own);
      return {
        async release() {
          if (leases.get(key) === own) leases.delete(key);
        },
        async extend(ttlMs) {
          if (live(leases, key) !== own) return false;
          own.until = elapsed() + ttlMs;
          return true;
        },
      };
    },
    async delete(key, version) {
      if (version === undefined || entries.get(key)?.version === version) entries.delete(key);
    },
  };
}

/** Storage for text: `localStorage`, `sessionStorage`. */
export interface WebStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Storage for values: `chrome.storage.session`. */
export interface StorageArea {
  get(key: string): Promise<Record<string, unknown>>;
  set(items: Record<string, unknown>): Promise<void>;
  remove(key: string): Promise<void>;
}

interface Locks {
  request<T>(name: string, options: { ifAvailable?: boolean }, work: (lock: unknown) => Promise<T>): Promise<T>;
}

/**
 * Creates a store for the tabs of an origin, or the parts of an extension. For an extension, pass
 * `chrome.storage.session`, which is in memory and hidden from content scripts. `sessionStorage` belongs to one tab.
 * `localStorage` outlives the browser, and every script of the origin can read it: wrap it in {@link encryptedStore},
 * with a key that cannot be extracted.
 *
 * Tabs coordinate through the Web Locks API. Without it (in old browsers), the worst that happens is that two tabs both
 * fetch a token.
 *
 * @throws {@link ConfigurationError} for a value that is not an object.
 */
export function webStore(storage: WebStorage | StorageArea): TokenStore {
  argumentsOf("storage", storage);
  const locks = (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks;
  const area: StorageArea =
    "getItem" in storage
      ? {
          get: async (key) => ({ [key]: storage.getItem(key) }),
          set: async (items) => Object.entries(items).forEach(([key, value]) => storage.setItem(key, String(value))),
          remove: async (key) => storage.removeItem(key),
        }
      : storage;

  /** Runs a function in one tab at a time. */
  const alone = <T>(key: string, work: () => Promise<T>): Promise<T> =>
    locks ? locks.request(`${key}.write`, {}, work) : work();

  // All tabs share one clock, so the wall-clock time serves for expiry; a time in the far future comes from a clock
  // that has since been corrected.
  async function read(key: string): Promise<StoredEntry | undefined> {
    const text = (await area.get(key))[key];
    if (typeof text !== "string") return undefined;
    const [version = "", until = "0", ttl = "0"] = text.split(" ", 3);
    const leftMs = Number(until) - Date.now();
    if (!(leftMs > 0 && leftMs <= Number(ttl))) return undefined;
    return { value: text.slice(version.length + until.length + ttl.length + 3), version, leftMs };
  }

  function write(key: string, value: string, ttlMs: number): Promise<string> {
    const version = unique();
    const ttl = Math.ceil(ttlMs);
    return area.set({ [key]: `${version} ${Date.now() + ttl} ${ttl} ${value}` }).then(() => version);
  }

  const remove = (key: string, version: string | undefined): Promise<void> =>
    alone(key, async () => {
      if (version === undefined || (await read(key))?.version === version) await area.remove(key);
    });

  return {
    get: read,
    compareAndSet: (key, value, expected, ttlMs) =>
      alone(key, async () => ((await read(key))?.version === expected ? write(key, value, ttlMs) : undefined)),
    async lease(key, ttlMs) {
      const name = `${key}.lease`;
      const own = await alone(name, async () => ((await read(name)) ? undefined : write(name, "", ttlMs)));
      if (own === undefined) return undefined;
      let version = own;
      return {
        release: () => remove(name, version),
        extend: (ttlMs) =>
          alone(name, async () => {
            if ((await read(name))?.version !== version) return false;
            version = await write(name, "", ttlMs);
            return true;
          }),
      };
    },
    delete: remove,
  };
}

/**
 * Encrypts the content of another store (AES-GCM). An entry that was written with another key, or moved to another
 * place, counts as missing.
 *
 * @param key 16 or 32 random bytes, which are copied at once; or an AES-GCM `CryptoKey` that encrypts and decrypts. All
 *   who share the store need the same key.
 * @throws {@link ConfigurationError} for any other key, and where there is no `crypto.subtle`.
 */
export function encryptedStore(store: TokenStore, key: Uint8Array | PlatformKey): TokenStore {
  const { seal, open } = sealer("encryptedStore", key);
  return {
    async get(place) {
      const entry = await store.get(place);
      if (!entry) return undefined;
      try {
        return { ...entry, value: await open(place, entry.value) };
      } catch {
        // Its version is still needed to overwrite it.
        return { ...entry, value: "" };
      }
    },
    compareAndSet: async (place, value, expected, ttlMs) =>
      store.compareAndSet(place, await seal(place, value), expected, ttlMs),
    lease: (place: string, ttlMs: number): Promise<Lease | undefined> => store.lease(place, ttlMs),
    delete: (place, version) => store.delete(place, version),
  };
}
