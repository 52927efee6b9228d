/** Where the core is, for what does not come by a client; the manifest has it as `#core`. */

export { inlineModule as source } from "../core/inline.js";
