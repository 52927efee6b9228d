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
 * Sets the texts of a language. Every element whose nearest `lang` attribute names that language shows them, including
 * elements that are already on the page. Keys that are left out keep their text, or have the English one. To set the
 * texts of one element, use its property `texts`.
 *
 * ```ts
 * useElementTexts({ "column.owner": "Team" });
 * useElementTexts({ "timeline.today": "Aujourd’hui", "rotate.close": "Fermer" }, "fr");
 * ```
 *
 * @param language A language tag. Default: `"en"`. The texts of `de` also apply to `de-AT`, unless that has its own.
 */
export function useElementTexts(texts: Partial<ElementTexts>, language = "en"): void {
  const tag = language.toLowerCase();
  tables.set(tag, { ...(tables.get(tag) ?? english), ...texts });
  for (const changed of watching) changed();
}

/** Returns the texts for a language tag, and the tag for dates and numbers; English if there are none. @internal */
export function closest(language: string): readonly [tag: string, texts: ElementTexts] {
  for (let tag = language.toLowerCase(); tag !== ""; tag = tag.slice(0, Math.max(0, tag.lastIndexOf("-")))) {
    const texts = tables.get(tag);
    if (texts) return [language, texts];
  }
  return ["en", tables.get("en") ?? english];
}

/** Calls a function whenever texts change, until the returned function is called. @internal */
export function watchTexts(changed: () => void): () => void {
  watching.add(changed);
  return () => void watching.delete(changed);
}
