/** Sealed copies, anywhere. */

export { memorySeals } from "./memory.js";
export type { SealKey, SealKeyOfOne, SealOptions } from "./seal.js";
