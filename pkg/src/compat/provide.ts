/** Says where the core's bytes are. Nothing is compiled before the first use. */

import { inlineModule } from "../core/inline.js";
import { provide } from "../core/instance.js";

provide(inlineModule);
