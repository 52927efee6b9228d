/**
 * A language that nobody speaks, made of English: every text is in brackets, a third longer, and written from right to left. What is shown
 * without brackets comes from no table, and what is cut off leaves no room for a language with longer words.
 */

import { EN } from "./en.js";
import type { Text, Texts } from "./text.js";

/** What stands in a text for something else, and so stays as it is. */
const MARKS = /(\{\w+\}|\*\*|`[^`]*`)/;

/** A table of texts in this language. */
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
    // Every other part is a mark. The letters between them run from right to left.
    .map((part, at) => (at % 2 === 1 || part === "" ? part : `\u202e${part}\u202c`));
  // In pieces as long as words: lines may break between them.
  const longer = "~".repeat(Math.ceil(text.replaceAll(/\{\w+\}/g, "").length / 3)).replaceAll(/~{6}(?=~)/g, "$& ");
  return `⟦${words.join("")}${longer}⟧`;
}

export const PSEUDO: Texts = pseudo(EN);
