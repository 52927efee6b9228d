/** Checks the runtime for what all parts of the package need. */

import { ConfigurationError } from "./errors.js";

/**
 * Checks that the runtime has what clients and lifecycles need.
 *
 * @throws {@link ConfigurationError}
 */
export function checkRuntime(): void {
  // A getter is not called: that makes Node load all of its cryptography, which not every client needs.
  const random = Object.getOwnPropertyDescriptor(globalThis, "crypto")?.get ?? globalThis.crypto?.getRandomValues;
  const missing = typeof random !== "function" ? "crypto" : globalThis.AbortController ? undefined : "AbortController";
  if (missing === undefined) return;
  throw new ConfigurationError(
    "runtime",
    "unsupported_runtime",
    `this runtime has no \`${missing}\`: keyturn needs Node 20 or newer, Deno, Bun, a Worker or a browser`,
  );
}
