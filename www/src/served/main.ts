/** The page of `keyturn console`: the targets of a server's `keyturn.json`. */

import "./served.js";
