/** A modal dialog: the native element, and what it leaves to its user. */

import { type CSSResultGroup, css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { base } from "./styles.js";

/** The element that has the focus, also inside of custom elements. */
function focused(): HTMLElement | undefined {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at instanceof HTMLElement ? at : undefined;
}

/**
 * The base of all dialogs. What it shows is a step; whenever that changes, the step's heading gets the focus, so that it
 * is read out. Closed, it renders nothing.
 */
export abstract class Dialog<Step extends string> extends LitElement {
  static override properties: Record<string, object> = { step: { state: true } };
  static override styles: CSSResultGroup = [
    base,
    css`
      :host {
        display: contents;
      }
    `,
  ];

  /** What is shown; `undefined` while it is closed. */
  declare protected step: Step | undefined;
  #opener: HTMLElement | undefined;

  /** What the step shows. Its heading is `<h2 id="title" tabindex="-1">`. */
  protected abstract content(step: Step): TemplateResult;

  /** Whether it may be closed now. */
  protected closable(_step: Step): boolean {
    return true;
  }

  /** Everything that belongs to one time of being open has to be forgotten. */
  protected abstract forget(): void;

  /** Opens it. The focus returns to where it was. */
  protected open(step: Step): void {
    this.#opener = focused();
    this.step = step;
  }

  /** Closes it, if it may be. */
  close(): void {
    if (this.step === undefined || !this.closable(this.step)) return;
    this.step = undefined;
    this.forget();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { step } = this;
    if (step === undefined) return nothing;
    return html`<dialog aria-labelledby="title" @cancel=${this.#cancel} @close=${this.#closed} @keydown=${this.#key}>
      <div class="sheet">${this.content(step)}</div>
    </dialog>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has("step") || (this.step === undefined && changed.get("step") === undefined)) return;
    const dialog = this.renderRoot.querySelector("dialog");
    if (dialog) {
      if (!dialog.open) dialog.showModal();
      const first = dialog.querySelector<HTMLElement>("[data-first]") ?? dialog.querySelector<HTMLElement>("#title");
      first?.focus();
    } else {
      // Once everything else has been rendered: what opened it may go with what was done.
      setTimeout(this.#return);
    }
  }

  readonly #return = (): void => {
    if (this.#opener?.isConnected) this.#opener.focus();
    else this.dispatchEvent(new CustomEvent("lost-focus", { bubbles: true, composed: true }));
    this.#opener = undefined;
  };

  readonly #cancel = (event: Event): void => {
    event.preventDefault();
    this.close();
  };

  /** Some browsers close it at the second Escape whatever is said to the first. */
  readonly #closed = (event: Event): void => {
    this.close();
    if (this.step !== undefined) (event.target as HTMLDialogElement).showModal();
  };

  readonly #key = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && this.step !== undefined && !this.closable(this.step)) event.preventDefault();
  };
}
