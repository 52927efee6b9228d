/** `keyturn/redis`: shares tokens among all workers that use one Redis. */

export * from "./auth/redis.js";
export type { Lease, StoredEntry, TokenStore } from "./auth/sharing.js";
