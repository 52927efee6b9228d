/** A button that copies, and says so without saying what. */

import { css, html, LitElement, type TemplateResult } from "lit";
import { Copier } from "../../../pkg/src/elements/copier.js";
import { t } from "../texts/text.js";
import { icon } from "./icons.js";
import { base } from "./styles.js";

/**
 * Copies what `text` gives at the moment of the click; nothing is held in between. `name` says what that is.
 */
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
