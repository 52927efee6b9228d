/** The exports for sealed copies, which run anywhere. */

export { memorySeals } from "./memory.js";
export type { SealKey, SealKeyOfOne, SealOptions } from "./seal.js";
