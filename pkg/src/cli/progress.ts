/** The line that shows the progress of a long operation. */

import { oneLine, type Sink } from "./output.js";

/** A line on standard error that is overwritten. Nothing is written if nobody watches. */
export class Progress {
  readonly #err: Sink;
  readonly #shown: boolean;
  #line = "";

  constructor(err: Sink, wanted: boolean) {
    this.#err = err;
    this.#shown = wanted && err.isTTY;
  }

  /** Replaces the text that is shown. */
  update(text: string): void {
    if (!this.#shown) return;
    const line = oneLine(text).slice(0, this.#err.columns - 1);
    if (line === this.#line) return;
    this.#line = line;
    void this.#err.write(`\r\u001b[K${line}`);
  }

  /** Removes the line. */
  clear(): void {
    if (this.#line === "") return;
    this.#line = "";
    void this.#err.write("\r\u001b[K");
  }
}
