/** `keyturn/elements/texts`: the texts of the elements, by language. */

import { ENGLISH, type Text } from "./english.js";

export type { Plural, Text } from "./english.js";

/** A key of {@link ElementTexts}. */
export type TextKey = keyof typeof ENGLISH;

/** The texts of the elements, by key. */
export type ElementTexts = Readonly<Record<TextKey, Text>>;

/** The texts in English, for a translation to start from. */
export const english: ElementTexts = ENGLISH;

const tables = new Map<string, ElementTexts>([["en", english]]);
const watching = new Set<() => void>();

/**
 * Sets the texts of a language: every element whose nearest `lang` attribute names that language shows them, also those that are on the page
 * already. Keys that are left out keep their text, or have the English one. The property `texts` of an element sets texts of that element
 * alone.
 *
 * ```ts
 * useElementTexts({ "column.owner": "Team" });
 * useElementTexts({ "timeline.today": "Aujourd’hui", "rotate.close": "Fermer" }, "fr");
 * ```
 *
 * @param language A language tag. Default: `"en"`. The texts of `de` are those of `de-AT` too, unless that has its own.
 */
export function useElementTexts(texts: Partial<ElementTexts>, language = "en"): void {
  const tag = language.toLowerCase();
  tables.set(tag, { ...(tables.get(tag) ?? english), ...texts });
  for (const changed of watching) changed();
}

/** The texts for a language tag, and the tag to format dates and numbers by. English if there are none. @internal */
export function closest(language: string): readonly [tag: string, texts: ElementTexts] {
  for (let tag = language.toLowerCase(); tag !== ""; tag = tag.slice(0, Math.max(0, tag.lastIndexOf("-")))) {
    const texts = tables.get(tag);
    if (texts) return [language, texts];
  }
  return ["en", tables.get("en") ?? english];
}

/** Calls a function whenever texts change, until the function that it returns is called. @internal */
export function watchTexts(changed: () => void): () => void {
  watching.add(changed);
  return () => void watching.delete(changed);
}
