/**
 * `keyturn/compat`: the names of release 1.2.2 of `conductorone-sdk-typescript`, on the engine of this package.
 * Migrating takes a change of the import path; `docs/migration.md` describes the intended differences.
 */

import { inlineModule } from "../core/inline.js";
import { withCore } from "../core/instance.js";
import * as client from "./client.js";

export * from "./exports.js";

/** A client of one C1 tenant, by the names of release 1.2.2 of the official SDK. */
export const ConductoroneSDKTypescript: typeof client.ConductoroneSDKTypescript = /* @__PURE__ */ withCore(
  client.ConductoroneSDKTypescript,
  inlineModule,
);
/** A client of one C1 tenant, by the names of release 1.2.2 of the official SDK. */
export type ConductoroneSDKTypescript = client.ConductoroneSDKTypescript;
/** A client for standalone functions, without methods of its own. */
export const ConductoroneSDKTypescriptCore: typeof client.ConductoroneSDKTypescriptCore = /* @__PURE__ */ withCore(
  client.ConductoroneSDKTypescriptCore,
  inlineModule,
);
/** A client for standalone functions, without methods of its own. */
export type ConductoroneSDKTypescriptCore = client.ConductoroneSDKTypescriptCore;
