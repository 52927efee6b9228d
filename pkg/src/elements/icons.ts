/** Icons: strokes of 1.6 on a grid of 20. They accompany words, so they are hidden from assistive technology. */

import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";

/** The strokes of each icon. */
export const STROKES = {
  check: svg`<circle cx="10" cy="10" r="7.2"/><path d="m6.8 10.3 2.2 2.2 4.2-4.8"/>`,
  clock: svg`<circle cx="10" cy="10" r="7.2"/><path d="M10 5.8V10l2.8 1.9"/>`,
  cross: svg`<circle cx="10" cy="10" r="7.2"/><path d="m7.5 7.5 5 5m0-5-5 5"/>`,
  barred: svg`<circle cx="10" cy="10" r="7.2"/><path d="m5 5 10 10"/>`,
  question: svg`<circle cx="10" cy="10" r="7.2"/><path d="M7.9 7.9a2.1 2.1 0 1 1 3 1.9c-.6.3-.9.7-.9 1.4"/><path d="M10 13.9v.01"/>`,
  warning: svg`<path d="M10 3.2 2.6 16.2h14.8z"/><path d="M10 8v3.8M10 14v.01"/>`,
  info: svg`<circle cx="10" cy="10" r="7.2"/><path d="M10 9.4v4M10 6.5v.01"/>`,
  sync: svg`<path d="M16.4 8.4A6.8 6.8 0 0 0 4.2 6.7M3.6 11.6a6.8 6.8 0 0 0 12.2 1.7"/><path d="M4 3.4v3.5h3.5M16 16.6v-3.5h-3.5"/>`,
  dash: svg`<circle cx="10" cy="10" r="7.2" stroke-dasharray="2.4 2.6"/>`,
  up: svg`<path d="m5.5 12 4.5-4.5 4.5 4.5"/>`,
  down: svg`<path d="m5.5 8 4.5 4.5L14.5 8"/>`,
  left: svg`<path d="M12 5.5 7.5 10l4.5 4.5"/>`,
  right: svg`<path d="m8 5.5 4.5 4.5L8 14.5"/>`,
  plus: svg`<path d="M10 5v10M5 10h10"/>`,
  minus: svg`<path d="M5 10h10"/>`,
  copy: svg`<rect x="7" y="7" width="9.5" height="9.5" rx="2"/><path d="M13 7V5.5a2 2 0 0 0-2-2H5.5a2 2 0 0 0-2 2V11a2 2 0 0 0 2 2H7"/>`,
  eye: svg`<path d="M2.2 10S5 4.8 10 4.8 17.8 10 17.8 10 15 15.2 10 15.2 2.2 10 2.2 10z"/><circle cx="10" cy="10" r="2.3"/>`,
  eyeOff: svg`<path d="M8 5c.6-.1 1.3-.2 2-.2 5 0 7.8 5.2 7.8 5.2s-.8 1.5-2.3 2.9M5.2 6.3C3.2 7.8 2.2 10 2.2 10S5 15.2 10 15.2c1.6 0 3-.5 4.1-1.2M3 3l14 14"/>`,
  save: svg`<path d="M10 3.5v9m-3.6-3.6L10 12.5l3.6-3.6M4 16.2h12"/>`,
} as const;

export type IconName = keyof typeof STROKES;

/** Icons that point along a line of text, and are therefore mirrored in right-to-left text. */
const DIRECTED: ReadonlySet<string> = new Set<IconName>(["left", "right"]);

/** The severity of a state. */
export type Tone = "good" | "warn" | "bad" | "plain" | "accent";

/** Returns the functions that draw with a table of icons. */
export function iconsOf<Name extends string>(strokes: Readonly<Record<Name, SVGTemplateResult>>) {
  /** Draws an icon in the colour of the text. */
  const icon = (name: Name, size = 16, kind = ""): TemplateResult => html`<svg
    class="${kind} ${DIRECTED.has(name) ? "directed" : ""}"
    width=${size}
    height=${size}
    viewBox="0 0 20 20"
    fill="none"
    stroke="currentColor"
    stroke-width="1.6"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${strokes[name]}
  </svg>`;

  /** Renders a state: an icon and a word, in a colour that adds no information. The icon spins during an activity. */
  const chip = (tone: Tone, name: Name, word: string, turning = false): TemplateResult =>
    html`<span class="chip ${tone}">${icon(name, 14, turning ? "turning" : "")}${word}</span>`;

  /** Renders a highlighted notice. */
  const note = (tone: Tone, name: Name, content: unknown): TemplateResult =>
    html`<div class="note ${tone}">${icon(name, 18)}<div>${content}</div></div>`;

  return { icon, chip, note };
}

export const { icon, chip, note } = iconsOf(STROKES);
