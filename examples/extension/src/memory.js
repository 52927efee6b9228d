/**
 * The data that the extension keeps for as long as it is installed: its tenant, and the credential that a person has
 * stored. It is in IndexedDB, like the journal, and contains no secrets and no tokens.
 */

const STORE = "memory";
let opened;

/** Reads the value of a key. */
export async function recall(key) {
  return run("readonly", (store) => store.get(key));
}

/** Resolves once the value is on disk. `undefined` deletes it. */
export async function remember(key, value) {
  await run("readwrite", (store) => (value === undefined ? store.delete(key) : store.put(value, key)));
}

async function run(mode, work) {
  const transaction = (await open()).transaction(STORE, mode, { durability: "strict" });
  return new Promise((resolve, reject) => {
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("keyturn-extension", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened.catch((error) => {
    opened = undefined;
    throw error;
  });
}
