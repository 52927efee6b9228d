/** The entry for Cloudflare's workerd; see the one of the package itself. */

// @ts-expect-error workerd and its bundlers give a WebAssembly.Module here.
import module from "../../core.wasm";
import { withCore } from "../core/instance.js";
import * as client from "./client.js";

export * from "./exports.js";

/** A client of one C1 tenant, by the names of release 1.2.2 of the official SDK. */
export const ConductoroneSDKTypescript: typeof client.ConductoroneSDKTypescript = /* @__PURE__ */ withCore(
  client.ConductoroneSDKTypescript,
  module as WebAssembly.Module,
);
/** A client of one C1 tenant, by the names of release 1.2.2 of the official SDK. */
export type ConductoroneSDKTypescript = client.ConductoroneSDKTypescript;
/** A client for standalone functions, without methods of its own. */
export const ConductoroneSDKTypescriptCore: typeof client.ConductoroneSDKTypescriptCore = /* @__PURE__ */ withCore(
  client.ConductoroneSDKTypescriptCore,
  module as WebAssembly.Module,
);
/** A client for standalone functions, without methods of its own. */
export type ConductoroneSDKTypescriptCore = client.ConductoroneSDKTypescriptCore;
