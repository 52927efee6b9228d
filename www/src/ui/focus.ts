/** Where the focus goes when the focused element is removed. */

import type { LitElement, ReactiveController } from "lit";

/** Moves the focus to the heading of a view. */
export function focusHeading(element: LitElement): void {
  element.renderRoot.querySelector<HTMLElement>("#heading")?.focus();
}

/**
 * Moves the focus to the heading of a view when an update removes the focused element. The focus of a person who has
 * moved on stays where it is.
 */
export class FocusKeeper implements ReactiveController {
  readonly #host: LitElement;
  #focused: Element | null | undefined;

  constructor(host: LitElement) {
    this.#host = host;
    host.addController(this);
  }

  hostUpdate(): void {
    this.#focused = this.#host.shadowRoot?.activeElement;
  }

  hostUpdated(): void {
    if (this.#focused && !this.#focused.isConnected) focusHeading(this.#host);
    this.#focused = undefined;
  }
}
