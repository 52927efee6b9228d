/** The facts of the C1 API, with the names of release 1.2.2 of the official SDK. */

import { Api } from "../core/instance.js";
import { whole } from "../core/unpack.js";
import { length, text } from "../generated/c1-compat-table.js";

/** The API, whose table is not unpacked yet. */
export const c1: Api = /* @__PURE__ */ new Api(() => whole(text, length), true);
