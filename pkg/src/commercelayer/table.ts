/** The Provisioning API's facts, as the core reads them. */

import { Api } from "../core/instance.js";
import { whole } from "../core/unpack.js";
import { length, text } from "../generated/commercelayer-table.js";

/** The API, whose table is not yet unpacked. */
export const provisioning: Api = /* @__PURE__ */ new Api(() => whole(text, length));
