/** What copies a text, and says so for a while without saying what. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** How long "Copied" is shown, in milliseconds. */
const SAID = 4_000;

/** A part of an element: it asks the element to render when there is something else to say. */
export class Copier implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  /** What came of the last copy, until it need not be said any more. */
  said: "" | "copied" | "failed" = "";

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#say("");
  }

  /** Copies what `text` returns now; nothing of it is kept. */
  async copy(text: () => string): Promise<void> {
    // Cleared first, so that screen readers announce a second "Copied" as well.
    this.#say("");
    await this.#host.updateComplete;
    try {
      await navigator.clipboard.writeText(text());
      this.#say("copied");
    } catch {
      this.#say("failed");
    }
    this.#quiet = setTimeout(() => this.#say(""), SAID);
  }

  #say(said: "" | "copied" | "failed"): void {
    clearTimeout(this.#quiet);
    this.said = said;
    this.#host.requestUpdate();
  }
}
