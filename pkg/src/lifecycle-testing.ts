/** `keyturn/lifecycle/testing`: tests that prove a journal, or a store of sealed copies, of one's own. */

export { type JournalPlace, testJournal } from "./lifecycle/journals/conformance.js";
export type { Journal, SealStore, StreamHead } from "./lifecycle/ports.js";
export { type SealPlace, testSealStore } from "./lifecycle/seals/conformance.js";
