/** The public types of the elements, independent of the library with which the elements are built. */

import type { Lifecycle } from "../lifecycle/lifecycle.js";
import type { LifecycleStatus } from "../lifecycle/model.js";
import type { CredentialFacts } from "../lifecycle/ports.js";
import type { HandDelivery } from "./hand.js";
import type { CredentialColumn, CredentialFilter, CredentialRow } from "./row.js";
import type { ElementTexts } from "./texts.js";

/** The clock of an element. */
export interface ElementClock {
  /** Milliseconds since 1970. */
  now(): number;
}

/** The view of a `<keyturn-credentials>`: plain data, which fits into a URL. */
export interface CredentialView {
  /** Default: `"all"`. */
  readonly filter?: CredentialFilter | undefined;
  /** Words, all of which a row must contain. */
  readonly search?: string | undefined;
  /** Default: `"expires"`. */
  readonly sort?: CredentialColumn | "name" | undefined;
  /** Default: false. */
  readonly descending?: boolean | undefined;
  /** Default: status, group, expiry, last use, owner and rotation. */
  readonly columns?: readonly CredentialColumn[] | undefined;
}

/** A button in each row of a `<keyturn-credentials>`. */
export interface CredentialAction {
  readonly id: string;
  /** The label of the button; screen readers read the row's name after it. */
  readonly label: string;
}

/**
 * An element with texts and a clock.
 *
 * @typeParam Events the element's own events, by their names
 */
interface KeyturnElement<Events> extends SpeakingElement<Events> {
  /** The source of the current time. Default: the machine's clock. */
  clock: ElementClock;
}

/**
 * An element with texts.
 *
 * @typeParam Events the element's own events, by their names
 */
