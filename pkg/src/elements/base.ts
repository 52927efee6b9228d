/** What the elements have in common. */

import { LitElement } from "lit";
import { watchTexts } from "./texts.js";
import type { ElementClock } from "./types.js";

/** How often "5 minutes ago" is looked at again, in milliseconds. */
const TICK = 30_000;

/** An element that shows times and texts: both change while it is shown. */
export abstract class Shown extends LitElement {
  /** Where the time comes from. */
  declare clock: ElementClock;
  #left: (() => void) | undefined;

  constructor() {
    super();
    this.clock = Date;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const unwatch = watchTexts(() => this.requestUpdate());
    const timer = setInterval(() => this.requestUpdate(), TICK);
    this.#left = () => {
      unwatch();
      clearInterval(timer);
    };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#left?.();
  }

  /** Tells the page something. */
  protected tell(type: string, detail?: unknown, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }
}

/** Makes an element known by its name, unless there is one already; nothing where there are no elements. */
export function define(name: string, element: CustomElementConstructor): void {
  const registry = globalThis.customElements as CustomElementRegistry | undefined;
  if (registry && !registry.get(name)) registry.define(name, element);
}

/** Hands a text to the browser to be saved. */
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
