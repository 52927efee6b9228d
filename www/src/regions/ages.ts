/** The ages of the credentials in use: a histogram, and the same as a table. */

import type { CredentialRow } from "keyturn/elements/credentials";
import { css, html, LitElement, svg, type TemplateResult } from "lit";
import { clock } from "../clock.js";
import { isRightToLeft, number, t } from "../texts/text.js";
import { base } from "../ui/styles.js";

/** Where each bar begins, in days. */
const STEPS: readonly number[] = [0, 30, 60, 90, 180, 365];

const DAY = 86_400_000;

export class Ages extends LitElement {
  static override properties = { rows: { attribute: false }, tabular: { state: true } };
  static override styles = [
    base,
    css`
      svg {
        display: block;
        width: 100%;
        max-width: 26rem;
        height: auto;
      }
      rect {
        fill: var(--accent);
      }
      rect.old {
        fill: var(--warn);
      }
      text {
        fill: var(--muted);
        font-size: 11px;
      }
      text.count {
        fill: var(--ink);
        font-weight: 600;
      }
      line {
        stroke: var(--line);
      }
      table,
      tbody,
      tr,
      th,
      td {
        font-size: 0.8125rem;
      }
      :is(thead, tbody) :is(th, td),
      tbody tr + tr > * {
        display: table-cell;
        min-width: 0;
        padding: 0.3rem 0.5rem;
        overflow-wrap: anywhere;
      }
      table {
        display: table;
      }
      button {
        margin-top: 0.6rem;
      }
      @media (forced-colors: active) {
        rect {
          fill: Highlight;
        }
        text {
          fill: CanvasText;
        }
      }
    `,
  ];
  declare rows: readonly CredentialRow[];
  declare private tabular: boolean;

  constructor() {
    super();
    this.rows = [];
    this.tabular = false;
  }

  protected override render(): TemplateResult {
    const bars = this.#bars();
    if (bars.every(([, count]) => count === 0)) return html`<p class="small muted">${t("overview.ages.none")}</p>`;
    return html`${this.tabular ? this.#table(bars) : this.#chart(bars)}
      <button type="button" aria-pressed=${this.tabular} @click=${() => (this.tabular = !this.tabular)}>${t("overview.ages.asTable")}</button>`;
  }

  #bars(): readonly (readonly [word: string, count: number])[] {
    const counts = STEPS.map(() => 0);
    const now = clock.now();
    for (const { credential, createdAt } of this.rows) {
      if (credential === undefined || createdAt === undefined) continue;
      const at = STEPS.findLastIndex((from) => now - createdAt >= from * DAY);
      counts[Math.max(0, at)] = (counts[Math.max(0, at)] ?? 0) + 1;
    }
    return STEPS.map((from, at) => {
      const to = STEPS[at + 1];
      const word = to === undefined ? t("overview.ages.more", { from }) : t("overview.ages.days", { from, to });
      return [word, counts[at] ?? 0];
    });
  }

  #chart(bars: readonly (readonly [string, number])[]): TemplateResult {
    const most = Math.max(1, ...bars.map(([, count]) => count));
    const label = bars.map(([word, count]) => `${word}: ${count}`).join("; ");
    return html`<svg viewBox="0 0 300 250" role="img" aria-label=${label}>
      ${bars.map(([, count], at) => {
        const height = (count / most) * 200;
        // The bar of the youngest is at the side where lines begin.
        const x = 6 + (isRightToLeft() ? STEPS.length - 1 - at : at) * 49;
        const from = STEPS[at];
        return svg`<rect class=${at >= 4 ? "old" : ""} x=${x} y=${222 - height} width="40" height=${height} rx="2" />
          <text class="count" x=${x + 20} y=${216 - height} text-anchor="middle">${number(count)}</text>
          <text x=${x + 20} y="238" text-anchor="middle">${at === STEPS.length - 1 ? `${from}+` : `${from}–${STEPS[at + 1]}`}</text>`;
      })}
      <line x1="0" x2="300" y1="222.5" y2="222.5" />
    </svg>`;
  }

  #table(bars: readonly (readonly [string, number])[]): TemplateResult {
    return html`<table>
      <thead>
        <tr><th scope="col">${t("overview.ages.age")}</th><th scope="col">${t("overview.ages.count")}</th></tr>
      </thead>
      <tbody>${bars.map(([word, count]) => html`<tr><th scope="row">${word}</th><td>${number(count)}</td></tr>`)}</tbody>
    </table>`;
  }
}
customElements.define("keyturn-ages", Ages);
