/** The page of `keyturn console`: the targets of a server's `keyturn.json`. */

import { begin, elementTexts } from "../texts/languages.js";
import { Served } from "./served.js";

// Nothing can be rendered before its texts are loaded.
await begin();
await elementTexts();
customElements.define("keyturn-served", Served);
