/** A button that copies, and says so without saying what. */

import { css, html, LitElement, type TemplateResult } from "lit";
import { t } from "../texts/text.js";
import { icon } from "./icons.js";
import { base } from "./styles.js";

/** For how long it says so, in milliseconds. */
const SAID = 4_000;

/**
 * Copies what `text` gives at the moment of the click; nothing is held in between. `name` says what that is.
 */
export class Copy extends LitElement {
  static override properties = { name: {}, text: { attribute: false }, state: { state: true } };
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
  declare private state: "" | "copied" | "failed";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.state = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  protected override render(): TemplateResult {
    const said = this.state === "" ? "" : t(`copy.${this.state}`);
    return html`<button type="button" @click=${this.#copy}>${icon("copy")} ${t("copy")} <span class="unseen">${this.name}</span></button
      ><span role="status" class="said ${this.state}">${said}</span>`;
  }

  async #copy(): Promise<void> {
    clearTimeout(this.#timer);
    // Emptied first, so that a second "Copied" is announced as well.
    this.state = "";
    await this.updateComplete;
    try {
      await navigator.clipboard.writeText(this.text());
      this.state = "copied";
    } catch {
      this.state = "failed";
    }
    this.#timer = setTimeout(() => (this.state = ""), SAID);
  }
}
customElements.define("keyturn-copy", Copy);
