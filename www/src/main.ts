/** The page's script. */

import { Console } from "./console.js";
import { begin } from "./texts/languages.js";

// Nothing can be rendered before its texts are loaded.
await begin();
customElements.define("keyturn-console", Console);
