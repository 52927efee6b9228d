/** `keyturn/elements`: custom elements for admin pages. */

export { KeyturnCounters } from "./elements/counters.js";
export { KeyturnCredentials } from "./elements/credentials.js";
export { HandDelivery, type HandDeliveryOptions, handDelivery, KeyturnRotate } from "./elements/rotate.js";
export type {
  CredentialColumn,
  CredentialFilter,
  CredentialRow,
  CredentialState,
  NamedRow,
  RowRotation,
} from "./elements/row.js";
export { distinctions, isIdle, matchesFilter, stateOf } from "./elements/row.js";
export { KeyturnSecret } from "./elements/secret.js";
export { type ElementTexts, english, type Plural, type Text, type TextKey, useElementTexts } from "./elements/texts.js";
export { KeyturnTimeline } from "./elements/timeline.js";
export type * from "./elements/types.js";
