/** Copies that exist as long as the process, for tests and experiments. */

import type { SealStore } from "../ports.js";

/** Sealed copies in memory. They do not outlive the process, which is what copies are for: this is for tests. */
export function memorySeals(): SealStore {
  const copies = new Map<string, string>();
  return {
    put: async (marker, sealed) => void copies.set(marker, sealed),
    get: async (marker) => copies.get(marker),
    delete: async (marker) => void copies.delete(marker),
  };
}
