/** What the entry `keyturn/fleet` exports. */

export { QueueError, type QueueReason } from "./error.js";
export {
  Fleet,
  type FleetHealth,
  type FleetOptions,
  type FleetRecord,
  type FleetRequest,
  type FleetResponse,
  openFleet,
} from "./fleet.js";
export { type FleetMigration, migrateFleet } from "./migrate.js";
export type { FleetRate } from "./provider.js";
export type { FleetBoss, FleetJob, FleetSql } from "./queue.js";
