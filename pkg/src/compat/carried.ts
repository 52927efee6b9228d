/** The core's module, for functions that have no client; `#core` in the package's manifest. */

export { inlineModule as source } from "../core/inline.js";
