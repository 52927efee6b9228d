/** `keyturn/elements/credentials`: defines `<keyturn-credentials>`, and `<keyturn-counters>`, which it contains. */

import { define } from "./base.js";
import "./counters.js";
import { Table } from "./table.js";
import type { ElementClass, KeyturnCredentialsElement } from "./types.js";

export type {
  CredentialColumn,
  CredentialFilter,
  CredentialRow,
  CredentialState,
  NamedRow,
  RowRotation,
} from "./row.js";
export { distinctions, isIdle, matchesFilter, stateOf } from "./row.js";
export type { CredentialAction, CredentialView, KeyturnCredentialsElement } from "./types.js";

define("keyturn-credentials", Table);

/** The class of `<keyturn-credentials>`. */
export const KeyturnCredentials: ElementClass<KeyturnCredentialsElement> = Table;
