/** A button that copies a value and confirms it, without showing the value. */

import { css, html, LitElement, type TemplateResult } from "lit";
import { Copier } from "../../../pkg/src/elements/copier.js";
import { t } from "../texts/text.js";
import { icon } from "./icons.js";
import { base } from "./styles.js";

/** Copies what `text` returns at the time of the click; nothing is held in between. `name` describes the value. */
export class Copy extends LitElement {
  static override properties = { name: {}, text: { attribute: false } };
  static override styles = [
    base,
    css`
      :host {
        display: inline-flex;
        align-items: center;
        gap: 0.5rem;
      }
      .said {
        font-size: 0.8125rem;
        font-weight: 550;
        color: var(--good);
      }
      .said.failed {
        color: var(--bad);
      }
    `,
  ];
  declare name: string;
  declare text: () => string;
  readonly #copier = new Copier(this);

  protected override render(): TemplateResult {
    const { said } = this.#copier;
    return html`<button type="button" @click=${() => void this.#copier.copy(this.text)}>${icon("copy")} ${t("copy")} <span class="unseen">${this.name}</span></button
      ><span role="status" class="said ${said}">${said === "" ? "" : t(`copy.${said}`)}</span>`;
  }
}
customElements.define("keyturn-copy", Copy);
