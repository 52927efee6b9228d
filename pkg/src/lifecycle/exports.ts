/** The exports of `keyturn/lifecycle`, which run anywhere. */

export { LifecycleError, type LifecycleReason } from "./error.js";
export * from "./inventory/exports.js";
export * from "./journals/exports.js";
export { Lifecycle, openLifecycle } from "./lifecycle.js";
export type * from "./model.js";
export type {
  LifecycleCaps,
  LifecycleDuration,
  LifecyclePolicy,
  LifecycleProof,
  LifecycleWindow,
} from "./policy.js";
export type * from "./ports.js";
export * from "./providers/exports.js";
export * from "./seals/exports.js";
export * from "./sinks/exports.js";
