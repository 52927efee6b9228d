/**
 * `keyturn/types/elements/vue`: types of the elements for the templates of Vue 3, where the compiler option
 * `isCustomElement` says that they are not components. It contains only types:
 *
 * ```ts
 * import type {} from "keyturn/types/elements/vue";
 * ```
 */

import type { HTMLAttributes, PublicProps } from "vue";
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

/** An element typed as a Vue component: `.rows="rows"` sets a property, `@keyturn-open="open"` listens to an event. */
export type VueElement<E extends HTMLElement, Events> = new () => E & {
  /** The properties and attributes that a template may set. */
  $props: Omit<HTMLAttributes, keyof Settable<E>> & Settable<E> & PublicProps;
  /** The events that a template may listen to. Handlers receive the event. */
  $emit: Emit<Events>;
};

/** A function with an overload for each event. */
type Emit<Events> = Intersection<
  { [Name in keyof Events & string]: (name: Name, event: Events[Name]) => void }[keyof Events & string]
>;
type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

declare module "vue" {
  interface GlobalComponents {
    "keyturn-credentials": VueElement<KeyturnCredentialsElement, KeyturnCredentialsEventMap>;
    "keyturn-counters": VueElement<KeyturnCountersElement, KeyturnCountersEventMap>;
    "keyturn-timeline": VueElement<KeyturnTimelineElement, KeyturnTimelineEventMap>;
    "keyturn-rotate": VueElement<KeyturnRotateElement, KeyturnRotateEventMap>;
    "keyturn-secret": VueElement<KeyturnSecretElement, unknown>;
  }
}
