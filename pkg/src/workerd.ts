/** The entry for Cloudflare's workerd, which imports modules but cannot compile bytes at run time. */

// @ts-expect-error workerd and its bundlers give a WebAssembly.Module here.
import module from "../core.wasm";
import { ConductorOne as Client } from "./c1/client.js";
import { withCore } from "./core/instance.js";

export * from "./c1/exports.js";

/** A client of one C1 tenant. */
export const ConductorOne: typeof Client = /* @__PURE__ */ withCore(Client, module as WebAssembly.Module);
/** A client of one C1 tenant. */
export type ConductorOne = Client;
export { ConductorOne as ConductoroneSDKTypescript };
