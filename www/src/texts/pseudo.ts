/**
 * A pseudo-language made from English: every text is in brackets, a third longer, and written from right to left. Text
 * without brackets comes from no table, and text that is cut off has no room for a language with longer words.
 */

import { EN } from "./en.js";
import type { Text, Texts } from "./text.js";

/** Placeholders and markup in a text, which stay as they are. */
const MARKS = /(\{\w+\}|\*\*|`[^`]*`)/;

/** Returns a table of texts in the pseudo-language. */
export function pseudo<Table extends Readonly<Record<string, Text>>>(table: Table): Record<keyof Table, Text> {
  const texts = Object.entries(table).map(([key, text]) => [key, typeof text === "string" ? said(text) : forms(text)]);
  return Object.fromEntries(texts) as Record<keyof Table, Text>;
}

function forms(text: Exclude<Text, string>): Text {
  return Object.fromEntries(Object.entries(text).map(([form, one]) => [form, said(one)])) as Text;
}

function said(text: string): string {
  const words = text
    .replace("←", "→")
    .split(MARKS)
    // Every other part is a mark. The letters between marks run from right to left.
    .map((part, at) => (at % 2 === 1 || part === "" ? part : `\u202e${part}\u202c`));
  // Padding in pieces as long as words, so that lines can break between them.
  const longer = "~".repeat(Math.ceil(text.replaceAll(/\{\w+\}/g, "").length / 3)).replaceAll(/~{6}(?=~)/g, "$& ");
  return `⟦${words.join("")}${longer}⟧`;
}

export const PSEUDO: Texts = pseudo(EN);
