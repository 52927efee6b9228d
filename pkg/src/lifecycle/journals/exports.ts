/** The journals that need nothing of Node's. */

export { JournalError, type JournalReason } from "./error.js";
export { type IndexedDBJournalOptions, indexedDBJournal } from "./indexeddb.js";
export { memoryJournal } from "./memory.js";
