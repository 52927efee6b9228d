/** The table of targets: one `<table>`, of which only the visible rows are in the document. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { Shown, save } from "./base.js";
import { chip, type IconName, icon, type Tone } from "./icons.js";
import {
  COLUMNS,
  type CredentialColumn,
  type CredentialFilter,
  type CredentialRow,
  type CredentialState,
  called,
  csv,
  distinctions,
  matchesFilter,
  stateOf,
} from "./row.js";
import { theme } from "./theme.js";
import type { CredentialAction, CredentialView } from "./types.js";

/** The least widths of columns, in rem: of the check boxes, and of the others, unless they need more. */
const LEAST = { pick: 2.9, other: 7.5 };
const WIDER: Partial<Record<CredentialColumn, number>> = { state: 10.5, rotation: 10, clientId: 11, credential: 9 };

/** The columns that are shown by default. */
const USUAL: readonly CredentialColumn[] = ["state", "group", "expires", "used", "owner", "rotation"];

/** The height of a row in a wide and in a narrow table, in pixels. The style sheet has the same values. */
const HEIGHT = { wide: 46, narrow: 176 };

/** The width below which each row becomes a block, in pixels. */
const NARROW = 720;

const MINUTE = 60_000;

/** How long typing must pause before the rows are searched, in milliseconds. */
const RESTED = 80;

/** How many rows are rendered beyond the viewport on either side, so that the Tab key reaches them. */
const BEYOND = 4;

/** How many rows the table must be scrolled by before its rendered rows change. */
const STEP = 4;

const STATES: Readonly<Record<CredentialState, readonly [tone: Tone, icon: IconName]>> = {
  active: ["good", "check"],
  expiring: ["warn", "clock"],
  expired: ["bad", "cross"],
  none: ["plain", "dash"],
  unknown: ["plain", "question"],
};

const HEADS = {
  state: "column.state",
  plane: "column.plane",
  group: "column.group",
  expires: "column.expires",
  used: "column.used",
  created: "column.created",
  clientId: "column.clientId",
  credential: "column.credential",
  owner: "column.owner",
  consumers: "column.consumers",
  rotation: "column.rotation",
} as const satisfies Record<CredentialColumn, string>;

const TIMES: Partial<Record<CredentialColumn, "expiresAt" | "lastUsedAt" | "createdAt">> = {
  expires: "expiresAt",
  used: "lastUsedAt",
  created: "createdAt",
};

/** An item of the table's body: a row, or a spacer in place of rows that are not in the document. */
type Place =
  | { readonly at: number; readonly row: CredentialRow; readonly key: number }
  | { readonly room: number; readonly key: string };

/** All rows ordered by name, their inputs, the rank of each name, and the searchable texts, built on demand. */
interface Base {
  readonly rows: unknown;
  readonly spoken: unknown;
  readonly names: ReadonlyMap<string, number>;
  readonly order: readonly CredentialRow[];
  readonly texts: Map<CredentialRow, string>;
}

/** Sorted rows, and what they were sorted by. */
interface Order {
  readonly from: Base;
  readonly key: string;
  readonly order: readonly CredentialRow[];
}

