/** What brings credentials into the inventory. */

export {
  type ImportedCredential,
  type ImportedFrom,
  type ImportKind,
  type ImportOptions,
  importClientIds,
} from "./import.js";
