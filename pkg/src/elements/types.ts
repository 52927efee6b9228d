/** What the elements are to those who use them. Nothing here needs the library that they are made with. */

import type { Lifecycle } from "../lifecycle/lifecycle.js";
import type { CredentialFacts } from "../lifecycle/ports.js";
import type { HandDelivery } from "./hand.js";
import type { CredentialColumn, CredentialFilter, CredentialRow } from "./row.js";

/** Where an element gets the time from. */
export interface ElementClock {
  /** Milliseconds since 1970. */
  now(): number;
}

/** How a `<keyturn-credentials>` is looked at: plain data, which an address can carry. */
export interface CredentialView {
  /** Default: `"all"`. */
  readonly filter?: CredentialFilter | undefined;
  /** Words that a row has to have, all of them. */
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
  /** What is on the button; the row's name is read out behind it. */
  readonly label: string;
}

/** What all elements have. */
interface KeyturnElement extends HTMLElement {
  /** Where the time comes from. Default: the machine's clock. */
  clock: ElementClock;
  /** Resolves once what has been set is shown. */
  readonly updateComplete: Promise<boolean>;
}

/**
 * A table of targets with counters that are filters, a search, a choice of columns, and CSV of what is shown. It stays fluid with
 * thousands of rows.
 *
 * Events: `keyturn-view` when somebody looks at it in another way, with the {@link CredentialView}; `keyturn-open` with the
 * {@link CredentialRow} whose name was clicked, and if that is prevented, so is following the link; `keyturn-action` with
 * `{ action, row }`; `keyturn-select` with the `Set` of selected targets. Slots: `selection`, beside the number of selected rows; `empty`.
 * Parts: `filters`, `filter`, `bar`, `scroller`, `table`, `row`, `action`.
 */
export interface KeyturnCredentialsElement extends KeyturnElement {
  rows: readonly CredentialRow[];
  view: CredentialView;
  /** Whether rows have a box to select them with. Also an attribute. Default: false. */
  selectable: boolean;
  selected: ReadonlySet<string>;
  actions: readonly CredentialAction[];
  /** Where a row's name leads. Default: it is a button. */
  link: ((row: CredentialRow) => string) | undefined;
  /** What the table is called. Also an attribute. */
  label: string;
  /** Puts the focus on the name of a row. False if the row is not shown. */
  focusRow(target: string): boolean;
}

/**
 * The lives of credentials, one lane for each target: created, last used, expiry, grace, and today. It is zoomed and moved by buttons and
 * keys, and shown as a table with the same data at the press of a button.
 *
 * Events: `keyturn-open` with the {@link CredentialRow}. Parts: `bar`, `lanes`, `lane`, `table`.
 */
export interface KeyturnTimelineElement extends KeyturnElement {
  rows: readonly CredentialRow[];
  /** How many lanes are shown at a time. Also an attribute. Default: 12. */
  lanes: number;
  /** How many days are shown. Also an attribute. Default: 180. */
  days: number;
  /** Where a target's name leads. Default: it is a button. */
  link: ((row: CredentialRow) => string) | undefined;
}

/** What a `<keyturn-rotate>` calls of a lifecycle: one in the page, or one on a server (`keyturn/lifecycle/remote`). */
export type RotatingLifecycle = Pick<
  Lifecycle,
  "status" | "plan" | "history" | "adopt" | "rotate" | "advance" | "retire" | "settle" | "resume" | "rollback"
>;

/** What the two values are called where they are read. */
export interface PairNaming {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * The rotation of one target as a guided flow: plan, issue, check, store, grace, retire. Where it stands is what the journal of the
 * lifecycle says, so it may be closed, reloaded or opened elsewhere at any moment. A lost secret and an unknown outcome have their own
 * screens. While it is shown it holds a lock of the origin, so that only one tab goes on with a rotation.
 *
 * Events: `keyturn-progress` with the `LifecycleStatus` whenever it has changed; `keyturn-close` when somebody wants to leave. Parts:
 * `steps`, `proofs`, `about`.
 */
export interface KeyturnRotateElement extends KeyturnElement {
  lifecycle: RotatingLifecycle | undefined;
  /** The target's name at the lifecycle. Also an attribute. */
  target: string;
  /** What people call the target, and what it belongs to. Also attributes. */
  label: string;
  about: string;
  /** The target's sink, if a person delivers. */
  sink: HandDelivery | undefined;
  /** Credentials that are known and may be in use, for a target of which the journal does not say that. The likeliest comes first. */
  candidates: readonly CredentialFacts[];
  /** What the values are called in documents. Default: those of a connector, `BATON_CLIENT_ID` and `BATON_CLIENT_SECRET`. */
  naming: PairNaming;
  /** Who answers for the target. Also an attribute. */
  owner: string;
  consumers: readonly string[];
  /** How long the old credential lives on, in words. Also an attribute. */
  grace: string;
  /** Whether the provider gives a secret again. Also an attribute. Default: false. */
  recalls: boolean;
  /** Sets the lock of this journal's targets apart from those of another. Also an attribute. */
  lock: string;
  /** A secret is on its way or not yet stored: the page should not be left. */
  readonly unstored: boolean;
  /** Looks at once where the rotation stands, and goes on with it: it does so by itself when the time has come. */
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
    "keyturn-timeline": KeyturnTimelineElement;
    "keyturn-rotate": KeyturnRotateElement;
  }
}
