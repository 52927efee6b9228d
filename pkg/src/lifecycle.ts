/**
 * `keyturn/lifecycle`: replaces credentials in time, and ends an old one only after the new one is delivered and
 * proven.
 */

import { inlineModule } from "./lifecycle/inline.js";
import { provide } from "./lifecycle/wasm.js";

provide(inlineModule);

export * from "./lifecycle/exports.js";
