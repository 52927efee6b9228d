/** Copies that last as long as the process, for tests and experiments. */

import type { SealStore } from "../ports.js";

/** Creates a store of sealed copies in memory. It is only for tests, since its copies do not outlive the process. */
export function memorySeals(): SealStore {
  const copies = new Map<string, string>();
  return {
    put: async (marker, sealed) => void copies.set(marker, sealed),
    get: async (marker) => copies.get(marker),
    delete: async (marker) => void copies.delete(marker),
  };
}