interface SpeakingElement<Events> extends HTMLElement {
  /**
   * Texts that replace those of the element's language, which is that of the nearest `lang` attribute, including its
   * own. Default: none. `useElementTexts` of `keyturn/elements/texts` sets the texts of a language for all elements.
   */
  texts: Partial<ElementTexts> | undefined;
  /** Resolves once all changes are rendered. */
  readonly updateComplete: Promise<boolean>;
  addEventListener<Name extends keyof (Events & HTMLElementEventMap)>(
    type: Name,
    listener: (this: this, event: (Events & HTMLElementEventMap)[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Name extends keyof (Events & HTMLElementEventMap)>(
    type: Name,
    listener: (this: this, event: (Events & HTMLElementEventMap)[Name]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** The events of a `<keyturn-credentials>`. */
export interface KeyturnCredentialsEventMap {
  /** Somebody changed the view. */
  "keyturn-view": CustomEvent<CredentialView>;
  /** Somebody clicked the name of a row. `preventDefault()` also keeps the link from being followed. */
  "keyturn-open": CustomEvent<CredentialRow>;
  /** Somebody pressed a button of a row. */
  "keyturn-action": CustomEvent<{ readonly action: string; readonly row: CredentialRow }>;
  /** Somebody changed which targets are selected. */
  "keyturn-select": CustomEvent<ReadonlySet<string>>;
}

/** The events of a `<keyturn-counters>`. */
export interface KeyturnCountersEventMap {
  /** Somebody chose a filter. */
  "keyturn-filter": CustomEvent<CredentialFilter>;
}

/** The events of a `<keyturn-timeline>`. */
export interface KeyturnTimelineEventMap {
  /** Somebody clicked the name of a lane. `preventDefault()` also keeps the link from being followed. */
  "keyturn-open": CustomEvent<CredentialRow>;
}

/** The events of a `<keyturn-rotate>`. */
export interface KeyturnRotateEventMap {
  /** The state of the rotation has changed. */
  "keyturn-progress": CustomEvent<LifecycleStatus>;
  /** Somebody wants to leave. */
  "keyturn-close": CustomEvent<undefined>;
}

/**
 * A table of targets with filters that show counts, a search, a column menu, and an export of the rows as CSV. It is
 * virtualized, so it stays responsive with thousands of rows.
 *
 * Events: `keyturn-view` when somebody changes the view, with the {@link CredentialView}; `keyturn-open` with the
 * {@link CredentialRow} whose name was clicked (`preventDefault()` also keeps the link from being followed);
 * `keyturn-action` with `{ action, row }`; `keyturn-select` with the `Set` of selected targets. Slots: `selection`,
 * beside the number of selected rows; `empty`. Parts: `filters`, `filter`, `bar`, `scroller`, `table`, `row`, `action`.
 */
export interface KeyturnCredentialsElement extends KeyturnElement<KeyturnCredentialsEventMap> {
  rows: readonly CredentialRow[];
  view: CredentialView;
  /** Whether rows have a check box to select them. Also an attribute. Default: false. */
  selectable: boolean;
  /**
   * Whether the filters are left out, for a page that has its own `<keyturn-counters>`. Also an attribute,
   * `without-filters`. Default: false.
   */
  withoutFilters: boolean;
  selected: ReadonlySet<string>;
  actions: readonly CredentialAction[];
  /** Returns the URL that a row's name links to. Default: the name is a button. */
  link: ((row: CredentialRow) => string) | undefined;
  /** The name of the table. Also an attribute. */
  label: string;
  /** Moves the focus to the name of a row. Returns false if the row is not shown. */
  focusRow(target: string): boolean;
}

/**
 * The filters of a list, each with the number of rows that it shows, so that what needs attention is seen at a glance.
 * The element does not filter the rows; use `matchesFilter`.
 *
 * Events: `keyturn-filter` when somebody chooses a filter, with the {@link CredentialFilter}; choosing it again chooses
 * `all`. Parts: `filter`.
 */
export interface KeyturnCountersElement extends KeyturnElement<KeyturnCountersEventMap> {
  rows: readonly CredentialRow[];
  /** The chosen filter. Also an attribute. Default: `"all"`. */
  filter: CredentialFilter;
  /** Whether the filters are a line of small buttons instead of tiles. Also an attribute. Default: false. */
  compact: boolean;
}

/**
 * A timeline of credentials with a lane for each target: creation, last use, expiry, grace period, and today. Buttons
 * and keys zoom and move it, and a button shows the same data as a table.
 *
 * Events: `keyturn-open` with the {@link CredentialRow}. Parts: `bar`, `lanes`, `lane`, `table`.
 */
export interface KeyturnTimelineElement extends KeyturnElement<KeyturnTimelineEventMap> {
  rows: readonly CredentialRow[];
  /** How many lanes are shown at a time. Also an attribute. Default: 12. */
  lanes: number;
  /** How many days are shown. Also an attribute. Default: 180. */
  days: number;
  /** Returns the URL that a target's name links to, or `undefined` for no link. Default: the name is a button. */
  link: ((row: CredentialRow) => string | undefined) | undefined;
}

/**
 * The methods that a `<keyturn-rotate>` calls on a lifecycle, which is in the page or on a server
 * (`keyturn/lifecycle/remote`).
 */
export type RotatingLifecycle = Pick<
  Lifecycle,
  "status" | "plan" | "history" | "adopt" | "rotate" | "advance" | "retire" | "settle" | "resume" | "rollback"
>;

/**
 * A value to copy: visible, or masked until somebody reveals it, and masked again after a minute. Its children are
 * shown below it.
 *
 * The element does not keep a secret: it calls `text` to show or to copy it, and drops the function when it leaves the
 * document.
 */
export interface KeyturnSecretElement extends SpeakingElement<unknown> {
  /** The label of the value. Also an attribute. */
  label: string;
  /**
   * The label as it is written after a verb, for assistive technology: `client secret` where the label is
   * `Client secret`. Also an attribute.
   */
  name: string;
  /** Returns the value. */
  text: () => string;
  /** Whether the value is masked. Also an attribute. Default: false. */
  secret: boolean;
  /** Whether a masked value is visible. Also an attribute. Default: false. */
  shown: boolean;
}

/** The names by which a consumer reads the two values. */
export interface PairNaming {
  readonly clientId: string;
  /** Left out for a public client, which has no secret to store. */
  readonly clientSecret?: string | undefined;
}

/**
 * The rotation of one target as a guided flow: plan, issue, check, store, grace, retire. Its state is in the
 * lifecycle's journal, so it may be closed, reloaded or opened elsewhere at any time. A lost secret and an unknown
 * outcome have their own screens. While the element is shown, it holds a lock of the origin, so that only one tab
 * continues a rotation.
 *
 * Events: `keyturn-progress` with the `LifecycleStatus` whenever it has changed; `keyturn-close` when somebody wants to
 * leave. Parts: `steps`, `proofs`, `about`.
 */
export interface KeyturnRotateElement extends KeyturnElement<KeyturnRotateEventMap> {
  lifecycle: RotatingLifecycle | undefined;
  /** The target's name in the lifecycle. Also an attribute. */
  target: string;
  /** The target's display name, and the group that it belongs to. Also attributes. */
  label: string;
  about: string;
  /** The target's sink, if a person does the delivery. */
  sink: HandDelivery | undefined;
  /** Known credentials, the likeliest first, for a target whose journal does not say which one is in use. */
  candidates: readonly CredentialFacts[];
  /** The names of the values in documents. Default: a connector's, `BATON_CLIENT_ID` and `BATON_CLIENT_SECRET`. */
  naming: PairNaming;
  /** The owner of the target. Also an attribute. */
  owner: string;
  consumers: readonly string[];
  /** How long the old credential stays valid, as text. Also an attribute. */
  grace: string;
  /**
   * The consequences of a rotation for a public client, whose client id others know and with which only its users log
   * in. A person confirms them in the plan, and no token is shown as a proof of the new credential. Also an attribute.
   */
  caution: string;
  /** Whether the provider can show a secret again. Also an attribute. Default: false. */
  recalls: boolean;
  /** A name that separates the locks of this journal's targets from those of other journals. Also an attribute. */
  lock: string;
  /** Whether a secret is being issued or not yet stored, so that the page should not be left. */
  readonly unstored: boolean;
  /** Reads the state of the rotation now, and continues it. The element also does this by itself when a step is due. */
  refresh(): Promise<void>;
}

/** A class of elements. */
export interface ElementClass<E extends HTMLElement> {
  new (): E;
  readonly prototype: E;
}

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-credentials": KeyturnCredentialsElement;
    "keyturn-counters": KeyturnCountersElement;
    "keyturn-timeline": KeyturnTimelineElement;
    "keyturn-rotate": KeyturnRotateElement;
    "keyturn-secret": KeyturnSecretElement;
  }
}