/** The implementation of `<keyturn-credentials>`. */
export class Table extends Shown {
  static override properties = {
    rows: { attribute: false },
    view: { attribute: false },
    selected: { attribute: false },
    actions: { attribute: false },
    link: { attribute: false },
    clock: { attribute: false },
    texts: { attribute: false },
    selectable: { type: Boolean },
    withoutFilters: { type: Boolean, attribute: "without-filters" },
    label: {},
    narrow: { state: true },
  };
  static override styles = [
    theme,
    css`
      :host {
        container-type: inline-size;
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem 0.75rem;
        padding-block: 0.75rem;
      }
      .bar input[type="search"] {
        flex: 1 1 12rem;
        max-width: 24rem;
        width: auto;
      }
      .bar .count {
        margin-inline-end: auto;
      }
      .choices {
        display: grid;
        gap: 0.15rem;
        width: max-content;
        margin: 0;
        padding: 0.6rem 0.8rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        color: var(--ink);
        box-shadow: 0 8px 24px light-dark(rgb(20 30 30 / 18%), rgb(0 0 0 / 60%));
      }
      .choices label {
        display: flex;
        gap: 0.5rem;
        align-items: center;
        min-height: 1.75rem;
        cursor: pointer;
      }
      details {
        position: relative;
      }
      details > summary {
        list-style: none;
      }
      details > summary::-webkit-details-marker {
        display: none;
      }
      details > .choices {
        position: absolute;
        inset-inline-end: 0;
        top: calc(100% + 4px);
        z-index: 3;
      }
      .scroller {
        position: relative;
        max-height: var(--keyturn-table-height, min(38rem, 75vh));
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        scroll-padding-block: 2.5rem 0.5rem;
        scroll-padding-inline-end: var(--keyturn-actions-width, 7.5rem);
        /* Elements are reused for other rows: scroll anchoring would follow them. */
        overflow-anchor: none;
        overscroll-behavior: contain;
      }
      table {
        width: 100%;
        border-collapse: separate;
        border-spacing: 0;
        table-layout: fixed;
      }
      thead th {
        position: sticky;
        top: 0;
        z-index: 2;
        height: 2.25rem;
        padding: 0;
        border-bottom: 1px solid var(--line);
        background: var(--sunken);
        color: var(--muted);
        font-size: 0.75rem;
        font-weight: 550;
        text-align: start;
      }
      thead th > span {
        padding-inline: 0.75rem;
      }
      thead button {
        width: 100%;
        min-height: 2.2rem;
        padding: 0 0.75rem;
        justify-content: start;
        border: 0;
        border-radius: 0;
        background: transparent;
        color: inherit;
        font-size: 0.75rem;
        text-align: start;
        overflow-wrap: anywhere;
        outline-offset: -3px;
      }
      thead button[data-sorted] {
        color: var(--ink);
      }
      tbody tr {
        height: 46px;
      }
      tbody :is(th, td) {
        padding: 0 0.75rem;
        border-bottom: 1px solid var(--line);
        overflow: hidden;
        font-weight: 400;
        text-align: start;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      tbody tr.room :is(td) {
        padding: 0;
        border: 0;
      }
      tbody tr {
        background: var(--surface);
      }
      tbody tr:not(.room):hover {
        background: var(--sunken);
      }
      tbody tr[data-selected] {
        background: var(--accent-soft);
      }
      tbody .under {
        display: block;
        overflow: hidden;
        color: var(--muted);
        font-size: 0.75rem;
        line-height: 1.25;
        text-overflow: ellipsis;
      }
      /* As wide as its text, so that text of either direction is truncated at its own end. */
      .named,
      .name {
        display: inline-block;
        max-width: 100%;
        vertical-align: top;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      @container (width >= 720px) {
        /* What has no room is scrolled to, and the buttons stay. The names have the remaining 18 %. */
        table {
          min-width: calc(var(--least, 0rem) / 0.82);
        }
        :is(th, td).actions {
          position: sticky;
          inset-inline-end: 0;
          z-index: 1;
          background: inherit;
        }
        thead th.actions {
          z-index: 3;
          background: var(--sunken);
        }
        td > .named {
          display: -webkit-box;
          width: fit-content;
          line-height: 1.25;
          white-space: normal;
          overflow-wrap: anywhere;
          -webkit-box-orient: vertical;
          -webkit-line-clamp: 2;
        }
      }
      .name {
        min-width: 24px;
        min-height: 24px;
        padding: 0;
        border: 0;
        background: none;
        color: var(--ink);
        font: inherit;
        font-weight: 600;
        line-height: 24px;
        text-decoration: none;
        outline-offset: -2px;
      }
      .name:is(:hover, :focus-visible) {
        background: none;
        color: var(--accent);
        text-decoration: underline;
      }
      .pick {
        width: 2.9rem;
      }
      tbody td.pick {
        padding-inline-end: 0;
        text-overflow: clip;
      }
      th.state {
        width: 10.5rem;
      }
      th.rotation {
        width: 10rem;
      }
      .pick label {
        display: inline-grid;
        place-items: center;
        width: 24px;
        height: 24px;
        cursor: pointer;
      }
      th.target {
        width: 18%;
      }
      th.actions {
        width: var(--keyturn-actions-width, 7.5rem);
      }
      td.actions {
        text-align: end;
      }
      td.actions button {
        max-width: 100%;
        min-height: 1.75rem;
        white-space: normal;
        overflow-wrap: anywhere;
      }
      .bare {
        display: grid;
        justify-items: start;
        gap: 0.75rem;
        padding: 1.5rem 1rem;
        color: var(--muted);
      }
      @container (width < 720px) {
        /* The heads are a line of buttons that sort, above the blocks. */
        thead tr {
          display: flex;
          flex-wrap: wrap;
          align-items: center;
          padding-inline: 0.6rem 0.25rem;
          border-bottom: 1px solid var(--line);
          background: var(--sunken);
        }
        thead tr > th[class] {
          display: flex;
          align-items: center;
          position: static;
          width: auto;
          border: 0;
        }
        thead button {
          padding-inline: 0.5rem;
        }
        thead .pick > span {
          padding: 0;
        }
        table,
        thead,
        tbody,
        tbody tr,
        tbody :is(th, td) {
          display: block;
        }
        tbody tr:not(.room) {
          position: relative;
          display: grid;
          grid-template-columns: minmax(0, 6fr) minmax(0, 5fr);
          grid-template-rows: 2rem;
          grid-auto-rows: 2.6rem;
          gap: 0 0.75rem;
          height: 176px;
          padding: 0.4rem 0.75rem;
          overflow: hidden;
          border-bottom: 1px solid var(--line);
        }
        tbody tr:not(.room) > * {
          padding: 0;
          border: 0;
        }
        tbody th {
          grid-column: 1 / -1;
        }
        tbody tr:has(td.actions) th {
          padding-inline-end: 6rem;
        }
        :host([selectable]) tbody tr:not(.room) th {
          padding-inline-start: 2rem;
        }
        tbody td.pick {
          position: absolute;
          inset-block-start: 0.4rem;
          inset-inline-start: 0.6rem;
        }
        tbody td.actions {
          position: absolute;
          inset-block-start: 0.4rem;
          inset-inline-end: 0.75rem;
          width: auto;
          max-width: 5.75rem;
        }
        tbody td[data-label]::before {
          content: attr(data-label);
          display: block;
          color: var(--muted);
          font-size: 0.6875rem;
          line-height: 1.2;
        }
        tbody td .under {
          display: none;
        }
        /* The menu is below the bar and as wide as it, since it might not fit beside its button. */
        .bar {
          position: relative;
        }
        details {
          position: static;
        }
        details > .choices {
          inset-inline: 0;
          top: calc(100% - 0.5rem);
          width: auto;
        }
      }
      @media (forced-colors: active) {
        tbody tr[data-selected] {
          outline: 2px solid Highlight;
          outline-offset: -2px;
        }
      }
    `,
  ];

