/** What all entries of the lifecycle export that run anywhere. */

export { LifecycleError, type LifecycleReason } from "./error.js";
export * from "./inventory/exports.js";
export * from "./journals/exports.js";
export {
  Lifecycle,
  type LifecycleCredential,
  type LifecycleDoubt,
  type LifecycleEvent,
  type LifecycleOptions,
  type LifecyclePlan,
  type LifecyclePolicy,
  type LifecycleProgress,
  type LifecycleProof,
  type LifecycleResult,
  type LifecycleStatus,
  type LifecycleStop,
  type LifecycleTarget,
  type LifecycleVerification,
  openLifecycle,
} from "./lifecycle.js";
export type * from "./ports.js";
export * from "./providers/exports.js";
export * from "./sinks/exports.js";
