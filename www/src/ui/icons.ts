/**
 * The icons of `keyturn/elements`, and those that only the console has. They accompany words, so assistive technology
 * does not need them.
 */

import { svg } from "lit";
import { iconsOf, STROKES } from "../../../pkg/src/elements/icons.js";

export type { Tone } from "../../../pkg/src/elements/icons.js";

const strokes = {
  ...STROKES,
  key: svg`<circle cx="6.6" cy="10" r="3.4"/><path d="M10 10h7.5M14.6 10v3M17.5 10v2.2"/>`,
  pause: svg`<circle cx="10" cy="10" r="7.2"/><path d="M8.2 7.4v5.2M11.8 7.4v5.2"/>`,
  search: svg`<circle cx="9" cy="9" r="5.4"/><path d="m13 13 4 4"/>`,
  plus: svg`<circle cx="10" cy="10" r="7.2"/><path d="M10 6.8v6.4M6.8 10h6.4"/>`,
  shield: svg`<path d="M10 2.8 4 5v4.6c0 3.6 2.5 6.4 6 7.6 3.5-1.2 6-4 6-7.6V5z"/>`,
};

export type IconName = keyof typeof strokes;

export const { icon, chip, note } = iconsOf(strokes);
