// Waiting for events elsewhere.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { PATIENCE } from "./patience.mjs";

/**
 * Waits until `isSo` returns a truthy value, and resolves with it. `more` is additional text for a failure.
 *
 * @template T
 * @param {string} what
 * @param {() => T | Promise<T>} isSo
 * @param {{ tries?: number, every?: number, more?: () => string }} [options]
 * @returns {Promise<T>}
 */
export async function until(what, isSo, { tries = PATIENCE / 50, every = 50, more = () => "" } = {}) {
  for (let turn = 0; turn < tries; turn++) {
    const result = await isSo();
    if (result) return result;
    await sleep(every);
  }
  return assert.fail(`in ${tries} tries, ${every} ms apart, it did not come to this: ${what}\n${more()}`);
}
