/** `keyturn/lifecycle`: credentials that are known, replaced in time, delivered, proven, and only then ended. */

export * from "./lifecycle/inventory/exports.js";
export * from "./lifecycle/journals/exports.js";
export type * from "./lifecycle/ports.js";
export * from "./lifecycle/sinks/exports.js";
