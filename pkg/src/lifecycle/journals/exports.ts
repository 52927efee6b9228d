/** The journals that do not need Node. */

export { JournalError, type JournalReason } from "./error.js";
export { type IndexedDBJournalOptions, indexedDBJournal } from "./indexeddb.js";
export { memoryJournal } from "./memory.js";
