/** The official SDK's client options. */

import { asFailure } from "../../base/failure.js";
import type { SDKOptions } from "../options.js";

/** The servers that `serverIdx` selects from. */
export const ServerList = [
  /** The tenant's server. */
  "https://{tenantDomain}.conductor.one",
] as const;

/** The placeholder for a tenant that is not named, as in the official SDK. */
export const EXAMPLE_TENANT = "example";

export type { SDKOptions };

/**
 * Returns the server's URL according to the options.
 *
 * @throws If `serverIdx` is not in {@link ServerList}, or the URL is invalid.
 */
export function serverURLFromOptions(options: SDKOptions): URL {
  const index = options?.serverIdx ?? 0;
  const server = options?.serverURL || ServerList[index as 0];
  if (server === undefined) throw asFailure(new Error(`Invalid server index ${index}`), "invalid_configuration");
  return new URL(server.replace("{tenantDomain}", encodeURIComponent(options?.tenantDomain ?? EXAMPLE_TENANT)));
}
