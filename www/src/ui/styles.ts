/** The styles that all elements share. Each element has a shadow root, which adopts this one sheet. */

import { css } from "lit";

export const base = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host {
    display: block;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  h1,
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
  ul {
    list-style: none;
  }
  h1,
  h2,
  h3 {
    line-height: 1.25;
    letter-spacing: -0.01em;
    overflow-wrap: anywhere;
  }
  :is(h1, h2, h3)[tabindex]:focus {
    outline: none;
  }
  a {
    color: var(--accent);
  }
  svg {
    flex: none;
  }
  code,
  .mono {
    font-family: var(--mono);
    font-size: 0.875em;
    overflow-wrap: anywhere;
  }
  .muted {
    color: var(--muted);
  }
  .small {
    font-size: 0.8125rem;
    line-height: 1.45;
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

  button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.45em;
    min-height: 2.25rem;
    padding: 0.35rem 0.85rem;
    border: 1px solid var(--edge);
    border-radius: var(--radius-small);
    background: var(--surface);
    color: var(--ink);
    font: inherit;
    font-size: 0.875rem;
    font-weight: 550;
    line-height: 1.2;
    text-align: center;
    cursor: pointer;
    transition:
      background-color 0.12s,
      border-color 0.12s;
  }
  a.button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.45em;
    min-height: 2.25rem;
    padding: 0.35rem 0.85rem;
    border: 1px solid var(--accent);
    border-radius: var(--radius-small);
    background: var(--accent);
    color: var(--on-accent);
    font-size: 0.875rem;
    font-weight: 550;
    line-height: 1.2;
    text-decoration: none;
  }
  a.button:hover {
    background: var(--accent-strong);
  }
  button:hover:enabled {
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
    padding-inline: 0.6rem;
  }
  button.quiet:hover:enabled {
    background: var(--accent-soft);
    border-color: transparent;
  }
  button.quiet.risky {
    color: var(--bad);
  }
  button.quiet.risky:hover:enabled {
    background: var(--bad-soft);
  }
  button[aria-pressed="true"],
  button[aria-pressed="true"]:hover:enabled {
    background: var(--accent-soft);
    border-color: var(--accent);
    color: var(--accent);
  }
  button:disabled {
    cursor: not-allowed;
    background: var(--plain-soft);
    border-color: var(--line);
    color: var(--muted);
  }
  /* A busy button keeps the focus, so it is not disabled. */
  button[aria-disabled="true"] {
    cursor: progress;
  }

  label,
  .label {
    font-size: 0.875rem;
    font-weight: 550;
  }
  input:not([type="checkbox"], [type="radio"]),
  select {
    width: 100%;
    min-height: 2.5rem;
    padding: 0.45rem 0.7rem;
    border: 1px solid var(--edge);
    border-radius: var(--radius-small);
    background: var(--surface);
    color: var(--ink);
    font: inherit;
  }
  input.mono {
    font-family: var(--mono);
    font-size: 0.875rem;
  }
  input::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  :is(input, select)[aria-invalid="true"] {
    border-color: var(--bad);
  }
  select:disabled {
    cursor: not-allowed;
    background: var(--plain-soft);
    border-color: var(--line);
    color: var(--muted);
  }
  input:is([type="checkbox"], [type="radio"]) {
    flex: none;
    width: 1.125rem;
    height: 1.125rem;
    margin: 0.15rem 0 0;
    accent-color: var(--accent);
  }
  .field {
    display: grid;
    gap: 0.3rem;
  }
  .field .error {
    display: flex;
    gap: 0.4rem;
    align-items: start;
    color: var(--bad);
    font-size: 0.875rem;
  }
  .field .error svg {
    margin-top: 0.15em;
  }
  .choice {
    display: flex;
    gap: 0.6rem;
    align-items: start;
    font-weight: 400;
    padding: 0.2rem 0;
    cursor: pointer;
  }

  details > summary {
    width: fit-content;
    padding: 0.2rem 0;
    border-radius: 4px;
    color: var(--muted);
    font-size: 0.8125rem;
    cursor: pointer;
  }

  .chip {
    display: inline-flex;
    align-items: center;
    gap: 0.35em;
    padding-block: 0.1rem;
    padding-inline: 0.45rem 0.55rem;
    border: 1px solid transparent;
    border-radius: 99px;
    background: var(--plain-soft);
    color: var(--ink);
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
    padding: 0.75rem 0.9rem;
    border: 1px solid transparent;
    border-radius: var(--radius-small);
    background: var(--plain-soft);
    font-size: 0.875rem;
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
  .note.good > svg {
    color: var(--good);
  }
  .note.warn {
    background: var(--warn-soft);
  }
  .note.warn > svg {
    color: var(--warn);
  }
  .note.bad {
    background: var(--bad-soft);
  }
  .note.bad > svg {
    color: var(--bad);
  }

  .card {
    container-type: inline-size;
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    box-shadow: var(--shadow);
  }
  /* A table is aligned with the other content of its panel. */
  @container (width < 54rem) {
    .panel tbody tr {
      padding-inline: 0;
    }
  }
  .card > header {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1rem;
    align-items: baseline;
    padding: 1.05rem 1.25rem 0.9rem;
  }
  .card > header h2 {
    font-size: 1.0625rem;
  }
  .empty {
    display: grid;
    justify-items: start;
    gap: 0.75rem;
    padding: 0.25rem 1.25rem 1.4rem;
    color: var(--muted);
    max-width: 40rem;
  }
  .empty strong {
    color: var(--ink);
    font-weight: 600;
  }
  .inset {
    padding: 0.25rem 1.25rem 1.25rem;
  }
  .more {
    padding: 0.6rem 1.25rem 0.9rem;
    border-top: 1px solid var(--line);
  }

  .bones {
    display: grid;
    gap: 0.85rem;
    padding: 0.5rem 1.25rem 1.5rem;
  }
  .bones i {
    display: block;
    height: 0.9rem;
    border-radius: 4px;
    background: var(--plain-soft);
    animation: breathe 1.4s ease-in-out infinite alternate;
  }
  .bones i:nth-child(3n + 2) {
    width: 72%;
  }
  .bones i:nth-child(3n) {
    width: 86%;
  }
  @keyframes breathe {
    to {
      opacity: 0.45;
    }
  }
  .turning {
    animation: turn 1s linear infinite;
  }
  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }

  /* Tables. Where there is little room, each row becomes a block, and each cell shows its label. */
  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 0.875rem;
  }
  th,
  td {
    padding: 0.7rem 0.75rem;
    text-align: start;
    vertical-align: top;
  }
  @container (width >= 54rem) {
    :is(th, td):first-child {
      padding-inline-start: 1.25rem;
    }
    :is(th, td):last-child {
      padding-inline-end: 1.25rem;
    }
  }
  thead th {
    padding-block: 0.5rem;
    border-block: 1px solid var(--line);
    background: var(--sunken);
    color: var(--muted);
    font-size: 0.75rem;
    font-weight: 550;
    white-space: nowrap;
  }
  tbody th {
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  tbody tr + tr > * {
    border-top: 1px solid var(--line);
  }
  tbody tr:hover {
    background: var(--sunken);
  }
  td .under,
  th .under {
    display: block;
    color: var(--muted);
    font-size: 0.8125rem;
    font-weight: 400;
    line-height: 1.45;
  }
  td.actions > div {
    display: flex;
    flex-wrap: wrap;
    justify-content: end;
    gap: 0.4rem;
    margin-block: -0.45rem;
  }
  td .chip {
    margin-block: -0.15rem;
  }
  tbody th {
    min-width: 11.5rem;
  }
  td time {
    display: block;
    min-width: 6.25rem;
  }
  @container (width < 54rem) {
    table,
    tbody,
    tr,
    th,
    td {
      display: block;
    }
    thead {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
    tbody tr {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr));
      gap: 0.45rem 1rem;
      padding: 1rem 1.25rem;
      border-top: 1px solid var(--line);
    }
    tbody tr > :is(th, td),
    tbody tr + tr > :is(th, td) {
      padding: 0;
      border: 0;
    }
    tbody th,
    td.actions {
      grid-column: 1 / -1;
    }
    tbody td[data-label] {
      display: grid;
      grid-template-columns: minmax(4.5rem, 27%) minmax(0, 1fr);
      gap: 0.75rem;
    }
    tbody td[data-label]::before {
      content: attr(data-label);
      color: var(--muted);
      font-size: 0.8125rem;
      overflow-wrap: anywhere;
    }
    td.actions > div {
      flex-wrap: wrap;
      justify-content: start;
      margin-block: 0.25rem 0;
    }
    td.actions .quiet:first-child {
      margin-inline-start: -0.5rem;
    }
    .chip {
      white-space: normal;
    }
  }

  dialog {
    width: min(36rem, calc(100vw - 1.5rem));
    max-height: calc(100dvh - 1.5rem);
    padding: 0;
    border: 1px solid var(--line);
    border-radius: 14px;
    background: var(--surface);
    color: var(--ink);
    box-shadow: var(--shadow-high);
    overscroll-behavior: contain;
  }
  dialog::backdrop {
    background: rgb(10 16 18 / 55%);
  }
  dialog[open] {
    animation: rise 0.16s ease-out;
  }
  @keyframes rise {
    from {
      opacity: 0;
      translate: 0 8px;
    }
  }
  .sheet {
    display: grid;
    gap: 1.1rem;
    padding: 1.4rem 1.5rem 1.5rem;
  }
  .sheet > .head {
    display: grid;
    gap: 0.2rem;
  }
  .sheet > .head h2 {
    font-size: 1.1875rem;
  }
  .sheet form {
    display: grid;
    gap: 1.1rem;
  }
  .sheet .foot {
    display: flex;
    flex-wrap: wrap;
    justify-content: end;
    gap: 0.6rem;
    padding-top: 0.3rem;
  }
  .points {
    display: grid;
    gap: 0.8rem;
  }
  .points > li {
    display: flex;
    gap: 0.75rem;
    align-items: start;
  }
  .points > li > svg {
    margin-top: 0.2em;
    color: var(--accent);
  }
  ol.steps {
    display: grid;
    gap: 0.5rem;
    padding-inline-start: 1.4rem;
  }
  dl.facts {
    display: grid;
    grid-template-columns: max-content 1fr;
    gap: 0.45rem 1.25rem;
    font-size: 0.875rem;
  }
  dl.facts dt {
    color: var(--muted);
  }
  dl.facts dd {
    min-width: 0;
    overflow-wrap: anywhere;
  }

  @media (width < 30rem) {
    .sheet {
      padding: 1.15rem 1.1rem 1.25rem;
    }
    .sheet .foot button {
      flex: 1 1 auto;
    }
    dl.facts {
      grid-template-columns: 1fr;
      gap: 0;
    }
    dl.facts dd + dt {
      margin-top: 0.5rem;
    }
    .card > header,
    .empty,
    .inset,
    .more,
    .bones,
    tbody tr {
      padding-inline: 1rem;
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
    .note,
    .bones i {
      border: 1px solid CanvasText;
    }
    .card,
    dialog {
      border-color: CanvasText;
    }
    button[aria-pressed="true"] {
      outline: 2px solid Highlight;
    }
    button:disabled {
      border-color: GrayText;
      color: GrayText;
    }
    svg {
      forced-color-adjust: auto;
    }
  }
`;
