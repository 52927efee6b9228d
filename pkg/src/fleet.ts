/** `keyturn/fleet`: workers on several machines, on Postgres and pg-boss. */

import { inlineModule } from "./lifecycle/inline.js";
import { provide } from "./lifecycle/wasm.js";

provide(inlineModule);

export * from "./fleet/exports.js";
