/** Everything at a glance: counters that are filters, the timeline, ages, and one table over all targets. */

import {
  type CredentialFilter,
  type CredentialRow,
  type CredentialView,
  matchesFilter,
} from "keyturn/elements/credentials";
import "keyturn/elements/counters";
import "keyturn/elements/timeline";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { clock } from "../clock.js";
import { sandboxExamples } from "../connection/examples.js";
import type { Estate } from "../estate/estate.js";
import "../regions/ages.js";
import { overviewLink, rotateLink, targetLink } from "../route.js";
import { t } from "../texts/text.js";
import { FocusKeeper } from "../ui/focus.js";
import { icon, note } from "../ui/icons.js";
import { base } from "../ui/styles.js";
import { Watch } from "../ui/watch.js";
import "../ui/failure.js";

const MINUTE = 60_000;

/** How long somebody has typed nothing when the address says what was typed, in milliseconds. */
const RESTED = 300;

export class Overview extends LitElement {
  static override properties = {
    estate: { attribute: false },
    look: { attribute: false },
    selected: { state: true },
    looking: { state: true },
  };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 1.25rem;
      }
      .title {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 0.5rem 1rem;
      }
      .title > div:first-child {
        flex: 1 1 20rem;
        display: grid;
        gap: 0.2rem;
      }
      h1 {
        font-size: 1.5rem;
        letter-spacing: -0.02em;
      }
      h2 {
        font-size: 1.0625rem;
      }
      /* They stand above everything. */
      keyturn-credentials::part(filters) {
        display: none;
      }
      keyturn-credentials::part(bar) {
        padding-block-start: 0;
      }
      .progress {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
      }
      .progress [role="status"]:not(:empty) {
        margin-inline-end: 0.6rem;
      }
      .pictures {
        display: grid;
        grid-template-columns: minmax(0, 3fr) minmax(15rem, 1fr);
        gap: 1.25rem;
      }
      .panel {
        display: grid;
        align-content: start;
        gap: 0.75rem;
        min-width: 0;
        padding: 1rem 1.25rem 1.25rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      @media (width < 64rem) {
        .pictures {
          grid-template-columns: minmax(0, 1fr);
        }
      }
      @media (width < 30rem) {
        .panel {
          padding-inline: 0.75rem;
        }
      }
    `,
  ];
  declare estate: Estate;
  declare look: CredentialView;
  declare private selected: ReadonlySet<string>;
  declare private looking: boolean;
  /** What the filter left of the rows, of which rows, and when. */
  #left:
    | { readonly from: readonly CredentialRow[]; readonly key: string; readonly rows: readonly CredentialRow[] }
    | undefined;

  /** Where the timeline's links lead. It draws its lanes again when the function changes. */
  #laneLink: ((row: CredentialRow) => string) | undefined;
  #addressing: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    new FocusKeeper(this);
    this.look = {};
    this.selected = new Set();
    this.looking = false;
    new Watch(this, () => this.estate);
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
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.estate.loaded && !this.estate.loading) void this.estate.load();
  }

  protected override render(): TemplateResult {
    const { estate } = this;
    const { rows, loading, missing, lasting } = estate;
    const left = this.#filtered(rows);
    return html`<div class="title">
        <div>
          <h1 id="heading" tabindex="-1">${t("overview.title")}</h1>
          <p class="muted">${t("overview.about")}</p>
        </div>
        <div class="progress">
          <span role="status" class="small muted"
            >${loading ? html`${t("overview.loading")}: ${t("overview.loadingMore", { n: rows.length })}` : nothing}</span
          >
          ${
            loading
              ? html`<button type="button" @click=${() => estate.stop()}>${t("overview.stop")}</button>`
              : html`<button type="button" @click=${() => void estate.load()}>${icon("sync")} ${t("overview.refresh")}</button>`
          }
        </div>
      </div>
      ${lasting ? nothing : note("warn", "warning", html`<p>${t("overview.memory")}</p>`)}
      ${
        missing.length > 0
          ? html`<details><summary>${t("overview.partial", { n: missing.length })}</summary>
              ${missing.map(({ what, error }) => html`<p class="label" translate="no" dir="auto">${what}</p><keyturn-failure .error=${error}></keyturn-failure>`)}
            </details>`
          : nothing
      }
      ${this.#examples(rows)}
      <keyturn-counters
        .rows=${rows}
        .filter=${this.look.filter ?? "all"}
        .clock=${clock}
        @keyturn-filter=${({ detail }: CustomEvent<CredentialFilter>) => this.#looked({ ...this.look, filter: detail })}
      ></keyturn-counters>
      <div class="pictures">
        <section class="panel" aria-labelledby="timeline">
          <h2 id="timeline">${t("overview.timeline")}</h2>
          <keyturn-timeline .rows=${left} .clock=${clock} .link=${this.#laneLink}></keyturn-timeline>
        </section>
        <section class="panel" aria-labelledby="ages">
          <h2 id="ages">${t("overview.ages")}</h2>
          <keyturn-ages .rows=${left}></keyturn-ages>
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
          label=${t("overview.targets")}
          @keyturn-view=${(event: CustomEvent<CredentialView>) => this.#looked(event.detail)}
          @keyturn-select=${(event: CustomEvent<ReadonlySet<string>>) => (this.selected = event.detail)}
          @keyturn-action=${({ detail: { row } }: CustomEvent<{ row: CredentialRow }>) => this.#rotate(row)}
        >
          <button slot="selection" type="button" class="primary" @click=${this.#together}>
            ${t("overview.rotateSelected", { n: this.selected.size })}
          </button>
        </keyturn-credentials>
      </section>`;
  }

  /** What the counters leave for the pictures. The same array as long as nothing has changed, so that they are not drawn again. */
  #filtered(rows: readonly CredentialRow[]): readonly CredentialRow[] {
    const { filter = "all" } = this.look;
    if (filter === "all") return rows;
    const now = clock.now();
    // Which rows have expired changes with the time.
    const key = `${filter} ${Math.floor(now / MINUTE)}`;
    if (this.#left?.from !== rows || this.#left.key !== key)
      this.#left = { from: rows, key, rows: rows.filter((row) => matchesFilter(row, filter, now)) };
    return this.#left.rows;
  }

  /** A real tenant cannot be asked which credentials there are; a sandbox can. */
  #examples(rows: readonly CredentialRow[]): TemplateResult | typeof nothing {
    const { c1 } = this.estate.connections;
    if (!c1 || rows.some(({ credential, plane }) => plane === "C1" && credential !== undefined)) return nothing;
    return note(
      "plain",
      "info",
      html`<p>${t("overview.unknown")}</p>
        ${
          c1.sandbox
            ? html`<div><button type="button" aria-disabled=${this.looking} @click=${this.#lookUp}>${icon(this.looking ? "sync" : "search", 16, this.looking ? "turning" : "")} ${t("overview.examples")}</button></div>`
            : nothing
        }`,
    );
  }

  async #lookUp(): Promise<void> {
    const inventory = this.estate.connections.c1?.inventory;
    if (!inventory || this.looking) return;
    this.looking = true;
    try {
      await inventory.check(inventory.remember(await sandboxExamples(), "example"));
    } finally {
      this.looking = false;
    }
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

  #together(): void {
    this.dispatchEvent(new CustomEvent("together", { detail: this.selected }));
  }
}
customElements.define("keyturn-overview", Overview);
