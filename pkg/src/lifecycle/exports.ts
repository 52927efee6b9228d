/** What all entries of the lifecycle export that run anywhere. */

export * from "./inventory/exports.js";
export * from "./journals/exports.js";
export type * from "./ports.js";
export * from "./providers/exports.js";
export * from "./sinks/exports.js";
