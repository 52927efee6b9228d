/** What the elements have in common. */

import { LitElement } from "lit";
import { watchTexts } from "./texts.js";
import type { ElementClock } from "./types.js";

/** How often relative times such as "5 minutes ago" are updated, in milliseconds. */
const TICK = 30_000;

/** An element that shows times and texts, both of which can change while it is shown. */
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

  /** Dispatches an event to the page. */
  protected tell(type: string, detail?: unknown, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }
}

/** Defines an element, unless its name is taken already. Does nothing if there are no custom elements. */
export function define(name: string, element: CustomElementConstructor): void {
  const registry = globalThis.customElements as CustomElementRegistry | undefined;
  if (registry && !registry.get(name)) registry.define(name, element);
}

/** Lets the browser save a text as a file. */
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
