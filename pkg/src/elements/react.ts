/**
 * `keyturn/types/elements/react`: types of the elements for the JSX of React 19, which sets properties of custom
 * elements and listens to their events. It contains only types:
 *
 * ```ts
 * import type {} from "keyturn/types/elements/react";
 * ```
 */

import type { ClassAttributes, HTMLAttributes } from "react";
import type { Settable } from "./settable.js";
import type {
  KeyturnCountersElement,
  KeyturnCountersEventMap,
  KeyturnCredentialsElement,
  KeyturnCredentialsEventMap,
  KeyturnRotateElement,
  KeyturnRotateEventMap,
  KeyturnSecretElement,
  KeyturnTimelineElement,
  KeyturnTimelineEventMap,
} from "./types.js";

/** The props of an element: its properties, handlers named `on` plus the event's name, and those of every element. */
export type ReactElementProps<E extends HTMLElement, Events> = Omit<HTMLAttributes<E>, keyof Settable<E>> &
  ClassAttributes<E> &
  Settable<E> & {
    [Name in keyof Events & string as `on${Name}`]?: ((event: Events[Name]) => void) | undefined;
  };

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "keyturn-credentials": ReactElementProps<KeyturnCredentialsElement, KeyturnCredentialsEventMap>;
      "keyturn-counters": ReactElementProps<KeyturnCountersElement, KeyturnCountersEventMap>;
      "keyturn-timeline": ReactElementProps<KeyturnTimelineElement, KeyturnTimelineEventMap>;
      "keyturn-rotate": ReactElementProps<KeyturnRotateElement, KeyturnRotateEventMap>;
      "keyturn-secret": ReactElementProps<KeyturnSecretElement, unknown>;
    }
  }
}
