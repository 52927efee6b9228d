/** The default entry. It contains the core's bytes, so it works wherever JavaScript runs, without configuration. */

import { ConductorOne as Client } from "./c1/client.js";
import { inlineModule } from "./core/inline.js";
import { withCore } from "./core/instance.js";

export * from "./c1/exports.js";

/** A client of one C1 tenant. */
export const ConductorOne: typeof Client = /* @__PURE__ */ withCore(Client, inlineModule);
/** A client of one C1 tenant. */
export type ConductorOne = Client;
export { ConductorOne as ConductoroneSDKTypescript };
