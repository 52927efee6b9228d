/** What methods and functions that page return. */

import type { PageIterator } from "./types.js";

/**
 * What a method that pages returns. Awaited it is the first page, which iterates over this page and all that follow, as in the
 * official SDK. Not awaited it iterates over every item of every page.
 */
export interface Pages<Answer, Item> extends Promise<PageIterator<Answer, { cursor: string }>>, AsyncIterable<Item> {
  /** Every page. */
  pages(): AsyncGenerator<PageIterator<Answer, { cursor: string }>, void, undefined>;
}
