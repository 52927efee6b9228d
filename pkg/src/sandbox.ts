/** `keyturn/sandbox` in a page or a worker. It contains the sandbox's module, so there is nothing to configure. */

import { inlineModule } from "./sandbox/inline.js";
import { create, type Sandbox, type SandboxOptions } from "./sandbox/tenant.js";

export * from "./sandbox/exports.js";

/**
 * Creates a sandbox tenant in this page.
 *
 * ```ts
 * const sandbox = await createSandbox();
 * const c1 = new ConductorOne({ clientID: sandbox.clientId, clientSecret: sandbox.clientSecret, serverURL: sandbox.url, fetch: sandbox.fetch });
 * ```
 */
export function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return create(options, inlineModule);
}
