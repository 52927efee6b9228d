/** All targets at a glance, in both consoles: counters that filter, the timeline, ages, and one table. */

import type { CredentialFilter, CredentialView } from "keyturn/elements";
import "keyturn/elements/counters";
import { type CredentialRow, matchesFilter } from "keyturn/elements/credentials";
import "keyturn/elements/timeline";
import { css, html, LitElement, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { clock } from "../clock.js";
import "../regions/ages.js";
import { overviewLink, rotateLink, targetLink } from "../route.js";
import { t } from "../texts/text.js";
import { base } from "../ui/styles.js";
import { narrowing, view } from "../ui/view.js";

const MINUTE = 60_000;

/** How long typing must pause before the address is updated, in milliseconds. */
const RESTED = 300;

/** The rows of `from` that a filter leaves. `key` is the filter and the minute. */
interface Filtered {
  readonly from: readonly CredentialRow[];
  readonly key: string;
  readonly rows: readonly CredentialRow[];
}

/** Emits `look` with what to show, and `together` with the targets to rotate in one job. */
export abstract class TargetsView extends LitElement {
  static override properties: PropertyDeclarations = {
    look: { attribute: false },
    selected: { state: true },
    pictured: { state: true },
  };
  static override styles = [
    base,
    view,
    narrowing,
    css`
      keyturn-credentials::part(bar) {
        padding-block-start: 0;
      }
      .pictures {
        display: grid;
        grid-template-columns: minmax(0, 3fr) minmax(15rem, 1fr);
        gap: 1.25rem;
      }
      .panel {
        align-content: start;
      }
      /* About what the charts take once dates are known, so that the table does not move from under the pointer. */
      .pictures[aria-busy="true"] > .panel {
        min-block-size: 27.5rem;
      }
      @media (width < 64rem) {
        .pictures {
          grid-template-columns: minmax(0, 1fr);
        }
        .pictures[aria-busy="true"] > .panel:last-child {
          min-block-size: 20rem;
        }
      }
    `,
  ];
  declare look: CredentialView;
  declare protected selected: ReadonlySet<string>;
  /** The filter of the charts. It follows that of the table, so that the table is painted first. */
  declare private pictured: CredentialFilter;
  #filtered: Filtered | undefined;
  /** Returns where a link of the timeline leads. A new function makes the timeline render its lanes again. */
  #laneLink: ((row: CredentialRow) => string) | undefined;
  #addressing: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.look = {};
    this.selected = new Set();
    this.pictured = "all";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // By now the address belongs to another view.
    clearTimeout(this.#addressing);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("look")) return;
    const back = overviewLink(this.look);
    this.#laneLink = (row) => targetLink(row.target, back);
    if (!this.hasUpdated) this.pictured = this.#filter;
  }

  protected override updated(): void {
    if (this.pictured !== this.#filter) requestAnimationFrame(() => setTimeout(() => (this.pictured = this.#filter)));
  }

  get #filter(): CredentialFilter {
    return this.look.filter ?? "all";
  }

  /** Renders the counters, then `between`, the charts, and the table. */
  protected targets(rows: readonly CredentialRow[], between?: unknown): TemplateResult {
    const shown = this.#shown(rows);
    return html`<keyturn-counters
        .rows=${rows}
        .filter=${this.#filter}
        .clock=${clock}
        @keyturn-filter=${({ detail }: CustomEvent<CredentialFilter>) => this.#looked({ ...this.look, filter: detail })}
      ></keyturn-counters>
      ${between}
      <div class="pictures" aria-busy=${this.isFilling}>
        <section class="panel" aria-labelledby="timeline">
          <h2 id="timeline">${t("overview.timeline")}</h2>
          <keyturn-timeline .rows=${shown} .clock=${clock} .link=${this.#laneLink}></keyturn-timeline>
        </section>
        <section class="panel" aria-labelledby="ages">
          <h2 id="ages">${t("overview.ages")}</h2>
          <keyturn-ages .rows=${shown}></keyturn-ages>
        </section>
      </div>
      <section class="panel" aria-labelledby="targets">
        <h2 id="targets">${t("overview.targets")}</h2>
        <keyturn-credentials
          .rows=${rows}
          .view=${this.look}
          .clock=${clock}
          .link=${this.#link}
          .selected=${this.selected}
          .actions=${[{ id: "rotate", label: t("overview.rotate") }]}
          selectable
          without-filters
          label=${t("overview.targets")}
          @keyturn-view=${(event: CustomEvent<CredentialView>) => this.#looked(event.detail)}
          @keyturn-select=${(event: CustomEvent<ReadonlySet<string>>) => (this.selected = event.detail)}
          @keyturn-action=${({ detail: { row } }: CustomEvent<{ row: CredentialRow }>) => this.#rotate(row)}
        >
          <button slot="selection" type="button" class="primary" @click=${() => this.together([...this.selected])}>
            ${t(this.joins ? "overview.addSelected" : "overview.rotateSelected", { n: this.selected.size })}
          </button>
        </keyturn-credentials>
      </section>`;
  }

  /** Whether the rows are being loaded for the first time. */
  protected get isFilling(): boolean {
    return false;
  }

  /** Whether there is an open job, to which the selection is added. */
  protected abstract get joins(): boolean;

  protected together(targets: readonly string[]): void {
    this.dispatchEvent(new CustomEvent("together", { detail: targets }));
  }

  /**
   * Returns the rows that the charts show, by their filter. The array stays the same until something changes, so that
   * the charts are not rendered again.
   */
  #shown(rows: readonly CredentialRow[]): readonly CredentialRow[] {
    const filter = this.pictured;
    if (filter === "all") return rows;
    const now = clock.now();
    // Which rows have expired depends on the time.
    const key = `${filter} ${Math.floor(now / MINUTE)}`;
    if (this.#filtered?.from !== rows || this.#filtered.key !== key)
      this.#filtered = { from: rows, key, rows: rows.filter((row) => matchesFilter(row, filter, now)) };
    return this.#filtered.rows;
  }

  /**
   * Returns the link of a row, which has a way back to what the table shows. The table renders its rows again whenever
   * that changes, so this function can stay the same.
   */
  readonly #link = (row: CredentialRow): string => targetLink(row.target, overviewLink(this.look));

  #looked(look: CredentialView): void {
    const typed = look.search !== this.look.search;
    this.look = look;
    this.dispatchEvent(new CustomEvent("look", { detail: look }));
    clearTimeout(this.#addressing);
    // Typing is not delayed by an update of the address for each letter.
    if (typed) this.#addressing = setTimeout(this.#address, RESTED);
    else this.#address();
  }

  /** Updates the address without adding to the browser's history, which typing would fill. */
  readonly #address = (): void => history.replaceState(history.state, "", overviewLink(this.look));

  #rotate({ target }: CredentialRow): void {
    location.hash = rotateLink(target, overviewLink(this.look));
  }
}
