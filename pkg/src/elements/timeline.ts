/** `keyturn/elements/timeline`: defines `<keyturn-timeline>`. */

import { define } from "./base.js";
import { Lanes } from "./lanes.js";
import type { ElementClass, KeyturnTimelineElement } from "./types.js";

export type { CredentialRow, RowRotation } from "./row.js";
export type { KeyturnTimelineElement } from "./types.js";

define("keyturn-timeline", Lanes);

/** The class of `<keyturn-timeline>`. */
export const KeyturnTimeline: ElementClass<KeyturnTimelineElement> = Lanes;
