/** `keyturn/lifecycle/node`: the parts of the lifecycle that need files or processes. */

import { inlineModule } from "./lifecycle/inline.js";
import { provide } from "./lifecycle/wasm.js";

provide(inlineModule);

export {
  type DirectoryJournalOptions,
  declareRestored,
  directoryJournal,
  type RestoreOptions,
} from "./lifecycle/journals/directory.js";
export { JournalError, type JournalReason } from "./lifecycle/journals/error.js";
export { type DirectorySealsOptions, directorySeals } from "./lifecycle/seals/directory.js";
export { type Command, type CommandOptions, commandSink } from "./lifecycle/sinks/command.js";
export { SinkError, type SinkReason } from "./lifecycle/sinks/error.js";
export {
  type EnvFileOptions,
  envFile,
  type FileSinkOptions,
  type JsonFileOptions,
  jsonFile,
} from "./lifecycle/sinks/files.js";
export { type SecretFolderOptions, secretFolder } from "./lifecycle/sinks/folder.js";
