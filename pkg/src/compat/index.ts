/**
 * `keyturn/compat`: release 1.2.2 of `conductorone-sdk-typescript`, name by name, over the engine of this package. Moving
 * over is a change of import path; `docs/migration.md` says what differs on purpose.
 */

import "./provide.js";

export * from "./exports.js";
