/** The style of all elements. Pages adapt it with the custom properties `--keyturn-*`. */

import { css } from "lit";

export const theme = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host {
    --surface: var(--keyturn-surface, light-dark(#ffffff, #191d20));
    --sunken: var(--keyturn-sunken, light-dark(#f8f8f5, #14181a));
    --hover: var(--keyturn-hover, light-dark(#f0f2ef, #21272a));
    --line: var(--keyturn-line, light-dark(#e2e1da, #2c3337));
    --edge: var(--keyturn-edge, light-dark(#868a86, #778087));
    --ink: var(--keyturn-ink, light-dark(#1b2123, #e8eaea));
    --muted: var(--keyturn-muted, light-dark(#596165, #a5aeb3));
    --accent: var(--keyturn-accent, light-dark(#0b5f57, #74ccbd));
    --accent-strong: var(--keyturn-accent-strong, light-dark(#084a44, #97dccf));
    --on-accent: var(--keyturn-on-accent, light-dark(#ffffff, #07211d));
    --accent-soft: var(--keyturn-accent-soft, light-dark(#e2f0ed, #15312d));
    --good: var(--keyturn-good, light-dark(#17663a, #86d6a2));
    --good-soft: var(--keyturn-good-soft, light-dark(#e3f3e8, #15301f));
    --warn: var(--keyturn-warn, light-dark(#7a4c00, #f0c46c));
    --warn-soft: var(--keyturn-warn-soft, light-dark(#fdf0d3, #33280f));
    --bad: var(--keyturn-bad, light-dark(#a11d24, #ffa49e));
    --bad-strong: var(--keyturn-bad-strong, light-dark(#83141a, #ffbdb8));
    --on-bad: var(--keyturn-on-bad, light-dark(#ffffff, #3a0c0c));
    --bad-soft: var(--keyturn-bad-soft, light-dark(#fdeaea, #3a1b1c));
    --plain-soft: var(--keyturn-plain-soft, light-dark(#eeeeea, #262c2f));
    --radius: var(--keyturn-radius, 7px);
    --mono: var(
      --keyturn-mono,
      ui-monospace,
      "SF Mono",
      "Cascadia Mono",
      "Segoe UI Mono",
      "Roboto Mono",
      "DejaVu Sans Mono",
      monospace
    );
    display: block;
    color: var(--ink);
    font: var(--keyturn-font, 400 0.875rem/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif);
  }
  :host([theme="light"]) {
    color-scheme: light;
  }
  :host([theme="dark"]) {
    color-scheme: dark;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  h2,
  h3 {
    font-size: 1.0625rem;
    line-height: 1.25;
    letter-spacing: -0.01em;
    overflow-wrap: anywhere;
  }
  :is(h2, h3)[tabindex]:focus {
    outline: none;
  }
  a {
    color: var(--accent);
  }
  svg {
    flex: none;
  }
  :host(:dir(rtl)) svg.directed {
    transform: scaleX(-1);
  }
  code,
  .mono {
    font-family: var(--mono);
    font-size: 0.9375em;
  }
  .muted {
    color: var(--muted);
  }
  .small {
    font-size: 0.8125rem;
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.45em;
    min-height: 2rem;
    padding: 0.25rem 0.7rem;
    border: 1px solid var(--edge);
    border-radius: var(--radius);
    background: var(--surface);
    color: var(--ink);
    font: inherit;
    font-size: 0.8125rem;
    font-weight: 550;
    line-height: 1.2;
    text-decoration: none;
    cursor: pointer;
  }
  button:hover:enabled,
  .button:hover {
    background: var(--hover);
    border-color: var(--ink);
  }
  button.primary {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--on-accent);
  }
  button.primary:hover:enabled {
    background: var(--accent-strong);
    border-color: var(--accent-strong);
  }
  button.danger {
    background: var(--bad);
    border-color: var(--bad);
    color: var(--on-bad);
  }
  button.danger:hover:enabled {
    background: var(--bad-strong);
    border-color: var(--bad-strong);
  }
  button.quiet {
    border-color: transparent;
    background: transparent;
    color: var(--accent);
  }
  button.quiet:hover:enabled {
    background: var(--accent-soft);
    border-color: transparent;
  }
  button[aria-pressed="true"],
  button[aria-pressed="true"]:hover:enabled {
    background: var(--accent-soft);
    border-color: var(--accent);
    color: var(--accent);
  }
  @media (forced-colors: active) {
    button[aria-pressed="true"] {
      outline: 2px solid Highlight;
    }
  }
  button:disabled {
    cursor: not-allowed;
    background: var(--plain-soft);
    border-color: var(--line);
    color: var(--muted);
  }
  button[aria-disabled="true"] {
    cursor: progress;
  }
  input:not([type="checkbox"], [type="radio"]),
  select,
  textarea {
    width: 100%;
    min-height: 2rem;
    padding: 0.3rem 0.6rem;
    border: 1px solid var(--edge);
    border-radius: var(--radius);
    background: var(--surface);
    color: var(--ink);
    font: inherit;
  }
  input:is([type="checkbox"], [type="radio"]) {
    flex: none;
    width: 1.125rem;
    height: 1.125rem;
    margin: 0;
    accent-color: var(--accent);
  }
  .chip {
    display: inline-flex;
    align-items: center;
    gap: 0.35em;
    padding-block: 0.05rem;
    padding-inline: 0.4rem 0.5rem;
    border: 1px solid transparent;
    border-radius: 99px;
    background: var(--plain-soft);
    font-size: 0.8125rem;
    font-weight: 550;
    line-height: 1.45;
    white-space: nowrap;
  }
  .chip.good {
    background: var(--good-soft);
    color: var(--good);
  }
  .chip.warn {
    background: var(--warn-soft);
    color: var(--warn);
  }
  .chip.bad {
    background: var(--bad-soft);
    color: var(--bad);
  }
  .chip.accent {
    background: var(--accent-soft);
    color: var(--accent);
  }
  .note {
    display: flex;
    gap: 0.7rem;
    align-items: start;
    padding: 0.7rem 0.85rem;
    border: 1px solid transparent;
    border-radius: var(--radius);
    background: var(--plain-soft);
  }
  .note > svg {
    margin-top: 0.12em;
    color: var(--muted);
  }
  .note > div {
    display: grid;
    gap: 0.35rem;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .note.good {
    background: var(--good-soft);
  }
  .note.warn {
    background: var(--warn-soft);
  }
  .note.bad {
    background: var(--bad-soft);
  }
  .note.good > svg {
    color: var(--good);
  }
  .note.warn > svg {
    color: var(--warn);
  }
  .note.bad > svg {
    color: var(--bad);
  }
  .turning {
    animation: turn 1s linear infinite;
  }
  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }
  @media (forced-colors: active) {
    .chip,
    .note {
      border-color: CanvasText;
    }
    button:disabled {
      border-color: GrayText;
      color: GrayText;
    }
  }
`;
