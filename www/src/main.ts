/** The page's script. */

import "./console.js";
