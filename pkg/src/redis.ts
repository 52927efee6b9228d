/** `keyturn/redis`: tokens shared by all workers that reach one Redis. */

export * from "./auth/redis.js";
export type { Lease, StoredEntry, TokenStore } from "./auth/sharing.js";
