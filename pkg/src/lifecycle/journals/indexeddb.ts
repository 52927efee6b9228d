/** A journal in IndexedDB, for pages, workers and extensions of one origin. */

import type { Journal, StreamHead } from "../ports.js";
import { checkAppend, gap, JournalError, type JournalReason } from "./error.js";

/** Options of {@link indexedDBJournal}. */
export interface IndexedDBJournalOptions {
  /** The name of the database. Default: `keyturn-journal`. */
  readonly name?: string | undefined;
  /** An `IDBFactory`. Default: the global `indexedDB`. */
  readonly indexedDB?: object | undefined;
}

/** One row of the object store, whose key is `[stream, sequence]`. */
interface Row {
  readonly stream: string;
  readonly sequence: number;
  readonly event: string;
}

const STORE = "events";

/**
 * Creates a journal in IndexedDB. `add()` under the key `[stream, sequence]` is the compare-and-set, across all tabs
 * and workers of the origin. A browser may delete the database when space is short: call `navigator.storage.persist()`
 * to prevent that.
 */
export function indexedDBJournal(options: IndexedDBJournalOptions = {}): Journal {
  const name = options.name ?? "keyturn-journal";
  const factory = (options.indexedDB ?? globalThis.indexedDB) as IDBFactory | undefined;
  if (factory === undefined) throw new JournalError("unsupported", "this runtime has no indexedDB");
  return new IndexedDBJournal(factory, name);
}

class IndexedDBJournal implements Journal {
  readonly #factory: IDBFactory;
  readonly #name: string;
  #database: Promise<IDBDatabase> | undefined;

  constructor(factory: IDBFactory, name: string) {
    this.#factory = factory;
    this.#name = name;
  }

  async append(stream: string, sequence: number, event: string): Promise<boolean> {
    checkAppend(stream, sequence, event);
    return this.#run("readwrite", async (store) => {
      if (sequence > 1 && (await result(store.count([stream, sequence - 1]))) === 0)
        throw gap(stream, sequence, this.#name);
      const row: Row = { stream, sequence, event };
      return new Promise<boolean>((resolve, reject) => {
        const request = store.add(row);
        request.onsuccess = () => resolve(true);
        request.onerror = (failed) => {
          // An error event aborts the transaction unless its default is prevented.
          if (request.error?.name !== "ConstraintError") return reject(request.error);
          failed.preventDefault();
          failed.stopPropagation();
          resolve(false);
        };
      });
    });
  }

  async read(stream: string, from: number): Promise<readonly string[]> {
    const first = Math.max(1, from);
    return this.#run("readonly", async (store) => {
      const range = IDBKeyRange.bound([stream, first], [stream, Number.POSITIVE_INFINITY]);
      const rows = (await result(store.getAll(range))) as Row[];
      rows.forEach((row, index) => {
        if (row.sequence !== first + index)
          throw new JournalError("gap", `event ${first + index} of ${JSON.stringify(stream)} is missing`, {
            path: this.#name,
          });
      });
      return rows.map(({ event }) => event);
    });
  }

  async streams(): Promise<readonly StreamHead[]> {
    return this.#run(
      "readonly",
      (store) =>
        new Promise<StreamHead[]>((resolve, reject) => {
          const heads: StreamHead[] = [];
          // Iterates from the end: the first key of each stream is that of its last event, and one step leads to the
          // next stream.
          const request = store.openKeyCursor(null, "prev");
          request.onerror = () => reject(request.error);
          request.onsuccess = () => {
            const cursor = request.result;
            if (cursor === null) return resolve(heads.reverse());
            const [stream, sequence] = cursor.key as [string, number];
            heads.push({ stream, version: String(sequence) });
            cursor.continue([stream]);
          };
        }),
    );
  }

  async close(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    (await database?.catch(() => undefined))?.close();
  }

  /**
   * Runs a function in a transaction, and resolves when the transaction is complete, which with strict durability means
   * on disk.
   */
  async #run<T>(mode: "readonly" | "readwrite", work: (store: IDBObjectStore) => Promise<T>): Promise<T> {
    const database = await this.#open();
    let begun = false;
    try {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      begun = mode === "readwrite";
      const complete = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
      });
      // The first failure is the reason; the other promise must not be left without a listener.
      complete.catch(() => undefined);
      let value: T;
      try {
        value = await work(transaction.objectStore(STORE));
      } catch (error) {
        try {
          transaction.abort();
        } catch {
          // It has already ended.
        }
        throw error;
      }
      await complete;
      return value;
    } catch (error) {
      // An aborted transaction leaves nothing, but nothing reports whether the browser was killed in between.
      throw this.#failure(error, mode === "readonly" ? "read" : "append to", begun ? "unknown" : "none");
    }
  }

  #open(): Promise<IDBDatabase> {
    return (this.#database ??= this.#connect().catch((error: unknown) => {
      // Another attempt may succeed.
      this.#database = undefined;
      throw this.#failure(error, "open", "none");
    }));
  }

  #connect(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = this.#factory.open(this.#name, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(STORE, { keyPath: ["stream", "sequence"] });
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const database = request.result;
        if (!database.objectStoreNames.contains(STORE)) {
          database.close();
          return reject(
            new JournalError("foreign", `the database ${this.#name} is not a journal`, { path: this.#name }),
          );
        }
        const gone = (): void => {
          this.#database = undefined;
        };
        database.onclose = gone;
        // Something deletes or upgrades the database, which an open connection would block.
        database.onversionchange = () => {
          gone();
          database.close();
        };
        resolve(database);
      };
    });
  }

  #failure(error: unknown, verb: string, outcome: "none" | "unknown"): JournalError {
    if (error instanceof JournalError) return error;
    const name = (error as { name?: string } | null)?.name ?? "";
    const reasons: Record<string, JournalReason> = {
      QuotaExceededError: "full",
      SecurityError: "denied",
      NotAllowedError: "denied",
      VersionError: "foreign",
    };
    return new JournalError(reasons[name] ?? "unavailable", `cannot ${verb} the database ${this.#name}: ${error}`, {
      path: this.#name,
      cause: error,
      outcome,
    });
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
