/** What the entry `keyturn/postgres` exports. */

export type { Lease, StoredEntry, TokenStore } from "../auth/sharing.js";
export { JournalError, type JournalReason } from "../lifecycle/journals/error.js";
export type { Journal, SealStore, StreamHead } from "../lifecycle/ports.js";
export type { PgConnection, PgPool, PostgresClient, PostgresJs } from "./client.js";
export { declareRestored, type PostgresJournalOptions, postgresJournal, type RestoreOptions } from "./journal.js";
export type { PostgresOptions } from "./place.js";
export { type MigrationOptions, migratePostgres } from "./schema.js";
export { postgresSeals } from "./seals.js";
export { postgresStore } from "./store.js";
