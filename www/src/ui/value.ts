/** A value to copy: in plain sight, or masked until somebody asks to see it. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { t } from "../texts/text.js";
import { icon } from "./icons.js";
import { base } from "./styles.js";
import "./copy.js";

/** A shown secret is masked again after this time, in milliseconds. */
const SHOWN = 60_000;

/** As many as no secret has, so that the mask does not tell its length. */
const MASK = "•".repeat(22);

/**
 * Shows what `text` gives, under the name `label`, which is `name` behind a verb. A `secret` is only asked for while it is shown or copied: nothing of it
 * is held here, and nothing stays in the document once it is masked again or has gone. What is between the tags stands below.
 */
export class Value extends LitElement {
  static override properties = {
    label: {},
    name: {},
    text: { attribute: false },
    secret: { type: Boolean },
    shown: { type: Boolean },
  };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 0.5rem;
        padding: 0.8rem 0.9rem 0.9rem;
        border: 1px solid var(--line);
        border-radius: var(--radius-small);
        background: var(--sunken);
      }
      output {
        display: block;
        font-family: var(--mono);
        font-size: 0.875rem;
        line-height: 1.5;
        word-break: break-all;
        user-select: all;
      }
      output.masked {
        user-select: none;
        letter-spacing: 0.06em;
        color: var(--muted);
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }
    `,
  ];
  declare label: string;
  declare name: string;
  declare text: () => string;
  declare secret: boolean;
  /** The secret is in plain sight. */
  declare shown: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.label = this.name = "";
    this.text = () => "";
    this.secret = this.shown = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.shown = false;
    this.#paint("");
    // It would be asked for again otherwise, by whoever holds this element.
    this.text = () => "";
  }

  protected override render(): TemplateResult {
    const { label, name, secret, shown } = this;
    const masked = secret && !shown;
    return html`<span class="label" id="label">${label}</span>
      <output id="value" class=${masked ? "masked" : ""} aria-live="off" aria-labelledby="label" translate="no" spellcheck="false"
        ><span id="plain"></span>${masked ? html`<span aria-hidden="true">${MASK}</span><span class="unseen">${t("value.hidden")}</span>` : nothing}</output
      >
      <div class="buttons">
        ${
          secret
            ? html`<button type="button" aria-pressed=${shown} aria-controls="value" @click=${this.#toggle}>
              ${icon(shown ? "eyeOff" : "eye")} ${t(shown ? "value.hide" : "value.show")}
              <span class="unseen">${name}</span>
            </button>`
            : nothing
        }
        <keyturn-copy name=${name} .text=${() => this.text()}></keyturn-copy>
      </div>
      <slot></slot>`;
  }

  protected override updated(): void {
    const visible = !this.secret || this.shown;
    this.#paint(visible && this.isConnected ? this.text() : "");
    clearTimeout(this.#timer);
    if (this.secret && this.shown) this.#timer = setTimeout(() => this.#toggle(), SHOWN);
  }

  #toggle(): void {
    this.shown = !this.shown;
  }

  /** By hand: what a template is given stays in its parts, even after they have left the document. */
  #paint(text: string): void {
    const plain = this.renderRoot.querySelector("#plain");
    if (plain && plain.textContent !== text) plain.textContent = text;
  }
}
customElements.define("keyturn-value", Value);

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-value": Value;
  }
}
