/** The C1 API's facts. */

import { Api } from "./core.js";
import { length, shift, text } from "./generated/c1-table.js";
import { unpack } from "./unpack.js";

/** The API, its table not yet unpacked. */
export const c1: Api = /* @__PURE__ */ new Api(() => unpack(text, shift, length));
