/** `keyturn/lifecycle/testing`: conformance tests for your own journal, or your own store of sealed copies. */

export { type JournalPlace, testJournal } from "./lifecycle/journals/conformance.js";
export type { Journal, SealStore, StreamHead } from "./lifecycle/ports.js";
export { type SealPlace, testSealStore } from "./lifecycle/seals/conformance.js";
