/** `keyturn/elements/secret`: defines `<keyturn-secret>`. */

import { define } from "./base.js";
import { SecretValue } from "./masked.js";
import type { ElementClass, KeyturnSecretElement } from "./types.js";

export type { KeyturnSecretElement } from "./types.js";

define("keyturn-secret", SecretValue);

/** The class of `<keyturn-secret>`. */
export const KeyturnSecret: ElementClass<KeyturnSecretElement> = SecretValue;
