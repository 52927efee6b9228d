/** `keyturn/elements/rotate`: defines `<keyturn-rotate>`. A page that uses it loads `keyturn/lifecycle` anyway. */

import { define } from "./base.js";
import { Flow } from "./flow.js";
import type { ElementClass, KeyturnRotateElement } from "./types.js";
import "./secret.js";

export { HandDelivery, type HandDeliveryOptions, handDelivery } from "./hand.js";
export type { KeyturnRotateElement, PairNaming, RotatingLifecycle } from "./types.js";

define("keyturn-rotate", Flow);

/** The class of `<keyturn-rotate>`. */
export const KeyturnRotate: ElementClass<KeyturnRotateElement> = Flow;
