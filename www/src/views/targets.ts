/** All targets at a glance, in either console: counters that are filters, the timeline, ages, and one table. */

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

/** How long somebody has typed nothing when the address says what was typed, in milliseconds. */
const RESTED = 300;

/** What the filter leaves of some rows at a time. */
interface Filtered {
  readonly from: readonly CredentialRow[];
  readonly key: string;
  readonly rows: readonly CredentialRow[];
}

/** Emits `look` with what is chosen to be shown, and `together` with the targets that are to be rotated in one job. */
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
      @media (width < 64rem) {
        .pictures {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];
  declare look: CredentialView;
  declare protected selected: ReadonlySet<string>;
  /** The filter of the pictures. It follows that of the table, which is painted first. */
  declare private pictured: CredentialFilter;
  #filtered: Filtered | undefined;
  /** Where the timeline's links lead. It draws its lanes again when the function changes. */
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
    // The address is another view's by now.
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

  /** Counters, what stands between them and the pictures, the pictures, and the table. */
  protected targets(rows: readonly CredentialRow[], between?: unknown): TemplateResult {
    const shown = this.#shown(rows);
    return html`<keyturn-counters
        .rows=${rows}
        .filter=${this.#filter}
        .clock=${clock}
        @keyturn-filter=${({ detail }: CustomEvent<CredentialFilter>) => this.#looked({ ...this.look, filter: detail })}
      ></keyturn-counters>
      ${between}
      <div class="pictures">
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

  /** Whether there is a job that is not done, which is then given what is selected. */
  protected abstract get joins(): boolean;

  protected together(targets: readonly string[]): void {
    this.dispatchEvent(new CustomEvent("together", { detail: targets }));
  }

  /** The rows that the pictures show: those of a counter. The same array as long as nothing has changed, so that they are not drawn again. */
  #shown(rows: readonly CredentialRow[]): readonly CredentialRow[] {
    const filter = this.pictured;
    if (filter === "all") return rows;
    const now = clock.now();
    // Which rows have expired changes with the time.
    const key = `${filter} ${Math.floor(now / MINUTE)}`;
    if (this.#filtered?.from !== rows || this.#filtered.key !== key)
      this.#filtered = { from: rows, key, rows: rows.filter((row) => matchesFilter(row, filter, now)) };
    return this.#filtered.rows;
  }

  /** The table's links lead back to what it shows. It draws its rows again whenever that changes, so the function can stay the same. */
  readonly #link = (row: CredentialRow): string => targetLink(row.target, overviewLink(this.look));

  #looked(look: CredentialView): void {
    const typed = look.search !== this.look.search;
    this.look = look;
    this.dispatchEvent(new CustomEvent("look", { detail: look }));
    clearTimeout(this.#addressing);
    // Somebody who types does not wait for the browser to note each letter.
    if (typed) this.#addressing = setTimeout(this.#address, RESTED);
    else this.#address();
  }

  /** Not a step in the browser's history: somebody who types would leave a trail. */
  readonly #address = (): void => history.replaceState(history.state, "", overviewLink(this.look));

  #rotate({ target }: CredentialRow): void {
    location.hash = rotateLink(target, overviewLink(this.look));
  }
}
