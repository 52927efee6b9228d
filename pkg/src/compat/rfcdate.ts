/** The official SDK's date without a time. */

const FULL_DATE = /^\d{4}-\d{2}-\d{2}$/;

/** A date without a time, as RFC 3339 writes it: `2026-01-31`. */
export class RFCDate {
  readonly #text: string;

  /** Today's date, in UTC. */
  static today(): RFCDate {
    return new RFCDate(new Date());
  }

  /**
   * Creates a date from its text, or the UTC date of a `Date`.
   *
   * @throws `RangeError` if the text is not `YYYY-MM-DD`, or the `Date` is invalid or has a year of more than four
   *   digits.
   */
  constructor(date: Date | string) {
    const text = typeof date === "string" ? date : date.toISOString().split("T", 1)[0];
    if (text === undefined || !FULL_DATE.test(text)) throw new RangeError(`RFCDate: ${text} is not YYYY-MM-DD`);
    this.#text = text;
  }

  toJSON(): string {
    return this.#text;
  }

  toString(): string {
    return this.#text;
  }
}
