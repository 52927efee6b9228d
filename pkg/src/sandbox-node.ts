/** `keyturn/sandbox` in Node, Deno and Bun, where it can also be served over HTTP. */

import { inlineModule } from "./sandbox/inline.js";
import { type SandboxServer, type ServerOptions, serve } from "./sandbox/server.js";
import { create, load, type Sandbox, type SandboxOptions } from "./sandbox/tenant.js";

export * from "./sandbox/exports.js";
export type { SandboxServer, ServerOptions } from "./sandbox/server.js";

/**
 * Creates a sandbox tenant in this process.
 *
 * ```ts
 * const sandbox = await createSandbox();
 * const c1 = new ConductorOne({ clientID: sandbox.clientId, clientSecret: sandbox.clientSecret, serverURL: sandbox.url, fetch: sandbox.fetch });
 * ```
 */
export function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return create(options, inlineModule);
}

/**
 * Serves a sandbox tenant over HTTP, on 127.0.0.1 only. This is what `npx keyturn sandbox` runs.
 *
 * ```ts
 * const server = await serveSandbox({ seed: "demo" });
 * // ... server.url, server.clientId, server.sandbox.fault(...)
 * await server.close();
 * ```
 */
export async function serveSandbox(options: ServerOptions = {}): Promise<SandboxServer> {
  await load(options.wasm, inlineModule);
  return serve(options);
}
