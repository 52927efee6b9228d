/** The base classes of the elements, and helpers that they share. */

import { LitElement, type PropertyValues } from "lit";
import { closest, type ElementTexts, type TextKey, watchTexts } from "./texts.js";
import type { ElementClock } from "./types.js";
import { type Values, Words } from "./words.js";

/** How often relative times such as "5 minutes ago" are updated, in milliseconds. */
const TICK = 30_000;

/** An element with texts, in the language of the nearest `lang` attribute, which may be the element's own. */
export abstract class Spoken extends LitElement {
  /** Texts that replace those of the language, for this element only. */
  declare texts: Partial<ElementTexts> | undefined;
  #words: { readonly language: string; readonly texts: unknown; readonly made: Words } | undefined;
  #unwatch: (() => void) | undefined;
  #defaults: Readonly<Record<string, unknown>> = {};

  /** Sets properties to their defaults, which they also have while a page sets them to `undefined` or `null`. */
  protected default(values: Readonly<Record<string, unknown>>): void {
    this.#defaults = { ...this.#defaults, ...values };
    Object.assign(this, values);
  }

  protected override willUpdate(_changed: PropertyValues<this>): void {
    // Frameworks set what they do not have yet, and attributes that are removed are `null`.
    const properties = this as unknown as Record<string, unknown>;
    for (const [name, value] of Object.entries(this.#defaults)) properties[name] ??= value;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const changed = (): void => {
      this.#words = undefined;
      this.requestUpdate();
    };
    const compare = (): void => {
      if (this.#words && this.#words.language !== languageOf(this)) changed();
    };
    const unwatch = watchTexts(changed);
    const observer = new MutationObserver(compare);
    // An observer of a document does not see changes inside shadow roots.
    for (let root = this.getRootNode(); ; root = root.host.getRootNode()) {
      observer.observe(root, { attributes: true, attributeFilter: ["lang"], subtree: true });
      if (!(root instanceof ShadowRoot)) break;
    }
    this.#unwatch = () => {
      unwatch();
      observer.disconnect();
    };
    // The element may have moved to a place with another language.
    compare();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unwatch?.();
  }

  /** The texts and formats of the element's language. */
  protected get words(): Words {
    if (!this.#words || this.#words.texts !== this.texts) {
      const language = languageOf(this);
      const [tag, texts] = closest(language);
      this.#words = { language, texts: this.texts, made: new Words({ ...texts, ...this.texts }, tag) };
    }
    return this.#words.made;
  }

  /** Returns the text of a key, with values inserted. */
  protected say(key: TextKey, values?: Values): string {
    return this.words.say(key, values);
  }

  /** Whether the element's text direction is right to left. */
  protected get rightToLeft(): boolean {
    return getComputedStyle(this).direction === "rtl";
  }
}

/** Returns the nearest `lang` of an element or its ancestors, across shadow roots; empty if there is none. */
function languageOf(element: Element): string {
  for (let at: Element | undefined = element; at; ) {
    const near: Element | null = at.closest("[lang]");
    if (near) return near.getAttribute("lang") ?? "";
    const root = at.getRootNode();
    at = root instanceof ShadowRoot ? root.host : undefined;
  }
  return "";
}

/** An element that also shows times, which it updates while it is connected. */
export abstract class Shown extends Spoken {
  /** The source of the current time. */
  declare clock: ElementClock;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.default({ clock: Date });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => this.requestUpdate(), TICK);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  /** Dispatches an event to the page. Returns false if it was canceled. */
  protected tell(type: string, detail?: unknown, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }
}

/** Defines an element, unless its name is already taken. Does nothing if there are no custom elements. */
export function define(name: string, element: CustomElementConstructor): void {
  const registry = globalThis.customElements as CustomElementRegistry | undefined;
  if (registry && !registry.get(name)) registry.define(name, element);
}

/** Makes the browser save a text as a file. */
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // By then the download has begun.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
