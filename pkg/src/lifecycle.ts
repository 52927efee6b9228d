/** `keyturn/lifecycle`: credentials that are known, replaced in time, delivered, proven, and only then ended. */

export * from "./lifecycle/journals/exports.js";
export type * from "./lifecycle/ports.js";
