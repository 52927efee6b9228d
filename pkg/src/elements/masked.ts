/** A value to copy: visible, or masked until somebody reveals it. */

import { css, html, nothing, type TemplateResult } from "lit";
import { Spoken } from "./base.js";
import { Copier } from "./copier.js";
import { icon } from "./icons.js";
import { theme } from "./theme.js";

/** How long a secret is shown before it is masked again, in milliseconds. */
const SHOWN = 60_000;

/** The mask. No secret has its length, so it does not disclose that of the secret. */
const MASK = "•".repeat(22);

const nothingToShow = (): string => "";

/**
 * Shows the result of `text`, with the label `label`. If it is a `secret`, `text` is called only to show or copy it:
 * the element does not keep it, and nothing of it stays in the document once it is masked again or removed. The
 * element's children are shown below it.
 */
export class SecretValue extends Spoken {
  static override properties = {
    label: {},
    name: {},
    text: { attribute: false },
    texts: { attribute: false },
    secret: { type: Boolean },
    shown: { type: Boolean },
  };
  static override styles = [
    theme,
    css`
      :host {
        display: grid;
        gap: 0.4rem;
        padding: 0.7rem 0.85rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--sunken);
      }
      #label {
        font-size: 0.8125rem;
        font-weight: 550;
      }
      output {
        display: block;
        font-family: var(--mono);
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
        align-items: center;
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
  declare label: string;
  /** The label as it is written after a verb. */
  declare name: string;
  declare text: () => string;
  declare secret: boolean;
  /** Whether the secret is visible. */
  declare shown: boolean;
  #mask: ReturnType<typeof setTimeout> | undefined;
  readonly #copier = new Copier(this);

  constructor() {
    super();
    this.default({ label: "", name: "", text: nothingToShow });
    this.secret = this.shown = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#mask);
    this.shown = false;
    this.#paint("");
    queueMicrotask(() => {
      // An element that was only moved is connected again. Otherwise anyone with a reference to it could still read the
      // secret.
      if (!this.isConnected) this.text = nothingToShow;
    });
  }

  protected override render(): TemplateResult {
    const { label, name, secret, shown } = this;
    const { said } = this.#copier;
    const masked = secret && !shown;
    return html`<span id="label">${label}</span>
      <output id="value" class=${masked ? "masked" : ""} aria-live="off" aria-labelledby="label" translate="no" spellcheck="false"
        ><span id="plain"></span>${
          masked
            ? html`<span aria-hidden="true">${MASK}</span><span class="unseen">${this.say("secret.hidden")}</span>`
            : nothing
        }</output
      >
      <div class="buttons">
        ${
          secret
            ? html`<button type="button" aria-pressed=${shown} aria-controls="value" @click=${this.#toggle}>
                ${icon(shown ? "eyeOff" : "eye")} ${this.say(shown ? "secret.hide" : "secret.show")} <span class="unseen">${name}</span>
              </button>`
            : nothing
        }
        <button type="button" @click=${this.#copy}>${icon("copy")} ${this.say("secret.copy")} <span class="unseen">${name}</span></button>
        <span role="status" class="said ${said}">${said === "" ? "" : this.say(`secret.${said}`)}</span>
      </div>
      <slot></slot>`;
  }

  protected override updated(): void {
    const visible = !this.secret || this.shown;
    this.#paint(visible && this.isConnected ? this.text() : "");
    clearTimeout(this.#mask);
    if (this.secret && this.shown) this.#mask = setTimeout(() => this.#toggle(), SHOWN);
  }

  #toggle(): void {
    this.shown = !this.shown;
  }

  readonly #copy = (): void => {
    void this.#copier.copy(() => this.text());
  };

  /** Shows a text, by script: the parts of a template would retain it even after it has left the document. */
  #paint(text: string): void {
    const plain = this.renderRoot.querySelector("#plain");
    if (plain && plain.textContent !== text) plain.textContent = text;
  }
}
