/** `keyturn/lifecycle/node`: the parts of the lifecycle that need files or processes. */

export { type DirectoryJournalOptions, directoryJournal } from "./lifecycle/journals/directory.js";
export { JournalError, type JournalReason } from "./lifecycle/journals/error.js";
