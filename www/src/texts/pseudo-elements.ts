/** The texts of `keyturn/elements` in the language that nobody speaks. */

import { english, useElementTexts } from "keyturn/elements/texts";
import { pseudo } from "./pseudo.js";

useElementTexts(pseudo(english), "en-XB");
