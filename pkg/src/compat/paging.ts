/** The results of paged methods and functions. */

import type { PageIterator } from "./types.js";

/**
 * The result of a paged method. It resolves to the first page, which iterates over itself and all pages that follow, as
 * in the official SDK. Without `await`, it iterates over every item of every page.
 */
export interface Pages<Answer, Item> extends Promise<PageIterator<Answer, { cursor: string }>>, AsyncIterable<Item> {
  /** Every page. */
  pages(): AsyncGenerator<PageIterator<Answer, { cursor: string }>, void, undefined>;
}
