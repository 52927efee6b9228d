/**
 * A language that nobody speaks, made of English: every text is in brackets, a third longer, and written from right to left. What is shown
 * without brackets comes from no table, and what is cut off has no room for a language with longer words.
 */

import { EN } from "./en.js";
import type { Key, Text, Texts } from "./text.js";

/** What stands in a text for something else, and so stays as it is. */
const MARKS = /(\{\w+\}|\*\*|`[^`]*`)/;

/** A text in this language. */
export function pseudo(text: string): string {
  const words = text
    .split(MARKS)
    // The letters between what is put in run from right to left, and what is put in runs as it does.
    .map((part, at) => (at % 2 === 1 || part === "" ? part : `\u202e${part}\u202c`))
    .join("");
  const more = "~".repeat(Math.ceil(text.replaceAll(/\{\w+\}/g, "").length / 3));
  return `⟦${words.replace("←", "→")}${more}⟧`;
}

function made(text: Text): Text {
  if (typeof text === "string") return pseudo(text);
  return Object.fromEntries(Object.entries(text).map(([form, one]) => [form, pseudo(one)])) as Text;
}

export const PSEUDO = Object.fromEntries(Object.entries(EN).map(([key, text]) => [key, made(text)])) as Record<
  Key,
  Text
> satisfies Texts;
