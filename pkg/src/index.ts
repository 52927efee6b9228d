/** The default entry: the core's bytes are in it, so it works wherever JavaScript runs, without configuration. */

import { inlineModule } from "./core/inline.js";
import { provide } from "./core/instance.js";

provide(inlineModule);

export * from "./c1/exports.js";