  declare rows: readonly CredentialRow[];
  declare view: CredentialView;
  declare selected: ReadonlySet<string>;
  declare actions: readonly CredentialAction[];
  declare link: ((row: CredentialRow) => string) | undefined;
  declare selectable: boolean;
  declare withoutFilters: boolean;
  declare label: string;
  /** Whether the table is narrow. */
  declare private narrow: boolean;

  /** The range of rows that are in the document. */
  #first = 0;
  #seen = 24;
  /**
   * Whether only the visible rows are rendered, so that a new view is painted soon. The others follow in a new task.
   */
  #brief = false;
  /** The row that has the focus or is pressed. It stays in the document even when it is scrolled out of view. */
  #held: string | undefined;
  /** The number of the element that shows each rendered row, and how many elements have been created. */
  #used: ReadonlyMap<string, number> = new Map();
  #made = 0;
  #sizes: ResizeObserver | undefined;
  #searching: ReturnType<typeof setTimeout> | undefined;
  /** Whether the table is scrolled away from its start. */
  #moved = false;
  /** The last results of sorting, and their inputs. */
  #based: Base | undefined;
  #sorted: Order | undefined;
  #shown: { from: unknown; key: string; rows: readonly CredentialRow[] } | undefined;

  constructor() {
    super();
    this.default({ rows: [], view: {}, selected: new Set(), actions: [], label: "" });
    this.selectable = this.withoutFilters = this.narrow = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sizes = new ResizeObserver(() => {
      this.narrow = this.clientWidth < NARROW;
      this.#scrolled();
    });
    this.#sizes.observe(this);
    if (this.#scroller) this.#sizes.observe(this.#scroller);
    addEventListener("click", this.#outside);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sizes?.disconnect();
    clearTimeout(this.#searching);
    removeEventListener("click", this.#outside);
  }

  /** Moves the focus to a row's name. Returns false if the row is not shown. */
  focusRow(target: string): boolean {
    const at = this.#visible().findIndex((row) => row.target === target);
    if (at < 0) return false;
    this.#held = target;
    this.requestUpdate();
    void this.updateComplete.then(() => {
      const rows = this.renderRoot.querySelectorAll<HTMLElement>("tbody tr");
      for (const row of rows) if (row.dataset.target === target) row.querySelector<HTMLElement>(".name")?.focus();
    });
    return true;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (!changed.has("view")) return;
    this.#first = 0;
    this.#brief = this.hasUpdated;
  }

  protected override render(): TemplateResult {
    const rows = this.#visible();
    const label = this.label || this.say("table.label");
    return html`${this.#filters()} ${this.#bar(rows)}
      <div part="scroller" class="scroller" tabindex=${rows.length > 0 ? 0 : nothing} role="group" aria-label=${this.say("table.scroll")} @scroll=${this.#scrolled}>
        ${rows.length > 0 ? this.#table(rows, label) : this.#bare()}
      </div>`;
  }

  protected override firstUpdated(): void {
    if (this.#scroller) this.#sizes?.observe(this.#scroller);
  }

  protected override updated(changed: PropertyValues<this>): void {
    // Set by script, since a content security policy may forbid style attributes.
    const others = this.#columns.map((column) => WIDER[column] ?? LEAST.other);
    const least = others.reduce((sum, one) => sum + one, this.selectable ? LEAST.pick : 0);
    const buttons = this.actions.length > 0 ? "var(--keyturn-actions-width, 7.5rem)" : "0rem";
    this.renderRoot.querySelector("table")?.style.setProperty("--least", `calc(${least}rem + ${buttons})`);
    for (const room of this.renderRoot.querySelectorAll<HTMLElement>("tr.room"))
      room.style.height = `${room.dataset.height}px`;
    if (!changed.has("view")) return;
    if (this.#brief) requestAnimationFrame(() => setTimeout(this.#complete));
    // The scroll position is already known; reading it here would force another layout of the table.
    if (!this.#moved || !this.#scroller) return;
    this.#scroller.scrollTop = 0;
    this.#moved = false;
  }

  #filters(): TemplateResult | typeof nothing {
    if (this.withoutFilters) return nothing;
    return html`<keyturn-counters
      part="filters"
      exportparts="filter"
      compact
      .rows=${this.rows}
      .filter=${this.view.filter ?? "all"}
      .clock=${this.clock}
      .texts=${this.texts}
      @keyturn-filter=${this.#filter}
    ></keyturn-counters>`;
  }

  #bar(rows: readonly CredentialRow[]): TemplateResult {
    const { selected, view } = this;
    const all = this.rows.length;
    const count =
      rows.length === all ? this.say("table.count", { n: all }) : this.say("table.fit", { n: rows.length, all });
    return html`<div part="bar" class="bar">
      <input
        type="search"
        aria-label=${this.say("table.search")}
        placeholder=${this.say("table.search")}
        autocomplete="off"
        spellcheck="false"
        .value=${view.search ?? ""}
        @input=${this.#typed}
      />
      <span class="count muted small" role="status">
        ${count}${selected.size > 0 ? html`, <b>${this.say("table.selected", { n: selected.size })}</b>` : nothing}
      </span>
      ${
        selected.size > 0
          ? html`<button type="button" class="quiet" @click=${() => this.#select(new Set())}>${this.say("table.clear")}</button>
            <slot name="selection"></slot>`
          : nothing
      }
      <details @keydown=${this.#closing}>
        <summary class="button" role="button">${this.say("table.columns")} ${icon("down", 14)}</summary>
        <div class="choices" role="group" aria-label=${this.say("table.columns")}>
          ${COLUMNS.map(
            (column) => html`<label
              ><input type="checkbox" .checked=${this.#columns.includes(column)} @change=${() => this.#turn(column)} />${this.say(HEADS[column])}</label
            >`,
          )}
        </div>
      </details>
      <button type="button" @click=${() => this.#save(rows)}>${icon("save", 14)} ${this.say("table.csv")}</button>
    </div>`;
  }

  get #columns(): readonly CredentialColumn[] {
    const chosen = this.view.columns ?? USUAL;
    return COLUMNS.filter((column) => chosen.includes(column));
  }

  #bare(): TemplateResult {
    if (this.rows.length === 0)
      return html`<div class="bare"><slot name="empty"><p>${this.say("table.empty")}</p></slot></div>`;
    return html`<div class="bare">
      <p>${this.say("table.none")}</p>
      <button type="button" @click=${() => this.#look({ filter: "all", search: "" })}>${this.say("table.showAll")}</button>
    </div>`;
  }

  #table(rows: readonly CredentialRow[], label: string): TemplateResult {
    const columns = this.#columns;
    const { actions, selectable, selected } = this;
    const wide = columns.length + 1 + Number(selectable) + Number(actions.length > 0);
    const whole = selectable && rows.every((row) => selected.has(row.target));
    return html`<table part="table" role="table" aria-label=${label} aria-rowcount=${rows.length + 1}>
      <thead role="rowgroup">
        <tr role="row" aria-rowindex="1">
          ${
            selectable
              ? html`<th role="columnheader" scope="col" class="pick"><span
                  ><label
                    ><input
                      type="checkbox"
                      aria-label=${this.say("table.selectAll")}
                      .checked=${whole}
                      .indeterminate=${!whole && rows.some((row) => selected.has(row.target))}
                      @change=${() => this.#selectAll(rows, !whole)} /></label></span
                ></th>`
              : nothing
          }
          ${this.#head("name", this.say("column.name"), "target")}
          ${columns.map((column) => this.#head(column, this.say(HEADS[column]), column))}
          ${actions.length > 0 ? html`<th role="columnheader" scope="col" class="actions"><span class="unseen">${this.say("column.actions")}</span></th>` : nothing}
        </tr>
      </thead>
      <tbody role="rowgroup" @pointerdown=${this.#hold} @focusin=${this.#hold} @focusout=${this.#release}>
        ${repeat(
          this.#places(rows),
          ({ key }) => key,
          (place) =>
            "row" in place
              ? this.#row(place.row, place.at, columns)
              : html`<tr class="room" aria-hidden="true" data-height=${place.room}><td colspan=${wide}></td></tr>`,
        )}
      </tbody>
    </table>`;
  }

  #head(column: CredentialColumn | "name", word: string, kind = ""): TemplateResult {
    const { sort = "expires", descending = false } = this.view;
    const sorted = sort === column;
    return html`<th role="columnheader" scope="col" class=${kind} aria-sort=${sorted ? (descending ? "descending" : "ascending") : nothing}>
      <button type="button" ?data-sorted=${sorted} @click=${() => this.#look({ sort: column, descending: sorted && !descending })}>
        ${word} ${sorted ? icon(descending ? "down" : "up", 12) : nothing}
      </button>
    </th>`;
  }

  #row(row: CredentialRow, at: number, columns: readonly CredentialColumn[]): TemplateResult {
    const { link, selected, selectable, actions } = this;
    const { target, name } = row;
    const chosen = selected.has(target);
    const distinction = this.#distinct.get(target);
    const whole = called(name, distinction);
    // The group may have its own column.
    const under = [columns.includes("group") ? "" : row.group, distinction ?? ""].filter(
      (part, index) => part !== "" && !(index > 0 && part === row.group),
    );
    return html`<tr role="row" part="row" aria-rowindex=${at + 2} data-target=${target} ?data-selected=${chosen}>
      ${
        selectable
          ? html`<td role="cell" class="pick"><label
              ><input type="checkbox" aria-label=${this.say("table.select", { name: whole })} .checked=${chosen} @change=${() => this.#pick(target)} /></label
            ></td>`
          : nothing
      }
      <th role="rowheader" scope="row" title=${whole}>
        ${
          link
            ? html`<a class="name" dir="auto" href=${link(row)} @click=${(event: Event) => this.#open(event, row)}>${name}</a>`
            : html`<button type="button" class="name" dir="auto" @click=${(event: Event) => this.#open(event, row)}>${name}</button>`
        }
        ${under.length === 0 ? nothing : html`<span class="under">${under.map((part, index) => html`${index > 0 ? " · " : nothing}<bdi>${part}</bdi>`)}</span>`}
      </th>
      ${columns.map((column) => html`<td role="cell" data-label=${this.say(HEADS[column])}>${this.#cell(row, column)}</td>`)}
      ${
        actions.length > 0
          ? html`<td role="cell" class="actions">
              ${actions.map(
                ({
                  id,
                  label,
                }) => html`<button type="button" part="action" @click=${() => this.tell("keyturn-action", { action: id, row })}>
                  ${label} <span class="unseen"><bdi>${whole}</bdi></span>
                </button>`,
              )}
            </td>`
          : nothing
      }
    </tr>`;
  }

  #cell(row: CredentialRow, column: CredentialColumn): unknown {
    const now = this.clock.now();
    switch (column) {
      case "state": {
        const state = stateOf(row, now);
        return chip(...STATES[state], this.say(`state.${state}`));
      }
      case "rotation": {
        if (row.attention !== undefined) {
          const word = this.say(`phase.${row.rotation?.phase ?? "stopped"}`);
          return html`<span title=${row.attention}>${chip("bad", "warning", word)}</span>`;
        }
        if (!row.rotation) return html`<span class="muted">—</span>`;
        const { phase, until } = row.rotation;
        return html`${chip(phase === "unknown" ? "warn" : "accent", "sync", this.say(`phase.${phase}`))}
          ${until === undefined ? nothing : html`<time class="small muted" datetime=${new Date(until).toISOString()}>${this.words.relative(until, now)}</time>`}`;
      }
      case "expires":
      case "used":
      case "created":
        return this.#time(row, column, now);
      case "clientId":
      case "credential":
        return html`<span class="mono" translate="no" title=${row[column] ?? ""}>${row[column] ?? "—"}</span>`;
      case "consumers":
        return named(this.words.list(row.consumers ?? []));
      case "owner":
      case "plane":
      case "group":
        return named(row[column]);
    }
  }

  #time(row: CredentialRow, column: "expires" | "used" | "created", now: number): TemplateResult {
    const at = row[TIMES[column] as "expiresAt"];
    if (at === undefined) return html`<span class="muted">${this.#absent(row, column)}</span>`;
    return html`<time datetime=${new Date(at).toISOString()} title=${this.words.exact(at)}
      >${this.words.relative(at, now)}<span class="under">${this.words.day(at)}</span></time
    >`;
  }

  /** Returns the text for a missing time. */
  #absent(row: CredentialRow, column: "expires" | "used" | "created"): string {
    if (row.credential === undefined || row.checked === false) return "—";
    if (column === "used") return row.tellsUse === false ? "—" : this.say("table.never");
    return column === "expires" ? this.say("table.noDate") : "—";
  }

  /** The distinctions shown beside names that several targets share. */
  get #distinct(): ReadonlyMap<string, string> {
    return distinctions(this.rows);
  }

  /** Returns the text of a cell, for sorting and for CSV. */
  #text(row: CredentialRow, column: CredentialColumn): string {
    const time = TIMES[column];
    if (time) return row[time] === undefined ? "" : new Date(row[time]).toISOString();
    switch (column) {
      case "state":
        return this.say(`state.${stateOf(row, this.clock.now())}`);
      case "rotation":
        return row.attention ?? (row.rotation ? this.say(`phase.${row.rotation.phase}`) : "");
      case "consumers":
        return row.consumers?.join(", ") ?? "";
      default:
        return String(row[column as "group"] ?? "");
    }
  }

  /** Returns all rows by name, then by target. Recomputed only if the rows or the language have changed. */
  #base(): Base {
    const { rows, words: spoken } = this;
    if (this.#based?.rows === rows && this.#based.spoken === spoken) return this.#based;
    // Most names are already ordered.
    const names = ranks(
      rows.map(({ name }) => name),
      spoken.collator(),
      this.#based?.names,
    );
    const rank = ({ name }: CredentialRow): number => names.get(name) ?? 0;
    const order = [...rows].sort(
      (one, other) => rank(one) - rank(other) || Number(one.target > other.target) - Number(one.target < other.target),
    );
    this.#based = { rows, spoken, names, order, texts: new Map() };
    return this.#based;
  }

  /** Returns all rows in order. Equal rows are ordered by name: the sort is stable. */
  #order(): Order {
    const from = this.#base();
    const { sort = "expires", descending = false } = this.view;
    const key = `${sort} ${descending}`;
    if (this.#sorted?.from === from && this.#sorted.key === key) return this.#sorted;
    const at = this.#keys(from, sort);
    const order = from.order
      .map((row, index) => ({ row, at: at[index] }))
      // Rows without a date or a text come last in either direction.
      .sort(({ at: one }, { at: other }) =>
        one === undefined || other === undefined
          ? Number(one === undefined) - Number(other === undefined)
          : (one - other) * (descending ? -1 : 1),
      )
      .map(({ row }) => row);
    this.#sorted = { from, key, order };
    return this.#sorted;
  }

  /** Returns the sort key of each row for a column. */
  #keys({ order, names }: Base, sort: CredentialColumn | "name"): readonly (number | undefined)[] {
    if (sort === "name") return order.map(({ name }) => names.get(name));
    const time = TIMES[sort];
    if (time) return order.map((row) => row[time]);
    const texts = order.map((row) => this.#text(row, sort));
    const places = ranks(texts, this.words.collator());
    return texts.map((text) => (text === "" ? undefined : places.get(text)));
  }

  /** Returns the rows that match the filter and the search, in order. */
  #visible(): readonly CredentialRow[] {
    const { from, order } = this.#order();
    const { filter = "all", search = "" } = this.view;
    // Filters depend on the time: rows expire.
    const key = `${filter} ${search} ${filter === "all" ? "" : Math.floor(this.clock.now() / MINUTE)}`;
    if (this.#shown?.from === order && this.#shown.key === key) return this.#shown.rows;
    const [now, words] = [this.clock.now(), search.trim().toLowerCase().split(/\s+/).filter(Boolean)];
    const distinct = this.#distinct;
    const rows = order.filter(
      (row) =>
        matchesFilter(row, filter, now) &&
        words.every((word) => searchable(row, distinct.get(row.target), from.texts).includes(word)),
    );
    this.#shown = { from: order, key, rows };
    return rows;
  }

  get #height(): number {
    return this.narrow ? HEIGHT.narrow : HEIGHT.wide;
  }

  /** Returns the rows that are in the document, and the spacers in place of the others. */
  #places(rows: readonly CredentialRow[]): readonly Place[] {
    // There may be fewer rows than when the table was scrolled.
    const first = Math.min(this.#first, Math.max(0, rows.length - this.#seen));
    const [before, after] = this.#brief ? [0, -STEP] : [BEYOND, BEYOND];
    const [from, to] = [Math.max(0, first - before), Math.min(rows.length, first + this.#seen + after)];
    const indices = Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
    const held = this.#held === undefined ? -1 : rows.findIndex((row) => row.target === this.#held);
    if (held >= 0 && held < from) indices.unshift(held);
    else if (held >= to) indices.push(held);
    const elements = this.#elements(indices.map((at) => rows[at] as CredentialRow));
    const places: Place[] = [];
    let next = 0;
    const room = (until: number): void => {
      if (until > next) places.push({ room: (until - next) * this.#height, key: `room ${places.length}` });
    };
    for (const at of indices) {
      room(at);
      const row = rows[at] as CredentialRow;
      places.push({ at, row, key: elements.get(row.target) ?? -1 });
      next = at + 1;
    }
    room(rows.length);
    return places;
  }

  /**
   * Assigns an element to each row. A row keeps its element, and a new row reuses the element of a row that leaves,
   * since most of the time goes into creating elements. The element of the held row is never reused.
   */
  #elements(rows: readonly CredentialRow[]): ReadonlyMap<string, number> {
    const before = this.#used;
    const stay = new Set(rows.map(({ target }) => target));
    const free = [...before].flatMap(([target, element]) =>
      stay.has(target) || target === this.#held ? [] : [element],
    );
    this.#used = new Map(rows.map(({ target }) => [target, before.get(target) ?? free.shift() ?? this.#made++]));
    return this.#used;
  }

  get #scroller(): HTMLElement | null {
    return this.renderRoot?.querySelector<HTMLElement>(".scroller") ?? null;
  }

  readonly #scrolled = (): void => {
    const scroller = this.#scroller;
    if (!scroller) return;
    this.#moved = scroller.scrollTop > 0;
    // In steps, so that most scroll events change nothing.
    const first = Math.max(0, Math.floor(scroller.scrollTop / this.#height / STEP) * STEP);
    const seen = Math.ceil(scroller.clientHeight / this.#height) + STEP;
    if (first === this.#first && seen === this.#seen) return;
    this.#first = first;
    this.#seen = seen;
    this.requestUpdate();
  };

  readonly #complete = (): void => {
    this.#brief = false;
    this.requestUpdate();
  };

  /**
   * Holds a row that has the focus or is pressed. Until the pointer is released, a pressed element must not be reused
   * for another row, and not every browser focuses it.
   */
  readonly #hold = (event: Event): void => {
    this.#held = targetOf(event);
  };

  readonly #release = (event: Event): void => {
    if (this.#held === targetOf(event)) this.#held = undefined;
  };

  /** Closes the column menu on a click outside of it. */
  readonly #outside = (event: Event): void => {
    const details = this.renderRoot.querySelector("details");
    if (details?.open && !event.composedPath().includes(details)) details.open = false;
  };

  readonly #closing = (event: KeyboardEvent): void => {
    const details = event.currentTarget as HTMLDetailsElement;
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector<HTMLElement>("summary")?.focus();
    event.stopPropagation();
  };

  /** Debounces the search: typed letters are painted at once, and the rows follow when typing pauses. */
  readonly #typed = (event: Event): void => {
    const field = event.currentTarget as HTMLInputElement;
    clearTimeout(this.#searching);
    this.#searching = setTimeout(() => this.#look({ search: field.value }), RESTED);
  };

  #look(some: CredentialView): void {
    this.view = { ...this.view, ...some };
    this.tell("keyturn-view", this.view);
  }

  readonly #filter = (event: CustomEvent<CredentialFilter>): void => {
    // The page gets the whole view instead, by `keyturn-view`.
    event.stopPropagation();
    this.#look({ filter: event.detail });
  };

