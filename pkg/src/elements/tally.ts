/** The filters of a list, each with the number of rows that it shows. */

import { css, html, type TemplateResult } from "lit";
import { Shown } from "./base.js";
import { type CredentialFilter, type CredentialRow, count, FILTERS } from "./row.js";
import { theme } from "./theme.js";

/** The severity of a filter that shows any rows. */
const TONES: Partial<Record<CredentialFilter, string>> = { expired: "bad", expiring: "warn", attention: "bad" };

const MINUTE = 60_000;

/** The implementation of `<keyturn-counters>`. */
export class Counters extends Shown {
  static override properties = {
    rows: { attribute: false },
    filter: {},
    compact: { type: Boolean, reflect: true },
    clock: { attribute: false },
    texts: { attribute: false },
  };
  static override styles = [
    theme,
    css`
      div {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(8rem, 100%), 1fr));
        gap: 0.6rem;
      }
      button {
        display: grid;
        justify-content: start;
        justify-items: start;
        align-content: start;
        gap: 0.15rem;
        padding: 0.6rem 0.85rem;
        font-variant-numeric: tabular-nums;
        text-align: start;
      }
      button[aria-pressed="false"] {
        border-color: var(--line);
        color: var(--muted);
      }
      b {
        color: var(--ink);
        font-size: 1.5rem;
        font-weight: 650;
        line-height: 1.15;
        letter-spacing: -0.02em;
      }
      .bad b {
        color: var(--bad);
      }
      .warn b {
        color: var(--warn);
      }
      .nothing b {
        color: var(--muted);
        font-weight: 500;
      }
      :host([compact]) div {
        display: flex;
        flex-wrap: wrap;
        gap: 0.4rem;
      }
      :host([compact]) button {
        display: inline-flex;
        align-items: center;
        gap: 0.45em;
        padding: 0.25rem 0.7rem;
      }
      :host([compact]) button[aria-pressed="false"] {
        color: var(--ink);
      }
      :host([compact]) b {
        font-size: inherit;
        letter-spacing: normal;
      }
    `,
  ];
  declare rows: readonly CredentialRow[];
  declare filter: CredentialFilter;
  declare compact: boolean;
  /** The last counts, and their inputs. */
  #counted: { rows: unknown; minute: number; counts: Record<CredentialFilter, number> } | undefined;

  constructor() {
    super();
    this.default({ rows: [], filter: "all" });
    this.compact = false;
  }

  /** Counts the rows that each filter shows, anew each minute, since rows expire. */
  #count(): Record<CredentialFilter, number> {
    const [now, { rows }] = [this.clock.now(), this];
    const minute = Math.floor(now / MINUTE);
    if (this.#counted?.rows !== rows || this.#counted.minute !== minute)
      this.#counted = { rows, minute, counts: count(rows, now) };
    return this.#counted.counts;
  }

  protected override render(): TemplateResult {
    const counts = this.#count();
    return html`<div role="group" aria-label=${this.say("filter.label")}>
      ${FILTERS.map((filter) => {
        const tone = counts[filter] > 0 ? TONES[filter] : "nothing";
        return html`<button
          type="button"
          part="filter"
          class=${tone ?? ""}
          aria-pressed=${filter === this.filter}
          @click=${() => this.#choose(filter)}
        >
          <b>${this.words.number(counts[filter])}</b> <span>${this.say(`filter.${filter}`)}</span>
        </button>`;
      })}
    </div>`;
  }

  /** Chooses a filter, or all rows if it is already chosen. */
  #choose(filter: CredentialFilter): void {
    this.filter = filter === this.filter ? "all" : filter;
    this.tell("keyturn-filter", this.filter);
  }
}
