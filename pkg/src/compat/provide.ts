/** Says where the core's bytes are. Nothing is compiled before the first use. */

import { provide } from "../core/instance.js";
import { inlineModule } from "../core/inline.js";

provide(inlineModule);
