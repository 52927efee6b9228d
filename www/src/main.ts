/** The page's script. */

import { Console } from "./console.js";
import { begin } from "./texts/languages.js";

// Nothing is shown before it can be said.
await begin();
customElements.define("keyturn-console", Console);
