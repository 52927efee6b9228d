/** Functions that bring credentials into the inventory. */

export {
  type DiscoveredApiCredential,
  type DiscoveredConnector,
  type DiscoverOptions,
  discoverApiCredentials,
  discoverConnectors,
} from "./discover.js";
export {
  type ImportedCredential,
  type ImportedFrom,
  type ImportKind,
  type ImportOptions,
  importClientIds,
} from "./import.js";
