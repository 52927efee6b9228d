/** `keyturn/lifecycle`: credentials that are known, replaced in time, delivered, proven, and only then ended. */

import { inlineModule } from "./lifecycle/inline.js";
import { provide } from "./lifecycle/wasm.js";

provide(inlineModule);

export * from "./lifecycle/exports.js";
