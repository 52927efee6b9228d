/** A modal dialog: the native element, and what that element leaves to its users to do. */

import { type CSSResultGroup, css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { base } from "./styles.js";

/** Returns the element that has the focus, even inside custom elements. */
function focused(): HTMLElement | undefined {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at instanceof HTMLElement ? at : undefined;
}

/**
 * The base class of all dialogs. A dialog shows one step at a time. Whenever the step changes, its `data-first` element
 * or else its heading gets the focus, so that it is read out. A closed dialog renders nothing.
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

  /** Renders a step. Its heading is `<h2 id="title" tabindex="-1">`. */
  protected abstract content(step: Step): TemplateResult;

  /** Returns whether it may be closed now. */
  protected closable(_step: Step): boolean {
    return true;
  }

  /** Forgets everything that belongs to one opening of the dialog. */
  protected abstract forget(): void;

  /** Opens it. Once it is closed, the focus returns to where it was. */
  protected open(step: Step): void {
    this.#opener = focused();
    this.step = step;
  }

  /** Closes it, if {@link closable} allows that. */
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
      // Only once everything else has been rendered, which may remove the element that opened the dialog.
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

  /**
   * Opens it again if it may not be closed: some browsers close it at the second Escape even if the first was
   * prevented.
   */
  readonly #closed = (event: Event): void => {
    this.close();
    if (this.step !== undefined) (event.target as HTMLDialogElement).showModal();
  };

  readonly #key = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && this.step !== undefined && !this.closable(this.step)) event.preventDefault();
  };
}
