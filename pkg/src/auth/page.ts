/** The warning for a page that holds a secret. */

import { isPage } from "../http/transport.js";

let warned = false;

/**
 * Warns that a page cannot keep a secret: anybody who runs a script in it, or opens its developer tools, can read it.
 * Warns only once, and not for a sandbox.
 *
 * @param safer What to do instead.
 * @internal
 */
export function warnPage(baseURL: string, safer: string): void {
  const { hostname, protocol } = new URL(baseURL);
  const own = (globalThis as { location?: { protocol?: string } }).location?.protocol ?? "";
  if (warned || !isPage || own.endsWith("-extension:") || protocol === "http:" || hostname.endsWith(".invalid")) return;
  warned = true;
  console.warn(
    `keyturn: this page has a long-lived client secret, which every script in it can steal. Safer: ${safer}`,
  );
}