  #turn(column: CredentialColumn): void {
    const columns = this.#columns;
    this.#look({ columns: COLUMNS.filter((one) => columns.includes(one) !== (one === column)) });
  }

  #select(selected: ReadonlySet<string>): void {
    this.selected = selected;
    this.tell("keyturn-select", selected);
  }

  #pick(target: string): void {
    const selected = new Set(this.selected);
    if (!selected.delete(target)) selected.add(target);
    this.#select(selected);
  }

  #selectAll(rows: readonly CredentialRow[], chosen: boolean): void {
    const selected = new Set(this.selected);
    for (const { target } of rows)
      if (chosen) selected.add(target);
      else selected.delete(target);
    this.#select(selected);
  }

  #open(event: Event, row: CredentialRow): void {
    if (!this.tell("keyturn-open", row, true)) event.preventDefault();
  }

  #save(rows: readonly CredentialRow[]): void {
    const columns = this.#columns;
    const heads = [this.say("column.name"), ...columns.map((column) => this.say(HEADS[column]))];
    save(
      "credentials.csv",
      "text/csv",
      csv(
        rows,
        columns,
        heads,
        ({ name, target }) => called(name, this.#distinct.get(target)),
        (row, column) => this.#text(row, column),
      ),
    );
  }
}

/** Returns the target of the row in which an event occurred. */
function targetOf(event: Event): string | undefined {
  return (event.target as Element).closest<HTMLElement>("tr")?.dataset.target;
}

