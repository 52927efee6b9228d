/** `keyturn/sandbox/slim`: the sandbox for pages that must stay small, with its module in `keyturn/sandbox.wasm`. */

import { create, type Sandbox, type SandboxOptions } from "./sandbox/tenant.js";

export * from "./sandbox/exports.js";

/**
 * Creates a sandbox tenant in this page.
 *
 * ```ts
 * const sandbox = await createSandbox({ wasm: new URL("/assets/sandbox.wasm", location.href) });
 * ```
 */
export function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  return create(options);
}
