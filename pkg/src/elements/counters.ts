/** `keyturn/elements/counters`: defines `<keyturn-counters>`. */

import { define } from "./base.js";
import { Counters } from "./tally.js";
import type { ElementClass, KeyturnCountersElement } from "./types.js";

export type { CredentialFilter, CredentialRow, RowRotation } from "./row.js";
export { matchesFilter } from "./row.js";
export type { KeyturnCountersElement } from "./types.js";

define("keyturn-counters", Counters);

/** The class of `<keyturn-counters>`. */
export const KeyturnCounters: ElementClass<KeyturnCountersElement> = Counters;
