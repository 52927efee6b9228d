/** The history of a target in the journal: each event, when it happened and by whom. */

import type { LifecycleEvent } from "keyturn/lifecycle";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { isKey, t } from "../texts/text.js";
import { line } from "../ui/dates.js";
import { base } from "../ui/styles.js";

export class History extends LitElement {
  static override properties = { events: { attribute: false }, broken: { attribute: false }, about: {} };
  static override styles = [
    base,
    css`
      :host {
        container-type: inline-size;
        display: grid;
        gap: 0.9rem;
        min-width: 0;
      }
      h2 {
        font-size: 1.0625rem;
      }
      tbody th {
        font-weight: 400;
      }
      @container (width >= 54rem) {
        tbody th {
          white-space: nowrap;
        }
      }
      td.by {
        white-space: nowrap;
      }
      .scroll {
        max-height: 26rem;
        overflow: auto;
      }
    `,
  ];
  declare events: readonly LifecycleEvent[];
  /** The number of the first event that is not as it was written. */
  declare broken: number | undefined;
  /** Where the journal is, in a sentence. */
  declare about: string;

  constructor() {
    super();
    this.events = [];
    this.about = "";
  }

  protected override render(): TemplateResult {
    const { events, broken } = this;
    return html`<h2 id="history">${t("target.history")}</h2>
      <p class="small muted">
        ${events.length === 0 ? t("target.noHistory") : html`${this.about} ${broken === undefined ? t("target.verified") : t("target.broken", { n: broken })}`}
      </p>
      ${
        events.length > 0
          ? html`<div class="scroll" tabindex="0" role="group" aria-labelledby="history">
              <table role="table" aria-labelledby="history">
                <thead role="rowgroup">
                  <tr role="row">
                    ${[t("target.when"), t("target.what"), t("target.detail"), t("target.by")].map((word) => html`<th role="columnheader" scope="col">${word}</th>`)}
                  </tr>
                </thead>
                <tbody role="rowgroup">
                  ${[...events].reverse().map((event) => this.#event(event))}
                </tbody>
              </table>
            </div>`
          : nothing
      }`;
  }

  #event({ target: _, sequence, at, by, event: word, ...rest }: LifecycleEvent): TemplateResult {
    const key = `event.${word}`;
    const detail = Object.entries(rest).map(([name, value]) => {
      const text =
        typeof value === "object" && value !== null
          ? ((value as { id?: string }).id ?? JSON.stringify(value))
          : String(value);
      return `${name} ${/until$|at$/i.test(name) ? new Date(Number(value)).toISOString() : text}`;
    });
    return html`<tr role="row">
      <th role="rowheader" scope="row">${line(new Date(at), "—")}</th>
      <td role="cell" data-label=${t("target.what")}><span>${isKey(key) ? t(key) : word} <span class="muted">#${sequence}</span></span></td>
      <td role="cell" data-label=${t("target.detail")}><span class="mono" translate="no">${detail.join(", ")}</span></td>
      <td role="cell" class="by" data-label=${t("target.by")}><span class="mono" translate="no">${worker(String(by))}</span></td>
    </tr>`;
  }
}
customElements.define("keyturn-history", History);

/** Returns a worker's name without the part that tells one process from another: `console`, `cli:ann`. */
function worker(by: string): string {
  return by.split(":").slice(0, -1).join(":") || by;
}

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-history": History;
  }
}
