/** The texts of `keyturn/elements` in the pseudo-language. */

import { english, useElementTexts } from "keyturn/elements/texts";
import { pseudo } from "./pseudo.js";

useElementTexts(pseudo(english), "en-XB");
