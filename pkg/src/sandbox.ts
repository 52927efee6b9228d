/**
 * `keyturn/sandbox` in a page or a worker: the module is fetched from beside the package's files. A bundler that does not
 * carry it along is told where it is with the option `wasm`.
 */

import { create, type Sandbox, type SandboxOptions } from "./sandbox/tenant.js";

export * from "./sandbox/exports.js";

/**
 * Makes a sandbox tenant in this page.
 *
 * ```ts
 * const sandbox = await createSandbox();
 * const c1 = new ConductorOne({ clientID: sandbox.clientId, clientSecret: sandbox.clientSecret, serverURL: sandbox.url, fetch: sandbox.fetch });
 * ```
 */
export function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return create(options, () => new URL("../sandbox.wasm", import.meta.url));
}
