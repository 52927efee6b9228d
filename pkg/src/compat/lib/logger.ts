/** The official SDK's logger, such as `console`. */

export type { Logger } from "../../base/options.js";
