/** `keyturn/lifecycle/testing`: tests that prove a journal of one's own. */

export { type JournalPlace, testJournal } from "./lifecycle/journals/conformance.js";
export type { Journal, StreamHead } from "./lifecycle/ports.js";
