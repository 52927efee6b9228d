/** Says where the core's bytes are. Nothing is compiled before the first use. */

import { provide } from "../core.js";
import { inlineModule } from "../inline.js";

provide(inlineModule);
