/** Copies a text to the clipboard, and reports the result for a while without showing the text. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** How long "Copied" is shown, in milliseconds. */
const SAID = 4_000;

/** A controller of an element that copies texts. It makes the element render whenever {@link Copier.said} changes. */
export class Copier implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  /** The result of the last copy, as long as it is to be shown. */
  said: "" | "copied" | "failed" = "";

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#say("");
  }

  /** Copies the result of `text`, without keeping it. */
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
