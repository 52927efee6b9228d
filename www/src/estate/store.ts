/**
 * What the console stores about one control plane, in IndexedDB: the credentials that it has met, and what people enter
 * about targets. Ids, names and times; never a secret. Where nothing can be stored, the data lasts until the page is
 * closed.
 */

import type { LifecycleWindow } from "keyturn/lifecycle";
import type { Known } from "../inventory.js";

/** The part of a policy that people choose here. The fields have the names that the engine's policy gives them. */
export interface PolicySettings {
  readonly rotateEvery?: string;
  readonly rotateBefore?: string;
  readonly grace?: number;
  readonly windows?: readonly LifecycleWindow[];
  readonly zone?: string;
  readonly maxActive?: number;
  readonly proofs?: readonly ("used" | "quiet" | "healthy")[];
}

/** What people enter about a target. */
export interface Settings {
  readonly owner?: string;
  readonly consumers?: readonly string[];
  readonly notes?: string;
  readonly policy?: PolicySettings;
}

/** The state of a target's rotation, as last read from the journal. */
export interface Standing {
  /** The number of the journal's last event. */
  readonly sequence: number;
  /** The number of the current or last rotation, and how the last one ended. */
  readonly rotation?: number | undefined;
  readonly last?: "done" | "rolled-back" | undefined;
  readonly phase?: string | undefined;
  readonly state?: string | undefined;
  readonly until?: number | undefined;
  /** Why a person is needed. */
  readonly attention?: string | undefined;
  /** The id of the credential in use, according to the journal. */
  readonly current?: string | undefined;
  /** The ids of credentials that were issued and that nothing uses yet, according to the journal. */
  readonly unused?: readonly string[] | undefined;
  readonly clientId?: string | undefined;
  readonly createdAt?: number | undefined;
  readonly expiresAt?: number | undefined;
}

/** What is stored of a target. */
export interface Kept {
  readonly target: string;
  readonly settings: Settings;
  readonly standing?: Standing | undefined;
}

/** A known credential, as it is stored. */
export type KeptCredential = Omit<Known, "error" | "checking">;

const STORES = { targets: "target", credentials: ["appId", "connectorId", "id"] } as const;

/** The storage for one control plane. */
export class Store {
  readonly #database: IDBDatabase | undefined;
  readonly #channel: BroadcastChannel | undefined;
  /** Whether the data outlives the page. */
  readonly lasting: boolean;

  private constructor(database: IDBDatabase | undefined, channel: BroadcastChannel | undefined) {
    this.#database = database;
    this.#channel = channel;
    this.lasting = database !== undefined;
  }

  /** Opens the storage. @param space Separates the data of one tenant from that of others. */
  static async open(space: string): Promise<Store> {
    try {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(`keyturn-console ${space}`, 1);
        request.onupgradeneeded = () => {
          for (const [name, keyPath] of Object.entries(STORES))
            request.result.createObjectStore(name, { keyPath: keyPath as string | string[] });
        };
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      database.onversionchange = () => database.close();
      return new Store(database, new BroadcastChannel(`keyturn-console ${space}`));
    } catch {
      return new Store(undefined, undefined);
    }
  }

  /** Calls `changed` when another tab has changed a target. */
  watch(changed: () => void): void {
    if (this.#channel) this.#channel.onmessage = changed;
  }

  targets(): Promise<readonly Kept[]> {
    return this.#all<Kept>("targets");
  }

  credentials(): Promise<readonly KeptCredential[]> {
    return this.#all<KeptCredential>("credentials");
  }

  async keepTarget(kept: Kept): Promise<void> {
    await this.#write("targets", (store) => store.put(kept));
    this.#channel?.postMessage("");
  }

  keepCredentials(some: readonly KeptCredential[]): Promise<void> {
    return this.#write("credentials", (store) => {
      for (const one of some) store.put(one);
    });
  }

  forgetCredential({ appId, connectorId, id }: KeptCredential): Promise<void> {
    return this.#write("credentials", (store) => store.delete([appId, connectorId, id]));
  }

  /** Deletes everything. */
  async clear(): Promise<void> {
    for (const name of Object.keys(STORES) as (keyof typeof STORES)[])
      await this.#write(name, (store) => store.clear());
    this.#channel?.postMessage("");
  }

  close(): void {
    this.#database?.close();
    this.#channel?.close();
  }

  #all<T>(name: keyof typeof STORES): Promise<readonly T[]> {
    const database = this.#database;
    if (!database) return Promise.resolve([]);
    return new Promise((resolve) => {
      try {
        const request = database.transaction(name).objectStore(name).getAll();
        request.onsuccess = () => resolve(request.result as T[]);
        request.onerror = () => resolve([]);
      } catch {
        // The database has been closed: the page is being left.
        resolve([]);
      }
    });
  }

  /** Writes to a store. Ignores failures: what cannot be stored still lasts until the page is closed. */
  async #write(name: keyof typeof STORES, work: (store: IDBObjectStore) => unknown): Promise<void> {
    const database = this.#database;
    if (!database) return;
    await new Promise<void>((resolve) => {
      try {
        const transaction = database.transaction(name, "readwrite");
        work(transaction.objectStore(name));
        transaction.oncomplete = transaction.onabort = () => resolve();
      } catch {
        resolve();
      }
    });
  }
}
