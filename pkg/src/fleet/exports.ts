/** What the entry `keyturn/fleet` exports. */

export {
  Fleet,
  type FleetHealth,
  type FleetOptions,
  type FleetRecord,
  type FleetRequest,
  type FleetResponse,
  openFleet,
} from "./fleet.js";
export type { FleetRate } from "./provider.js";
export type { FleetBoss, FleetJob, FleetSql } from "./queue.js";
