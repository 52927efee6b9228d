/** The official SDK's logger: `console` fits. */

export type { Logger } from "../../base/options.js";