/** Renders a name that a person has chosen, in its own direction. */
function named(name: string | undefined): TemplateResult {
  return name ? html`<span class="named" dir="auto" title=${name}>${name}</span>` : html`<span class="muted">—</span>`;
}

/**
 * Returns the rank of each text. Comparison by language is slow, so distinct texts are sorted once, however many rows
 * have them, and texts that are already in order cost one comparison each.
 */
function ranks(
  texts: readonly string[],
  { compare }: Intl.Collator,
  before: ReadonlyMap<string, number> = new Map(),
): ReadonlyMap<string, number> {
  const fresh = new Set(texts);
  const known = [...before.keys()].filter((text) => fresh.delete(text));
  const order = [...known, ...fresh].sort((one, other) => compare(one, other) || (one < other ? -1 : 1));
  return new Map(order.map((text, rank) => [text, rank]));
}

/** Returns the text of a row that a search looks at, in lower case. */
function searchable(row: CredentialRow, distinction: string | undefined, texts: Map<CredentialRow, string>): string {
  const before = texts.get(row);
  if (before !== undefined) return before;
  const parts = [row.name, distinction, row.group, row.plane, row.clientId, row.credential, row.owner];
  const text = [...parts, ...(row.consumers ?? [])].join("\n").toLowerCase();
  texts.set(row, text);
  return text;
}
