/** The line that says how far a long work has come. */

import { oneLine, type Sink } from "./output.js";

/** A line on standard error that is written over. There is none where nobody watches. */
export class Progress {
  readonly #err: Sink;
  readonly #shown: boolean;
  #line = "";

  constructor(err: Sink, wanted: boolean) {
    this.#err = err;
    this.#shown = wanted && err.isTTY;
  }

  /** Shows a text in the place of the one before. */
  update(text: string): void {
    if (!this.#shown) return;
    const line = oneLine(text).slice(0, this.#err.columns - 1);
    if (line === this.#line) return;
    this.#line = line;
    void this.#err.write(`\r\u001b[K${line}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#line === "") return;
    this.#line = "";
    void this.#err.write("\r\u001b[K");
  }
}
